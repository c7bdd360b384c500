"""The way to a surface that is far off: within each slice first, then from slice to slice.

Where voxels are square in a slice, squares of distances within it are whole numbers of theirs.
Sixteen bits hold them, and NumPy compares many of these at once; from slice to slice only the
corners that ask are looked at. On other grids, and for few corners, a k-d tree is quicker.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import ceil, prod, sqrt

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.evaluation.surfels import Surfels
from napari_abdoseg.image.grid import Lattice

FARTHEST = 180
"""Pixels along each axis of a slice that are looked at; two squares of it fit into 16 bits."""

NOWHERE = np.iinfo(np.uint16).max

FIRST_REACH = 24
"""Pixels along columns that are looked at first; then twice as many."""

ROWS = 24
"""Pixels along columns that take as long to look at as all that lie along rows."""

PIXELS_A_QUERY, PIXELS_A_CORNER = 10_000, 500
"""Looked at while a k-d tree is asked for one corner, and is built of one."""

BLOCK = 1 << 18
"""Corners of some slices that a processor's cache holds."""

AXES = ((0, 2, 1), (1, 2, 0), (2, 1, 0))
"""The axis across slices, that along columns and that along rows; as memory is read quickest."""


def steps_by_slices(places: NDArray[np.intp], other: Surfels) -> NDArray[np.intp]:
    """Steps from corners to the next one that a surface passes.

    Parameters
    ----------
    places : ndarray of intp, shape (n,)
        Flat indices of corners that it doesn't pass.
    other : Surfels
        The surface, on the same grid.

    Returns
    -------
    ndarray of intp, shape (n, 3)
        In corners along (z, y, x), of which the direction is not told; none where a k-d tree is
        quicker.
    """
    steps = np.zeros((len(places), 3), np.intp)
    axes = _with_square_pixels(other.lattice)
    if axes is None or not _pays(ROWS + FIRST_REACH, len(places), other):
        return steps
    indices = np.unravel_index(places, other.shape)
    left = np.argsort(indices[axes[0]], kind="stable")
    slices = _Slices.of(other, axes)
    here = np.ravel_multi_index([indices[axis][left] for axis in axes], slices.along.shape)
    reach = FIRST_REACH
    while _pays(reach - slices.reach, len(left), other):
        slices.widen(reach)
        squares, across, within = slices.nearest(here)
        sure = squares <= (reach * slices.pixel) ** 2
        found = slices.steps(here[sure], across[sure], within[sure])
        steps[left[sure]] = found[:, np.argsort(axes)]
        left, here, unsure = left[~sure], here[~sure], squares[~sure]
        reach = min(2 * reach, FARTHEST, ceil(sqrt(unsure.max(initial=0)) / slices.pixel))
    return steps


def _with_square_pixels(lattice: Lattice) -> tuple[int, int, int] | None:
    """Axes of slices whose pixels are square, if there are such."""
    if np.ndim(lattice) > 1:
        return None
    return next((axes for axes in AXES if lattice[axes[1]] == lattice[axes[2]]), None)


def _pays(steps: int, queries: int, other: Surfels) -> bool:
    """Whether to look so many pixels further in all slices is quicker than a k-d tree."""
    of_tree = queries * PIXELS_A_QUERY + len(other) * PIXELS_A_CORNER
    return queries > 0 and 0 < steps * prod(other.shape) < of_tree


