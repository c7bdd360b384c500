"""What lies around a course, to be seen pulled straight in one plane after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.bile_duct.course import Course
from napari_abdoseg.anatomy.bile_duct.region import BileDuctRegion
from napari_abdoseg.anatomy.bile_duct.straightened import (
    HALF_WIDTH_MM,
    Straightened,
    straighten,
)
from napari_abdoseg.anatomy.bile_duct.way import Way
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.image.volume import LabelMap


@dataclass(frozen=True, eq=False)
class CurvedPlane:
    """A plane along a course, pulled straight.

    Parameters
    ----------
    picture : Straightened
        Of the scan, or of the labels where there is none; its voxels are those of the whole scan.
    outlines : tuple of ndarray, each of shape (k, 2)
        Where the plane cuts the surface of the duct, or of the search region, as (row, column).
    """

    picture: Straightened
    outlines: tuple[NDArray[np.float64], ...]


@dataclass(frozen=True, eq=False)
class CurvedView:
    """The part of a scan and of its labels that is near a course.

    Parameters
    ----------
    course : Course
        In the whole scan.
    labels : ndarray, shape (z, y, x)
        Of the part.
    inside : ndarray of float32, shape (z, y, x)
        1 in the duct, or in the search region where there is none, 0 elsewhere.
    start : tuple of int
        Where the part begins in the scan, as (z, y, x).
    course_in_part : Course
        The same line, on the grid of the part.
    """

    course: Course
    labels: NDArray[Any]
    inside: NDArray[np.float32]
    start: Shape
    course_in_part: Course

    @classmethod
    def of(cls, way: Way, labels: LabelMap) -> CurvedView:
        """What is near the course of a way in the label map that it was found in."""
        course = way.course
        reach = np.ceil(HALF_WIDTH_MM / np.array(labels.grid.spacing)) + 1
        last = np.array(labels.grid.shape) - 1
        low = np.clip(np.floor(course.voxels.min(axis=0) - reach), 0, last)
        high = np.clip(np.ceil(course.voxels.max(axis=0) + reach), low, last)
        start, stop = _shape(low), _shape(high + 1)
        near = labels.data[_slices(start, stop)].copy()
        inside = (
            _of_region(way.region, start, near.shape)
            if way.organ is None
            else (near == way.organ.value)
        )
        in_part = replace(course, grid=labels.grid.part(start, stop))
        return cls(course, near, inside.astype(np.float32), start, in_part)

    def plane(self, angle: float, scan: NDArray[Any] | None = None) -> CurvedPlane:
        """Look at the scan, or without one at the labels, in a plane turned by an angle.

        Parameters
        ----------
        angle : float
            Degrees, as in `straighten`.
        scan : ndarray, optional
            Whole, shape (z, y, x).
        """
        from skimage.measure import find_contours

        if scan is None:
            picture = straighten(self.labels, self.course_in_part, angle, order=0)
        else:
            stop = _shape(np.add(self.start, self.labels.shape))
            part = np.asarray(scan[_slices(self.start, stop)])
            picture = straighten(part, self.course_in_part, angle)
        cut = straighten(self.inside, self.course_in_part, angle)
        outlines = tuple(find_contours(cut.values, 0.5))
        whole = replace(picture, voxels=picture.voxels + self.start)
        return CurvedPlane(whole, outlines)


def _of_region(region: BileDuctRegion | None, start: Shape, shape: Shape) -> NDArray[np.bool_]:
    """The region's part of the scan that begins somewhere and is so large."""
    mask = np.zeros(shape, bool)
    if region is not None:
        low = np.maximum(region.box.start, start)
        high = np.minimum(region.box.stop, np.add(start, shape))
        own = _slices(_shape(low - region.box.start), _shape(high - region.box.start))
        mask[_slices(_shape(low - start), _shape(high - start))] = region.mask[own]
    return mask


def _shape(values: NDArray[Any]) -> Shape:
    z, y, x = (int(value) for value in values)
    return z, y, x


def _slices(start: Shape, stop: Shape) -> tuple[slice, ...]:
    return tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
