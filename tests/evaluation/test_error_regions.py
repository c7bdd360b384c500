"""Regions that are wrong, and how deep they go."""

from __future__ import annotations

from math import inf, sqrt

import numpy as np
import pytest
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.errors import ImageError
from napari_abdoseg.evaluation.error_regions import ErrorKind, error_regions
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.volume import LabelMap

LIVER, _, SPLEEN, _ = ABDOMINAL_ORGANS
SPACING = (5.0, 1.0, 2.0)


def label_map(data) -> LabelMap:
    return LabelMap(data, Grid.from_spacing(data.shape, SPACING), ABDOMINAL_ORGANS)


@pytest.fixture
def truth():
    data = np.zeros((10, 20, 30), np.uint8)
    data[3:7, 5:12, 4:20] = LIVER.value
    return label_map(data)


def test_there_are_none_between_equals(truth):
    assert error_regions(truth, truth) == ()


def test_each_region_has_its_size_depth_and_place(truth):
    data = truth.data.copy()
    data[4, 8, 20:24] = LIVER.value
    data[3:7, 5, 4:20] = 0
    data[0, 19, 0] = LIVER.value
    missed, spike, island = error_regions(label_map(data), truth)
    assert {region.organ for region in (missed, spike, island)} == {LIVER}
    assert missed.kind is ErrorKind.FALSE_NEGATIVE
    assert missed.volume_ml == pytest.approx(4 * 16 * 10 / 1000)
    assert missed.depth_mm == 1
    assert missed.box == Box((3, 5, 4), (7, 6, 20))
    assert spike.kind is ErrorKind.FALSE_POSITIVE
    assert spike.depth_mm == 8
    assert spike.deepest == (4, 8, 23)
    assert spike.box == Box((4, 8, 20), (5, 9, 24))
    assert island.depth_mm == pytest.approx(sqrt(15**2 + 8**2 + 8**2))
    assert island.deepest == (0, 19, 0)


def test_voxels_that_share_a_corner_are_one_region(truth):
    data = truth.data.copy()
    data[7, 12, 20] = data[8, 13, 21] = LIVER.value
    (region,) = error_regions(label_map(data), truth)
    assert region.box == Box((7, 12, 20), (9, 14, 22))


def test_an_organ_for_another_is_an_error_of_both(truth):
    data = truth.data.copy()
    data[data > 0] = SPLEEN.value
    liver, spleen = sorted(error_regions(label_map(data), truth), key=lambda each: each.organ)
    assert (liver.organ, liver.kind) == (LIVER, ErrorKind.FALSE_NEGATIVE)
    assert (spleen.organ, spleen.kind) == (SPLEEN, ErrorKind.FALSE_POSITIVE)
    assert liver.depth_mm == spleen.depth_mm == inf
    assert liver.box == spleen.box


def test_two_grids_are_a_clear_error(truth):
    with pytest.raises(ImageError, match="not on one grid"):
        error_regions(truth, label_map(np.zeros((10, 20, 31), np.uint8)))


def test_depth_is_that_of_the_deepest_voxel(truth):
    random = np.random.default_rng(0)
    shape = (20, 40, 30)
    noise = ndimage.gaussian_filter(random.standard_normal((2, *shape)), (0, 2, 2, 2))
    found, real = (label_map((part > 0).astype(np.uint8)) for part in noise)
    regions = error_regions(found, real)
    assert len(regions) > 5
    for region in regions:
        of, other = (found, real) if region.kind is ErrorKind.FALSE_POSITIVE else (real, found)
        depths = ndimage.distance_transform_edt(other.data == 0, sampling=SPACING)
        labels, _ = ndimage.label((of.data == 1) & (other.data == 0), np.ones((3, 3, 3)))
        own = labels == labels[region.deepest]
        assert region.depth_mm == pytest.approx(depths[own].max())
        assert depths[region.deepest] == pytest.approx(region.depth_mm)