@dataclass
class _Slices:
    """The nearest of a surface within each slice.

    Attributes
    ----------
    along : ndarray of uint8, shape (slices, columns, rows)
        Pixels from each corner to the next one of the surface along the last axis.
    squares : ndarray of uint16, shape (slices, columns, rows)
        Squares of the distances within the slice, in pixels.
    thickness, pixel : float
        mm from a corner to the next, across slices and within them.
    reach : int
        Pixels along columns that were looked at.
    """

    along: NDArray[np.uint8]
    squares: NDArray[np.uint16]
    thickness: float
    pixel: float
    reach: int = 0

    @classmethod
    def of(cls, surfels: Surfels, axes: tuple[int, int, int]) -> _Slices:
        """Slices in which only rows were looked at."""
        across, column, row = axes
        passes = np.ascontiguousarray(surfels.passes.transpose(row, across, column))
        along = np.ascontiguousarray(_along_first(passes).transpose(1, 2, 0))
        lattice = np.array(surfels.lattice)
        squares = np.square(along, dtype=np.uint16)
        return cls(along, squares, float(lattice[across]), float(lattice[row]))

    def widen(self, reach: int) -> None:
        """Look further along columns."""
        _, columns, rows = self.along.shape
        count = max(1, BLOCK // (columns * rows))
        for first in range(0, len(self.along), count):
            nearest = self.squares[first : first + count]
            squares = np.square(self.along[first : first + count], dtype=np.uint16)
            moved = np.empty_like(squares)
            for step in range(self.reach + 1, min(reach + 1, columns)):
                np.add(squares, np.uint16(step * step), out=moved)
                before, behind = nearest[:, step:], nearest[:, :-step]
                np.minimum(before, moved[:, :-step], out=before)
                np.minimum(behind, moved[:, step:], out=behind)
        self.reach = reach

    def nearest(
        self, here: NDArray[np.intp]
    ) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.uint16]]:
        """Squares in mm² of distances from corners, slices to go, and squares within that slice.

        Parameters
        ----------
        here : ndarray of intp, shape (n,)
            Flat indices of corners, slice by slice.
        """
        corners, a_slice = self.squares.ravel(), self.squares[0].size
        within = corners.take(here)
        squares = within * np.float64(self.pixel**2)
        across = np.zeros_like(here)
        begins = np.searchsorted(here, np.arange(len(self.squares)) * a_slice)
        left = np.arange(len(here))
        for step in range(1, len(begins)):
            least = (step * self.thickness) ** 2
            left = left[squares[left] > least]
            if not len(left):
                break
            before = corners.take(here[left] - step * a_slice, mode="clip")
            before[: np.searchsorted(left, begins[step])] = NOWHERE
            behind = corners.take(here[left] + step * a_slice, mode="clip")
            behind[np.searchsorted(left, begins[-step]) :] = NOWHERE
            rest = np.minimum(before, behind)
            found = rest * self.pixel**2 + least
            closer = np.flatnonzero(found < squares[left])
            moved = left[closer]
            squares[moved], within[moved] = found[closer], rest[closer]
            across[moved] = np.where(before[closer] < behind[closer], -step, step)
        return squares, across, within

    def steps(
        self, here: NDArray[np.intp], across: NDArray[np.intp], within: NDArray[np.uint16]
    ) -> NDArray[np.intp]:
        """Steps across slices, along columns and, in either direction, along rows; shape (n, 3)."""
        _, columns, rows = self.along.shape
        corners, places = self.along.ravel(), here + across * self.along[0].size
        column = places // rows % columns
        ways, begins = _ways_by_squares()
        turns, left = begins.take(within), np.arange(len(here))
        while len(left):
            step, rest = ways.take(turns[left], axis=1)
            found = corners.take(places[left] + step * rows, mode="clip") == rest
            found &= (column[left] + step >= 0) & (column[left] + step < columns)
            left = left[~found]
            turns[left] += 1
        return np.stack([across, *ways.take(turns, axis=1)], axis=1)


@cache
def _ways_by_squares() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pixels along columns and rows by the sum of their squares, and where each sum begins."""
    ways = np.mgrid[-FARTHEST : FARTHEST + 1, : FARTHEST + 1].reshape(2, -1)
    sums = np.square(ways).sum(axis=0)
    order = np.argsort(sums, kind="stable")
    return ways[:, order], np.searchsorted(sums[order], np.arange(FARTHEST**2 + 1))


def _along_first(passes: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Pixels along the first axis to the next that is passed, or more than the farthest."""
    steps = ~passes * np.uint8(FARTHEST + 1)
    for ways in (steps, steps[::-1]):
        for before, here in pairwise(ways):
            np.minimum(here, before + np.uint8(1), out=here)
    return steps
