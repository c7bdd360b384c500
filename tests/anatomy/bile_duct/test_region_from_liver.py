"""Where to look for the bile duct, from liver and pancreas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_abdoseg.anatomy.bile_duct import RegionNotFoundError, bile_duct_region
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap

LIVER, PANCREAS = 1, 4
SPACING = (4.0, 4.0, 4.0)


def _body(fissure: bool = True) -> LabelMap:
    """A liver with a fissure that opens to the left, and a pancreas below it."""
    data = np.zeros((50, 50, 70), np.uint8)
    z, y, x = np.ogrid[:50, :50, :70]
    data[((z - 32) / 15) ** 2 + ((y - 24) / 16) ** 2 + ((x - 22) / 18) ** 2 <= 1] = LIVER
    if fissure:
        data[28:34, 20:27, 22:] = 0
    data[12:20, 22:29, 32:60] = PANCREAS
    return LabelMap(data, Grid.from_spacing(data.shape, SPACING), ABDOMINAL_ORGANS)


@pytest.fixture(scope="module")
def body() -> LabelMap:
    return _body()


def _with(labels: LabelMap, data) -> LabelMap:
    return LabelMap(data, labels.grid, labels.organs)


def _whole(region, labels) -> np.ndarray:
    mask = np.zeros(labels.grid.shape, bool)
    mask[region.box.slices] = region.mask
    return mask


def test_it_holds_the_fissure_the_way_and_the_head(body):
    region = _whole(bile_duct_region(body), body)
    assert region[30, 23, 34:38].all()
    assert region[12:20, 22:29, 32:40].all()
    assert region[20:28, 24, 39].all()


def test_it_holds_neither_the_inside_of_the_liver_nor_the_tail_of_the_pancreas(body):
    region = _whole(bile_duct_region(body), body)
    core = ndimage.binary_erosion(body.data == LIVER, iterations=4)
    assert not (region & core).any()
    assert not region[:, :, 48:].any()


def test_its_box_is_the_tightest(body):
    region = bile_duct_region(body)
    assert region.mask.shape == tuple(np.subtract(region.box.stop, region.box.start))
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        assert region.mask.any(axis=others)[[0, -1]].all()


def test_fragments_of_the_pancreas_do_not_lead_it_astray(body):
    data = body.data.copy()
    data[2:4, 5:7, 5:7] = PANCREAS
    expected = bile_duct_region(body)
    assert bile_duct_region(_with(body, data)).box == expected.box


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(each, marks=pytest.mark.slow) for each in (1, 2))]
)
@pytest.mark.parametrize("change", [ndimage.grey_erosion, ndimage.grey_dilation])
def test_a_liver_that_is_a_voxel_off_moves_it_little(seed, change):
    _, truth = make_phantom(seed, (4.0, 4.0, 4.0))
    expected = _whole(bile_duct_region(truth), truth)
    changed = change((truth.data == LIVER).astype(np.uint8), size=3) > 0
    data = np.where(truth.data == LIVER, 0, truth.data)
    data[changed & (data == 0)] = LIVER
    found = _whole(bile_duct_region(_with(truth, data)), truth)
    assert 2 * (expected & found).sum() / (expected.sum() + found.sum()) > 0.6


@pytest.mark.parametrize("orientation", ["RAS", "LPS", "SAR", "PIR"])
def test_a_scan_in_any_orientation_has_the_same_region(orientation):
    regions = []
    for stored in ("LPS", orientation):
        _, truth = make_phantom(1, (4.0, 4.0, 4.0), stored)
        regions.append((bile_duct_region(truth).box.ras_bounds(truth.grid), stored))
    (expected, _), (found, _) = regions
    np.testing.assert_allclose(found, expected)


def test_thin_slices_have_about_the_same_region(body):
    fine = np.repeat(body.data, 4, axis=0)
    grid = Grid.from_spacing(fine.shape, (1.0, 4.0, 4.0), (-1.5, 0, 0))
    region = bile_duct_region(LabelMap(fine, grid, body.organs))
    expected = np.array(bile_duct_region(body).box.ras_bounds(body.grid))
    found = np.array(region.box.ras_bounds(grid))
    assert np.abs(found - expected).max() <= 6


def test_a_real_scan(real_data):
    """The porta hepatis, the ligament and the head of that patient, as seen on its CT."""
    labels = read_labels(real_data / "abdomen_labels.nii.gz", ABDOMINAL_ORGANS)
    region = _whole(bile_duct_region(labels), labels)
    for place in ((18, 41, 47), (16, 41, 52), (14, 40, 52), (7, 38, 58), (4, 38, 57)):
        assert region[place], place
    assert region.sum() * labels.grid.voxel_volume < 200


@pytest.mark.parametrize("organ", ["liver", "pancreas"])
def test_an_organ_that_is_missing(body, organ):
    value = LIVER if organ == "liver" else PANCREAS
    data = np.where(body.data == value, 0, body.data)
    with pytest.raises(RegionNotFoundError, match=f"no {organ}"):
        bile_duct_region(_with(body, data))


def test_a_speck_of_liver_that_the_coarse_grid_misses(body):
    data = np.repeat(np.repeat(np.repeat(body.data == PANCREAS, 4, 0), 4, 1), 4, 2) * PANCREAS
    data[129, 99, 81] = LIVER
    labels = LabelMap(data, Grid.from_spacing(data.shape, (1.0, 1.0, 1.0)), body.organs)
    with pytest.raises(RegionNotFoundError, match="no liver"):
        bile_duct_region(labels)


def test_a_model_that_knows_no_pancreas(body):
    labels = LabelMap(body.data, body.grid, body.organs[:3])
    with pytest.raises(RegionNotFoundError, match="no pancreas"):
        bile_duct_region(labels)


def _cut(labels: LabelMap, slices: slice) -> LabelMap:
    data = labels.data[slices]
    return LabelMap(data, Grid.from_spacing(data.shape, SPACING), labels.organs)


def test_a_scan_that_ends_within_the_head(body):
    with pytest.raises(RegionNotFoundError, match="further down"):
        bile_duct_region(_cut(body, slice(15, None)))


def test_a_scan_that_ends_within_the_porta_hepatis(body):
    with pytest.raises(RegionNotFoundError, match="further up"):
        bile_duct_region(_cut(body, slice(0, 31)))


def test_a_scan_that_ends_within_the_dome_of_the_liver_is_long_enough(body):
    assert bile_duct_region(_cut(body, slice(0, 42))).mask.any()


def test_a_liver_without_a_fissure():
    with pytest.raises(RegionNotFoundError, match="porta hepatis"):
        bile_duct_region(_body(fissure=False))


def test_a_pancreas_of_a_few_voxels():
    grid = Grid.from_spacing((40, 200, 200), (4.0, 0.8, 0.8))
    data = np.zeros(grid.shape, np.uint8)
    data[25:35, 50:150, 20:120] = LIVER
    data[11, 101, 101] = PANCREAS
    with pytest.raises(RegionNotFoundError, match="too small"):
        bile_duct_region(LabelMap(data, grid, ABDOMINAL_ORGANS))


def test_a_pancreas_in_many_pieces(body):
    data = np.where(body.data == PANCREAS, 0, body.data)
    data[2:20:3, 22:49:3, 40:68:3] = PANCREAS
    with pytest.raises(RegionNotFoundError, match="too small pieces"):
        bile_duct_region(_with(body, data))


@pytest.mark.parametrize("axes", [(2,), (0,), (0, 1), (1, 2), (0, 2), (0, 1, 2)])
def test_a_body_that_is_mirrored_or_turned(axes):
    _, truth = make_phantom(2, (4.0, 4.0, 4.0))
    with pytest.raises(RegionNotFoundError, match=r"upside down|mirrored"):
        bile_duct_region(_with(truth, np.flip(truth.data, axes).copy()))


def test_it_says_what_it_was_found_by(body):
    region = bile_duct_region(body)
    assert region.landmarks == ("liver", "pancreas")
    assert "never measured" in region.words
