"""A scan along a course that is pulled straight: the whole duct in one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.bile_duct.course import STEP_MM, Course
from napari_abdoseg.image.grid import Triple

HALF_WIDTH_MM = 30.0
"""Seen on either side of the course."""

PIXEL_MM = 0.5
"""Across the course."""


@dataclass(frozen=True, eq=False)
class Straightened:
    """A plane through a course, straightened (a straightened planar reformation).

    Parameters
    ----------
    values : ndarray, shape (n, m)
        From the upper end of the course to the lower, and across it.
    voxels : ndarray, shape (n, m, 3)
        (z, y, x) coordinates of each pixel in voxels of the scan.
    pixel_mm : tuple of float
        Edges of a pixel along the course and across it.
    """

    values: NDArray[Any]
    voxels: NDArray[np.float64]
    pixel_mm: tuple[float, float]

    def voxel_at(self, row: float, column: float) -> Triple:
        """(z, y, x) coordinates of the voxel that a pixel shows; of the nearest beyond the edge."""
        last = np.array(self.values.shape) - 1
        i, j = np.clip(np.rint((row, column)), 0, last).astype(int)
        z, y, x = (float(value) for value in self.voxels[i, j])
        return z, y, x


def straighten(
    data: NDArray[Any], course: Course, angle: float = 0.0, order: int = 1
) -> Straightened:
    """Look at a scan, or at its labels, along a course.

    Parameters
    ----------
    data : ndarray, shape (z, y, x)
        On the grid of the course.
    course : Course
    angle : float, optional
        Degrees by which the plane is turned about the course; without it, the plane's columns
        lead to the patient's left at the course's upper end.
    order : {1, 0}, optional
        1 for a scan, where pixels are between voxels; 0 for labels.

    Returns
    -------
    Straightened
        Beyond the scan its values are the data's least.
    """
    across = np.arange(-HALF_WIDTH_MM, HALF_WIDTH_MM + PIXEL_MM / 2, PIXEL_MM)
    turn = np.radians(angle)
    first, second = course.sideways
    sideways = np.cos(turn) * first + np.sin(turn) * second
    to_voxels = np.linalg.inv(course.grid.screen_affine)[:3, :3]
    voxels = course.voxels[:, None] + across[:, None] * (sideways @ to_voxels.T)[:, None]
    part, inside = _part(data, voxels)
    values = ndimage.map_coordinates(
        part, np.moveaxis(inside, -1, 0), order=order, mode="constant", cval=part.min()
    )
    return Straightened(values, voxels, (STEP_MM, PIXEL_MM))


def _part(
    data: NDArray[Any], voxels: NDArray[np.float64]
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """As much of the data as is looked at, and coordinates in it."""
    places = voxels.reshape(-1, 3)
    low = np.clip(np.floor(places.min(axis=0)) - 1, 0, np.array(data.shape) - 1).astype(int)
    high = np.clip(np.ceil(places.max(axis=0)) + 2, low + 1, data.shape).astype(int)
    part = data[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
    return part, voxels - low
