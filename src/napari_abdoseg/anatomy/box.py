"""Bounding boxes of organs, in voxels and in millimetres."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.grid import Grid, Shape, Triple
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

SLAB_VOXELS = 1 << 22
"""Voxels looked at in one go, so that other threads get their turn soon."""


@dataclass(frozen=True)
class Box:
    """Axis-aligned box in voxels of the (z, y, x) array, half open.

    Parameters
    ----------
    start, stop : tuple of int
        First voxel and first voxel after the last, along (z, y, x).

    Examples
    --------
    >>> from napari_abdoseg import Box, Grid
    >>> box = Box((1, 1, 1), (3, 4, 5))
    >>> box.size(Grid.from_spacing((4, 5, 6), (2.0, 1.0, 1.0)))  # mm along (z, y, x)
    (4.0, 3.0, 4.0)
    >>> box.union(Box((0, 0, 0), (1, 1, 1)))
    Box(start=(0, 0, 0), stop=(3, 4, 5))
    """

    start: Shape
    stop: Shape

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Index of the box in an array of its grid."""
        z, y, x = (slice(first, end) for first, end in zip(self.start, self.stop, strict=True))
        return z, y, x

    def union(self, other: Box) -> Box:
        """Smallest box that holds both."""
        return Box(
            _shape(map(min, self.start, other.start)), _shape(map(max, self.stop, other.stop))
        )

    def common(self, other: Box) -> Box | None:
        """What lies in both; None where nothing does."""
        start = _shape(map(max, self.start, other.start))
        stop = _shape(map(min, self.stop, other.stop))
        if any(first >= end for first, end in zip(start, stop, strict=True)):
            return None
        return Box(start, stop)

    def holds(self, voxel: Shape) -> bool:
        """Whether a voxel lies in it."""
        inside = zip(self.start, voxel, self.stop, strict=True)
        return all(first <= at < end for first, at, end in inside)

    def size(self, grid: Grid) -> Triple:
        """Edge lengths in mm along (z, y, x)."""
        z, y, x = (
            (stop - start) * step
            for start, stop, step in zip(self.start, self.stop, grid.spacing, strict=True)
        )
        return z, y, x

    def centre(self, grid: Grid) -> Triple:
        """Middle in mm along (S, P, L), where it is shown."""
        s, p, left = (
            origin + step * (start + stop - 1) / 2
            for origin, step, start, stop in zip(
                grid.origin, grid.spacing, self.start, self.stop, strict=True
            )
        )
        return s, p, left

    def touches_edge(self, grid: Grid) -> bool:
        """Whether the box reaches a face of the scan, so that an organ may go on beyond it."""
        return 0 in self.start or any(
            stop == size for stop, size in zip(self.stop, grid.shape, strict=True)
        )

    def stored_bounds(self, grid: Grid) -> tuple[Shape, Shape]:
        """Start and stop in voxels of the file's own axis order, half open."""
        first, last = _ordered(
            grid.stored_index(corner) for corner in (self.start, np.subtract(self.stop, 1))
        )
        return _shape(np.rint(first)), _shape(np.rint(last) + 1)

    @classmethod
    def from_stored_bounds(cls, start: Sequence[int], stop: Sequence[int], grid: Grid) -> Box:
        """Box of a start and stop in voxels of the file's own axis order, half open."""
        first, last = _ordered(
            grid.screen_index(corner) for corner in (start, np.subtract(stop, 1))
        )
        return cls(_shape(np.rint(first)), _shape(np.rint(last) + 1))

    def ras_bounds(self, grid: Grid) -> tuple[Triple, Triple]:
        """Smallest and largest RAS+ coordinate in mm of the box's outer faces.

        For an oblique scan this is the upright box around the turned one.
        """
        corners = [
            grid.affine[:3, :3] @ grid.stored_index(np.subtract(corner, 0.5)) + grid.affine[:3, 3]
            for corner in product(*zip(self.start, self.stop, strict=True))
        ]
        low, high = _ordered(corners)
        return _triple(low), _triple(high)


