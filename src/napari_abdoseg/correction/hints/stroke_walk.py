"""How far a stroke goes in a CT, each for itself: what many feel together is their sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Indices
from napari_abdoseg.correction.hints.random_walk import REACH_MM, Walk
from napari_abdoseg.correction.hints.without_ensemble import LEAST_HU
from napari_abdoseg.correction.tissue_edge import NOISE_MM
from napari_abdoseg.image.grid import Triple
from napari_abdoseg.logits.along import Along
from napari_abdoseg.logits.interpolation import Values, gathered, interpolated
from napari_abdoseg.logits.kept import Axes

AROUND_MM = 2 * REACH_MM
STEP_MM = 1.5
"""Between the voxels that are walked on, unless the scan's are farther apart."""


@dataclass(frozen=True, eq=False)
class WalkGrid:
    """The voxels that are walked on in a scan, the same for all strokes.

    Parameters
    ----------
    scan_spacing, spacing : tuple of float
        mm along (z, y, x) between the scan's voxels, and between these.
    axes : tuple of Along
        Where the scan's voxels lie among them, along z, y and x.
    """

    scan_spacing: Triple
    spacing: Triple
    axes: Axes

    @classmethod
    def of(cls, shape: Sequence[int], spacing: Triple) -> Self:
        """In a scan of shape (z, y, x), by mm along its axes."""
        counts = [
            max(1, round(size * own / max(STEP_MM, own)))
            for size, own in zip(shape, spacing, strict=True)
        ]
        z, y, x = (Along.between(old, new) for old, new in zip(counts, shape, strict=True))
        deep, high, wide = (
            size * own / count for size, own, count in zip(shape, spacing, counts, strict=True)
        )
        return cls(spacing, (deep, high, wide), (z, y, x))

    def part(self, box: Box) -> tuple[Box, Axes]:
        """Voxels around some of the scan's, and where among them these lie."""
        (z, in_z), (y, in_y), (x, in_x) = (
            axis.part(new) for axis, new in zip(self.axes, box.slices, strict=True)
        )
        return Box((z.start, y.start, x.start), (z.stop, y.stop, x.stop)), (in_z, in_y, in_x)


@dataclass(frozen=True, eq=False)
class StrokeWalk:
    """Where walkers from all over a stroke die, and where those do who go on from there.

    Parameters
    ----------
    hu : ndarray, shape (z, y, x)
        Of the scan that was walked in.
    box : Box
        Voxels of the `WalkGrid`, as far as a stroke goes.
    once, twice : ndarray of float32, shape (z, y, x)
        In the box, as shares of the stroke.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg import Box
    >>> from napari_abdoseg.correction.hints.stroke_walk import StrokeWalk, WalkGrid
    >>> hu = np.zeros((5, 40, 40))
    >>> grid = WalkGrid.of(hu.shape, (2.0, 2.0, 2.0))
    >>> box = Box((0, 5, 0), (5, 35, 40))
    >>> left, right = (np.array([[2], [20], [x]]) for x in (10, 14))
    >>> walk, other = (StrokeWalk.of(grid, hu, box, tuple(where)) for where in (left, right))
    >>> walk.alike(walk) > walk.alike(other) > 0
    True
    """

    hu: NDArray[Any]
    box: Box
    once: Values
    twice: Values

    @classmethod
    def of(cls, grid: WalkGrid, hu: NDArray[Any], around: Box, where: Indices) -> Self:
        """Of a stroke of one voxel at least, (z, y, x) in a scan, in a box of it."""
        box, axes = grid.part(around)
        tissue = np.nan_to_num(hu[around.slices].astype(np.float32), nan=LEAST_HU)
        noise = [NOISE_MM / own for own in grid.scan_spacing]
        quiet = ndimage.gaussian_filter(tissue, noise, mode="nearest")
        walk = Walk.of(gathered(quiet, axes), grid.spacing)
        start = np.zeros(walk.shape, np.float32)
        start[
            tuple(
                axis.nearest[at - first]
                for axis, at, first in zip(axes, where, around.start, strict=True)
            )
        ] = 1
        once = walk.from_(start / np.count_nonzero(start))
        return cls(hu, box, once, walk.from_(once))

    def is_in(self, hu: NDArray[Any]) -> bool:
        """Whether it went in that scan, or in another view of the same voxels."""
        return self.hu.__array_interface__ == hu.__array_interface__

    def alike(self, other: StrokeWalk) -> float:
        """How much of what one stroke feels the other feels."""
        common = self.box.common(other.box)
        if common is None:
            return 0.0
        return float(np.vdot(self.once[_in(self.box, common)], other.once[_in(other.box, common)]))


def felt_together(
    grid: WalkGrid, walks: Sequence[StrokeWalk], weights: Sequence[float], box: Box
) -> Values:
    """What the voxels of a scan feel of strokes.

    Parameters
    ----------
    grid : WalkGrid
    walks : sequence of StrokeWalk
    weights : sequence of float
        Of each stroke.
    box : Box
        Voxels of the scan.

    Returns
    -------
    ndarray of float32, shape (z, y, x)
        In the box.
    """
    part, axes = grid.part(box)
    felt = np.zeros(np.subtract(part.stop, part.start), np.float32)
    for walk, weight in zip(walks, weights, strict=True):
        if (common := walk.box.common(part)) is not None:
            felt[_in(part, common)] += np.float32(weight) * walk.twice[_in(walk.box, common)]
    return interpolated(felt, axes)


def _in(box: Box, part: Box) -> tuple[slice, ...]:
    """Index of a part of a box in the box's own array."""
    return tuple(
        slice(start - first, stop - first)
        for start, stop, first in zip(part.start, part.stop, box.start, strict=True)
    )
