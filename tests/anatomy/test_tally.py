"""Measures that follow edits."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdoseg.anatomy import box as box_module
from napari_abdoseg.anatomy.measure import measure_organs
from napari_abdoseg.anatomy.tally import Edit, Tally
from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.volume import LabelMap, Volume

SHAPE = (12, 14, 16)
GRID = Grid.from_spacing(SHAPE, (3.0, 0.8, 0.7), orientation="RAS")


def _labels(data) -> LabelMap:
    return LabelMap(data, GRID, ABDOMINAL_ORGANS)


@pytest.fixture
def scan() -> Volume:
    hu = np.random.default_rng(1).integers(-200, 300, GRID.stored_shape).astype(np.int16)
    return Volume(GRID.to_screen(hu), GRID)


def _assert_equal(tally, data, scan):
    expected = measure_organs(_labels(data), scan)
    found = tally.measures()
    assert list(found) == list(expected)
    for organ, measures in expected.items():
        assert found[organ].box == measures.box
        assert found[organ].voxels == measures.voxels
        assert found[organ].volume_ml == measures.volume_ml
        assert found[organ].touches_edge == measures.touches_edge
        assert found[organ].mean_hu == (
            None if scan is None else pytest.approx(measures.mean_hu, rel=1e-9, abs=1e-9)
        )


def _edit(data, rng) -> Edit:
    """Give a random block of voxels a random value, and say what that changed."""
    start = rng.integers(0, SHAPE)
    block = tuple(slice(a, a + rng.integers(1, 8)) for a in start)
    mask = np.zeros(SHAPE, bool)
    mask[block] = True
    where = np.nonzero(mask & (rng.random(SHAPE) < 0.8))
    after = np.full(len(where[0]), rng.integers(0, 6), data.dtype)
    edit = Edit(where, data[where], after)
    data[where] = after
    return edit


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("with_scan", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_after_any_edits_it_is_as_if_measured_anew(dtype, with_scan, seed, scan):
    rng = np.random.default_rng(seed)
    data = GRID.to_screen(np.zeros(GRID.stored_shape, dtype))
    volume = scan if with_scan else None
    tally = Tally(_labels(data), volume)
    edits = []
    for _ in range(40):
        edits.append(_edit(data, rng))
        tally.apply(edits[-1])
        _assert_equal(tally, data, volume)
    for edit in reversed(edits):
        data[edit.where] = edit.before
        tally.apply(edit.reverted)
        _assert_equal(tally, data, volume)
    assert tally.measures() == {}


def test_a_fresh_tally_of_a_phantom(phantom):
    volume, truth = phantom
    assert Tally(truth, volume).measures() == pytest.approx(measure_organs(truth, volume))


def test_it_does_not_depend_on_how_the_volume_is_cut_into_slabs(phantom, monkeypatch):
    _, truth = phantom
    whole = Tally(truth).measures()
    monkeypatch.setattr(box_module, "SLAB_VOXELS", 1)
    assert Tally(truth).measures() == whole


def test_an_organ_that_is_erased_is_gone():
    data = np.zeros(SHAPE, np.uint8)
    data[3:5, 4:6, 7:9] = 2
    tally = Tally(_labels(data))
    where = np.nonzero(data)
    tally.apply(Edit(where, data[where], np.zeros(len(where[0]), np.uint8)))
    assert tally.measures() == {}


def test_a_scan_of_another_shape(scan):
    other = Grid.from_spacing((3, 4, 5), (1, 1, 1))
    labels = LabelMap(np.zeros((3, 4, 5), np.uint8), other, ABDOMINAL_ORGANS)
    with pytest.raises(ImageError, match="same scan"):
        Tally(labels, scan)
