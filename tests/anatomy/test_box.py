"""Bounding boxes in voxels, in mm and in the file's own order."""

from __future__ import annotations

from itertools import permutations, product

import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from napari_abdoseg.anatomy import box as box_module
from napari_abdoseg.anatomy.box import Box, bounding_boxes, shifted_box
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ
from napari_abdoseg.image.volume import LabelMap

ORIENTATIONS = [
    "".join(codes) for axes in permutations(("LR", "PA", "SI")) for codes in product(*axes)
]
BOX = Box((2, 3, 5), (4, 8, 6))
GRID = Grid.from_spacing((7, 9, 11), (5.0, 0.8, 0.7), (100.0, -20.0, 3.0))


def test_boxes_of_a_phantom_are_the_tightest(phantom):
    _, labels = phantom
    boxes = bounding_boxes(labels)
    assert list(boxes) == list(ABDOMINAL_ORGANS)
    for organ, box in boxes.items():
        voxels = np.argwhere(labels.data == organ.value)
        assert box.start == tuple(voxels.min(axis=0))
        assert box.stop == tuple(voxels.max(axis=0) + 1)


def test_boxes_do_not_depend_on_how_the_volume_is_cut_into_slabs(phantom, monkeypatch):
    _, labels = phantom
    whole = bounding_boxes(labels)
    monkeypatch.setattr(box_module, "SLAB_VOXELS", 3 * labels.data[0].size)
    assert bounding_boxes(labels) == whole


@pytest.mark.parametrize("axes", list(permutations(range(3))), ids=str)
def test_speckled_labels_have_the_boxes_that_scipy_finds(axes):
    random = np.random.default_rng(0)
    organs = tuple(Organ(value, f"organ {value}") for value in range(1, 6))
    for share in (0, 0.02, 0.4, 1):
        data = (random.integers(0, 6, (6, 5, 7)) * (random.random((6, 5, 7)) < share)).astype(
            np.uint8
        )
        data = data.transpose(axes)
        labels = LabelMap(data, Grid.from_spacing(data.shape, (1.0, 1.0, 1.0)), organs)
        places = zip(organs, ndimage.find_objects(data), strict=False)
        expected = {organ: shifted_box(place, (0, 0, 0)) for organ, place in places if place}
        assert bounding_boxes(labels) == expected


def test_only_organs_that_are_there_have_a_box():
    data = np.zeros(GRID.shape, np.uint8)
    data[3, 4, 5] = 2
    data[1, 1, 1] = 9
    liver, kidney = Organ(1, "liver"), Organ(2, "kidney")
    assert bounding_boxes(LabelMap(data, GRID, (liver, kidney))) == {
        kidney: Box((3, 4, 5), (4, 5, 6))
    }
    assert bounding_boxes(LabelMap(data * 0, GRID, (liver, kidney))) == {}


def test_size_and_centre_are_in_mm():
    assert BOX.size(GRID) == pytest.approx((10.0, 4.0, 0.7))
    assert BOX.centre(GRID) == pytest.approx((112.5, -16.0, 6.5))


@pytest.mark.parametrize(
    ("start", "stop", "touches"),
    [
        ((1, 1, 1), (6, 8, 10), False),
        ((0, 1, 1), (6, 8, 10), True),
        ((1, 1, 1), (6, 9, 10), True),
        ((1, 1, 0), (6, 8, 10), True),
    ],
)
def test_touching_the_edge_of_the_scan(start, stop, touches):
    assert Box(start, stop).touches_edge(GRID) is touches


def _ras_bounds_by_nibabel(grid: Grid, box: Box) -> tuple[np.ndarray, np.ndarray]:
    """Corners of every voxel of the box, put through the file's affine."""
    mask = np.zeros(grid.shape, bool)
    mask[box.slices] = True
    voxels = np.argwhere(grid.to_stored(mask))
    corners = np.concatenate([voxels + shift for shift in product((-0.5, 0.5), repeat=3)])
    world = nib.affines.apply_affine(grid.affine, corners)
    return world.min(axis=0), world.max(axis=0)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_bounds_in_all_orientations(orientation):
    grid = Grid.from_spacing((7, 9, 11), (5.0, 0.8, 0.7), (100.0, -20.0, 3.0), orientation)
    assert grid.axis_codes == orientation
    np.testing.assert_allclose(BOX.ras_bounds(grid), _ras_bounds_by_nibabel(grid, BOX))
    mask = np.zeros(grid.shape, bool)
    mask[BOX.slices] = True
    stored = np.argwhere(grid.to_stored(mask))
    start, stop = BOX.stored_bounds(grid)
    assert start == tuple(stored.min(axis=0))
    assert stop == tuple(stored.max(axis=0) + 1)


def test_bounds_of_an_oblique_scan():
    turn = nib.eulerangles.euler2mat(0.2, -0.1, 0.3)
    affine = nib.affines.from_matvec(turn @ np.diag([0.7, -0.8, 5.0]), (10, 20, -30))
    grid = Grid((11, 9, 7), affine)
    np.testing.assert_allclose(BOX.ras_bounds(grid), _ras_bounds_by_nibabel(grid, BOX))


def test_what_two_boxes_have_in_common():
    box = Box((1, 2, 3), (5, 6, 7))
    assert box.common(Box((3, 0, 4), (9, 4, 5))) == Box((3, 2, 4), (5, 4, 5))
    assert box.common(Box((5, 2, 3), (6, 6, 7))) is None
