"""What lies around a course, to be seen pulled straight in one plane after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.bile_duct.course import Course
from napari_abdoseg.anatomy.bile_duct.straightened import (
    HALF_WIDTH_MM,
    Straightened,
    straighten,
)
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
        Where the plane cuts the surface of the organ, as (row, column).
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
    organ : ndarray of float32 or None, shape (z, y, x)
        1 in the organ that is followed, 0 elsewhere; None where there is none to follow.
    start : tuple of int
        Where the part begins in the scan, as (z, y, x).
    course_in_part : Course
        The same line, on the grid of the part.
    """

    course: Course
    labels: NDArray[Any]
    organ: NDArray[np.float32] | None
    start: Shape
    course_in_part: Course

    @classmethod
    def of(cls, course: Course, labels: LabelMap, value: int | None = None) -> CurvedView:
        """What is near a course in a label map.

        Parameters
        ----------
        course : Course
        labels : LabelMap
            On the course's grid.
        value : int, optional
            Of the organ that is followed.
        """
        reach = np.ceil(HALF_WIDTH_MM / np.array(labels.grid.spacing)) + 1
        last = np.array(labels.grid.shape) - 1
        low = np.clip(np.floor(course.voxels.min(axis=0) - reach), 0, last)
        high = np.clip(np.ceil(course.voxels.max(axis=0) + reach), low, last)
        start, stop = _shape(low), _shape(high + 1)
        near = labels.data[_slices(start, stop)].copy()
        organ = None if value is None else (near == value).astype(np.float32)
        return cls(course, near, organ, start, replace(course, grid=labels.grid.part(start, stop)))

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
        outlines: tuple[NDArray[np.float64], ...] = ()
        if self.organ is not None:
            cut = straighten(self.organ, self.course_in_part, angle)
            outlines = tuple(find_contours(cut.values, 0.5))
        whole = replace(picture, voxels=picture.voxels + self.start)
        return CurvedPlane(whole, outlines)


def _shape(values: NDArray[np.float64]) -> Shape:
    z, y, x = (int(value) for value in values)
    return z, y, x


def _slices(start: Shape, stop: Shape) -> tuple[slice, ...]:
    return tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