def bounding_boxes(labels: LabelMap) -> dict[Organ, Box]:
    """Box of each organ that is there, in the order of ``labels.organs``.

    Parameters
    ----------
    labels : LabelMap
        Label values of shape (z, y, x).

    Returns
    -------
    dict of Organ to Box
        In voxels along (z, y, x), half open.

    Examples
    --------
    >>> from napari_abdoseg import bounding_boxes, make_phantom
    >>> labels = make_phantom(1, (12.0, 10.0, 10.0))[1]
    >>> for organ, box in bounding_boxes(labels).items():
    ...     print(organ.name, box.size(labels.grid))
    liver (132.0, 150.0, 200.0)
    kidney (132.0, 60.0, 180.0)
    spleen (84.0, 70.0, 60.0)
    pancreas (48.0, 50.0, 130.0)
    """
    found: dict[int, Box] = {}
    for first, end in slabs(0, labels.grid.shape[0], labels.data[0].size):
        slab = labels.data[first:end]
        picture = slab.max(axis=0) > 0
        rows, columns = (_extent(picture.any(axis=axis)) for axis in (1, 0))
        for value, place in _places_of_values(slab[:, rows, columns]).items():
            box = shifted_box(place, (first, rows.start, columns.start))
            found[value] = found[value].union(box) if value in found else box
    return {organ: found[organ.value] for organ in labels.organs if organ.value in found}


def _extent(occupied: NDArray[np.bool_]) -> slice:
    """From the first to the last that is occupied."""
    places = np.flatnonzero(occupied)
    return slice(int(places[0]), int(places[-1]) + 1) if len(places) else slice(0, 0)


def _places_of_values(labels: NDArray[Any]) -> dict[int, tuple[slice, ...]]:
    """Where each value above 0 is, as SciPy's ``find_objects`` tells it: by its runs along x."""
    depth, rows, columns = labels.shape
    flat = np.zeros(1 + depth * rows * (columns + 1), labels.dtype)
    before, after = flat[:-1], flat[1:]
    after.reshape(depth, rows, columns + 1)[..., :-1] = labels  # a 0 ends each row
    changes = np.flatnonzero(before != after)
    values = after.take(changes)
    runs = np.flatnonzero(values > 0)
    runs = runs[np.argsort(values[runs], kind="stable")]
    values, starts = values[runs], changes[runs]
    z, y, x = np.unravel_index(starts, (depth, rows, columns + 1))
    last = z, y, x + (changes[runs + 1] - starts - 1)
    groups = np.flatnonzero(np.diff(values, prepend=0))
    low = np.array([np.minimum.reduceat(axis, groups) for axis in (z, y, x)])
    high = np.array([np.maximum.reduceat(axis, groups) for axis in last]) + 1
    places = (
        tuple(map(slice, *ends)) for ends in zip(low.T.tolist(), high.T.tolist(), strict=True)
    )
    return dict(zip(values[groups].tolist(), places, strict=True))


def shifted_box(place: tuple[slice, ...], offset: Shape) -> Box:
    """Box of an index into a part of an array that begins at ``offset``."""
    return Box(
        _shape(slice_.start + by for slice_, by in zip(place, offset, strict=True)),
        _shape(slice_.stop + by for slice_, by in zip(place, offset, strict=True)),
    )


def slabs(start: int, stop: int, slice_voxels: int) -> Iterator[tuple[int, int]]:
    """Split slices ``start`` to ``stop`` into ranges of at most `SLAB_VOXELS` voxels."""
    step = max(1, SLAB_VOXELS // slice_voxels)
    for first in range(start, stop, step):
        yield first, min(first + step, stop)


def _ordered(points: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    stacked = np.stack(list(points))
    return stacked.min(axis=0), stacked.max(axis=0)


def _shape(values: Any) -> Shape:
    z, y, x = (int(value) for value in values)
    return z, y, x


def _triple(values: Any) -> Triple:
    a, b, c = (float(value) for value in values)
    return a, b, c
