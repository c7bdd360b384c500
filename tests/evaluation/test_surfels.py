"""Surface elements of masks and their areas."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from napari_abdoseg.evaluation.surfel_area import surfel_areas
from napari_abdoseg.evaluation.surfels import find_surfels

CUBE = (1.0, 1.0, 1.0)
CORNER = sqrt(3) / 8
"""Area of the triangle through the middles of three edges."""


def test_a_corner_an_edge_and_a_face():
    areas = surfel_areas(CUBE)
    assert areas[0b10000000] == pytest.approx(CORNER)
    assert areas[0b11000000] == pytest.approx(sqrt(2) / 2)
    assert areas[0b11110000] == pytest.approx(1)
    assert areas[0] == areas[0xFF] == 0


def test_a_mask_and_its_background_have_one_surface():
    areas = surfel_areas((0.7, 1.1, 3.0))
    np.testing.assert_array_equal(areas, areas[::-1])


def test_areas_follow_the_spacing():
    z, y, x = spacing = (5.0, 0.7, 0.9)
    areas = surfel_areas(spacing)
    assert areas[0b11110000] == pytest.approx(y * x)
    assert areas[0b11001100] == pytest.approx(z * x)
    assert areas[0b10101010] == pytest.approx(z * y)
    with pytest.raises(ValueError, match="read-only"):
        areas[1] = 0


def test_all_areas_are_those_of_deepminds_table():
    tables = pytest.importorskip("surface_distance.lookup_tables")
    for spacing in (CUBE, (1.0, 2.0, 3.5), (0.7, 0.9, 3.0), (5.0, 0.6, 0.6)):
        theirs = tables.create_table_neighbour_code_to_surface_area(spacing)
        np.testing.assert_allclose(surfel_areas(spacing), theirs, rtol=1e-15, atol=1e-15)


def test_a_voxel_at_the_edge_of_the_array_is_closed():
    surfels = find_surfels(np.ones((1, 1, 1), bool), CUBE)
    assert len(surfels) == 8
    assert surfels.shape == (2, 2, 2)
    assert surfels.areas.sum() == pytest.approx(8 * CORNER)
    assert surfels.passes.all()


def test_the_inside_of_a_block_is_no_surface():
    surfels = find_surfels(np.ones((4, 5, 6), bool), CUBE)
    assert surfels.shape == (5, 6, 7)
    assert len(surfels) == 5 * 6 * 7 - 3 * 4 * 5
    assert not surfels.passes[1:-1, 1:-1, 1:-1].any()


def test_codes_name_the_voxels_around_a_corner():
    mask = np.zeros((2, 2, 2), bool)
    mask[0, 0, 0] = True
    corners = find_surfels(mask, CUBE).corners
    assert corners[1, 1, 1] == 0b10000000
    assert corners[0, 0, 0] == 0b00000001


def test_an_empty_mask_has_none():
    assert len(find_surfels(np.zeros((3, 3, 3), bool), CUBE)) == 0
