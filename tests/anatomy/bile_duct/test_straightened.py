"""A duct that is pulled straight."""

from __future__ import annotations

import numpy as np
import pytest
from test_duct import GRIDS, LINES, _tube

from napari_abdoseg.anatomy.bile_duct import measure_duct, straighten
from napari_abdoseg.anatomy.bile_duct.straightened import HALF_WIDTH_MM, PIXEL_MM


@pytest.mark.parametrize(
    ("line", "grid", "angle"),
    [
        *(("arc", "1 mm", 0), ("arc", "thick slices", 70), ("arc", "tilted gantry", 70)),
        *(("spiral", "1 mm", 70), ("spiral", "oblique, anisotropic", 0)),
    ],
)
def test_a_bent_tube_becomes_a_straight_band(line, grid, angle):
    labels = _tube(LINES[line], 4.0, GRIDS[grid])
    course = measure_duct(labels).course
    picture = straighten(labels.data, course, angle, order=0)
    assert picture.values.shape == (len(course.points), 2 * HALF_WIDTH_MM / PIXEL_MM + 1)
    band = picture.values[8:-8].astype(bool)
    middle = band.shape[1] // 2
    assert band[:, middle].all()
    near = band[:, middle - 12 : middle + 13]
    widths = near.sum(axis=1) * PIXEL_MM
    assert widths.mean() == pytest.approx(8, abs=0.8)
    places = np.arange(near.shape[1]) - 12
    middles = (near * places).sum(axis=1) / near.sum(axis=1) * PIXEL_MM
    assert np.abs(middles).max() < 1.6


def test_a_pixel_leads_to_its_voxel():
    labels = _tube(LINES["arc"], 4.0, GRIDS["oblique"])
    scan = np.indices(labels.grid.shape).astype(float)
    course = measure_duct(labels).course
    pictures = [straighten(axis, course, 30) for axis in scan]
    for row, column in ((10, 60), (40, 55), (60, 70)):
        place = pictures[0].voxel_at(row, column)
        shown = [picture.values[row, column] for picture in pictures]
        np.testing.assert_allclose(shown, place, atol=1e-6)
    assert pictures[0].voxel_at(-5, 1e6) == pictures[0].voxel_at(0, 120)
    np.testing.assert_allclose(pictures[0].voxel_at(40, 60), course.voxels[40])


def test_columns_lead_to_the_left_of_the_patient_at_its_upper_end():
    labels = _tube(LINES["straight"], 4.0, GRIDS["1 mm"])
    picture = straighten(labels.data, measure_duct(labels).course)
    assert picture.voxel_at(0, 80)[2] > picture.voxel_at(0, 40)[2] + 15


def test_beyond_the_scan_it_is_dark():
    labels = _tube(LINES["straight"], 4.0, GRIDS["1 mm"])
    scan = np.where(labels.data, 100, -500).astype(np.int16)
    values = straighten(scan, measure_duct(labels).course).values
    assert values[30, 0] == -500
    assert values[30, 60] == 100
