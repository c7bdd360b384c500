"""Scores on a grid whose axes are not at right angles, as with a tilted gantry."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import cdist
from skimage.measure import marching_cubes, mesh_surface_area

from napari_abdoseg.evaluation.comparison import Comparison
from napari_abdoseg.evaluation.error_regions import error_regions
from napari_abdoseg.evaluation.organ_scores import score_organs
from napari_abdoseg.evaluation.surface_distance import SurfaceDistances
from napari_abdoseg.evaluation.surfels import find_surfels
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

TILT = np.radians(25)
SHAPE = (20, 24, 22)
LIVER = Organ(1, "liver")


@pytest.fixture
def grid() -> Grid:
    affine = np.diag([-1.0, -1.5, 2.0, 1.0])
    affine[1, 2] = 2 * np.tan(TILT)
    return Grid(SHAPE[::-1], affine)


def ball(centre, radius):
    places = np.moveaxis(np.indices(SHAPE), 0, -1) - np.array(centre)
    return np.linalg.norm(places, axis=-1) < radius


def label_maps(grid, one, other):
    return (LabelMap(mask.astype(np.uint8), grid, (LIVER,)) for mask in (one, other))


def test_distances_are_those_in_space(grid):
    one, other = ball((9, 12, 10), 7), ball((11, 9, 11), 5)
    ours = SurfaceDistances.between(*(find_surfels(mask, grid.lattice) for mask in (one, other)))
    corners = [
        np.argwhere(find_surfels(mask, grid.lattice).passes) @ np.array(grid.lattice).T
        for mask in (one, other)
    ]
    expected = cdist(*corners)
    np.testing.assert_allclose(ours.forth, expected.min(axis=1), atol=1e-9)
    np.testing.assert_allclose(ours.back, expected.min(axis=0), atol=1e-9)


def test_areas_are_those_of_the_surface_in_space(grid):
    mask = ball((9, 12, 10), 7)
    vertices, faces, *_ = marching_cubes(np.pad(mask, 1).astype(float), 0.5, method="lorensen")
    area = mesh_surface_area(vertices @ np.array(grid.lattice).T, faces)
    assert find_surfels(mask, grid.lattice).areas.sum() == pytest.approx(area, rel=1e-5)


def test_a_shift_along_the_tilted_axis_is_as_long_as_it_is(grid):
    one = ball((9, 12, 10), 6)
    (score,) = score_organs(*label_maps(grid, np.roll(one, 3, axis=0), one))
    voxel_ml = 1.0 * 1.5 * 2.0 / 1000
    assert score.volume_reference_ml == pytest.approx(np.count_nonzero(one) * voxel_ml)
    assert score.volume_prediction_ml == score.volume_reference_ml
    away = np.linalg.norm(np.array(grid.lattice)[:, 0]) * 3
    assert away > 6.5
    assert 0.6 * away < score.hd95_mm < away


def test_error_regions_follow_the_grid(grid):
    one, missed = ball((9, 12, 10), 6), np.zeros(SHAPE, bool)
    missed[2:5, 3:6, 3:6] = True
    prediction, reference = label_maps(grid, one, one | missed)
    (region,) = error_regions(prediction, reference)
    assert region.volume_ml == pytest.approx(27 * 0.003)
    border = np.argwhere(one & ~ndimage.binary_erosion(one))
    places = [voxels @ np.array(grid.lattice).T for voxels in (np.argwhere(missed), border)]
    assert region.depth_mm == pytest.approx(cdist(*places).min(axis=1).max())


def test_surface_distances_in_view_are_those_in_space(grid):
    one = ball((9, 12, 10), 6)
    shifted = np.roll(one, 2, axis=0)
    surface = Comparison(*label_maps(grid, shifted, one)).surface(LIVER)
    upright = Grid(grid.stored_shape, np.diag([-1.0, -1.5, 2 / np.cos(TILT), 1.0]))
    shown = Comparison(*label_maps(upright, shifted, one)).surface(LIVER)
    np.testing.assert_allclose(
        surface.vertices - grid.origin, shown.vertices - upright.origin, atol=1e-3
    )
    assert np.abs(surface.distances).max() < np.abs(shown.distances).max()
