"""Signed distances of one surface to another."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.surface import Surface, organ_surface
from napari_abdoseg.evaluation.distance_surface import closest_points, distance_surface
from napari_abdoseg.image.grid import Grid

SHAPE = (60, 60, 60)
SPACING = (1.5, 1.0, 0.8)
CENTRE = np.array((45.0, 30.0, 24.0))
GRID = Grid.from_spacing(SHAPE, SPACING)


def ball(radius: float) -> Surface:
    places = np.moveaxis(np.indices(SHAPE), 0, -1) * SPACING
    mask = np.linalg.norm(places - CENTRE, axis=-1) < radius
    return organ_surface(mask, Box((0, 0, 0), SHAPE), GRID)


def test_a_surface_is_nowhere_away_from_itself():
    surface = ball(15)
    measured = distance_surface(surface, surface)
    assert np.array_equal(measured.vertices, surface.vertices)
    assert np.array_equal(measured.faces, surface.faces)
    np.testing.assert_allclose(measured.distances, 0, atol=1e-5)


@pytest.mark.parametrize(("radius", "expected"), [(19, 4), (12, -3), (15.5, 0.5)])
def test_too_large_is_positive_and_too_small_negative(radius, expected):
    measured = distance_surface(ball(radius), ball(15))
    assert measured.distances.mean() == pytest.approx(expected, abs=0.1)
    np.testing.assert_allclose(measured.distances, expected, atol=0.75)
    assert measured.distances.dtype == np.float32


def test_distances_are_those_to_all_faces():
    random = np.random.default_rng(1)
    surface, reference = ball(14), ball(11)
    some = random.choice(len(surface.vertices), 40, replace=False)
    triangles = reference.vertices[reference.faces].astype(np.float64)
    measured = distance_surface(surface, reference).distances[some]
    for point, distance in zip(surface.vertices[some].astype(np.float64), measured):
        closest = closest_points(np.broadcast_to(point, (len(triangles), 3)), triangles)
        nearest = np.linalg.norm(closest - point, axis=1).min()
        assert distance == pytest.approx(nearest, abs=0.01)


@pytest.mark.parametrize(
    ("point", "closest"),
    [
        ((0.2, 0.2, 3), (0.2, 0.2, 0)),
        ((0.5, -1, 0), (0.5, 0, 0)),
        ((-1, -1, 1), (0, 0, 0)),
        ((1, 1, 0), (0.5, 0.5, 0)),
        ((3, -1, 2), (1, 0, 0)),
    ],
)
def test_the_closest_point_is_inside_on_an_edge_or_a_corner(point, closest):
    triangle = np.array([[(0, 0, 0), (1, 0, 0), (0, 1, 0)]], float)
    np.testing.assert_allclose(closest_points(np.array([point], float), triangle), [closest])


def test_a_triangle_without_area_is_a_line():
    line = np.array([[(0, 0, 0), (1, 0, 0), (2, 0, 0)]], float)
    np.testing.assert_allclose(closest_points(np.array([[1.5, 2, 0]]), line), [[1.5, 0, 0]])
