"""What is near a course, cut out of a scan, is seen as in the whole scan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_duct import GRIDS, LINES, _tube

from napari_abdoseg.anatomy.bile_duct import (
    CurvedView,
    measure_duct,
    straighten,
    way_along,
    way_to_duct,
)
from napari_abdoseg.anatomy.bile_duct.straightened import PIXEL_MM
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap


def _in_a_larger_scan(labels: LabelMap, room: int) -> LabelMap:
    data = np.pad(labels.data, room)
    grid = labels.grid.part((-room,) * 3, tuple(n + room for n in labels.grid.shape))
    return replace(labels, data=data, grid=grid)


@pytest.mark.parametrize(
    ("grid", "angle"), [("1 mm", 0), ("thick slices", 70), ("oblique, anisotropic", -30)]
)
def test_it_is_the_plane_of_the_whole_scan(grid, angle):
    labels = _in_a_larger_scan(_tube(LINES["arc"], 4.0, GRIDS[grid]), 40)
    course = measure_duct(labels).course
    scan = np.random.default_rng(0).normal(0, 100, labels.grid.shape)
    view = CurvedView.of(way_along(measure_duct(labels)), labels)
    assert view.labels.size < 0.7 * labels.data.size
    plane = view.plane(angle, scan)
    whole = straighten(scan, course, angle)
    np.testing.assert_allclose(plane.picture.values, whole.values, atol=1e-6)
    np.testing.assert_allclose(plane.picture.voxels, whole.voxels, atol=1e-6)
    assert plane.picture.voxel_at(30, 10) == pytest.approx(whole.voxel_at(30, 10))
    outline = np.concatenate(plane.outlines)
    outline = outline[np.abs(outline[:, 0] - len(course.points) / 2) < 20]
    beside = np.abs(outline[:, 1] - whole.values.shape[1] // 2) * PIXEL_MM
    assert np.median(beside) == pytest.approx(4, abs=0.7)


def test_without_a_scan_the_labels_are_seen():
    labels = _tube(LINES["straight"], 4.0, GRIDS["1 mm"])
    plane = CurvedView.of(way_along(measure_duct(labels)), labels).plane(0)
    assert set(np.unique(plane.picture.values)) == {0, 1}


def test_without_a_duct_the_region_is_outlined():
    _, labels = make_phantom(1, (4.0, 4.0, 4.0))
    way = way_to_duct(labels)
    view = CurvedView.of(way, labels)
    part = view.inside[tuple(slice(a, b) for a, b in zip(*_within(way.region.box, view)))]
    np.testing.assert_array_equal(part, way.region.mask)
    assert view.inside.sum() == way.region.mask.sum()
    assert view.plane(0).outlines


def _within(box, view):
    """Bounds of a box in the part of a view, which holds all of it here."""
    return np.subtract(box.start, view.start), np.subtract(box.stop, view.start)


def test_which_point_of_a_course_is_nearest():
    labels = _tube(LINES["arc"], 4.0, GRIDS["oblique, anisotropic"])
    course = measure_duct(labels).course
    assert [course.nearest(voxel) for voxel in course.voxels[::10]] == list(
        range(0, len(course.points), 10)
    )
    assert course.distances(course.voxels[5])[5] == pytest.approx(0, abs=1e-9)
