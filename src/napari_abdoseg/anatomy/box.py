"""Bounding boxes of organs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.image.grid import Grid, Shape, Triple
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap


@dataclass(frozen=True)
class Box:
    """Voxels from ``start`` up to, but not including, ``stop``.

    Parameters
    ----------
    start, stop : tuple of int
        Along (z, y, x).
    """

    start: Shape
    stop: Shape

    @classmethod
    def of_slices(cls, slices: tuple[slice, ...]) -> Box:
        """Box of what ``array[slices]`` takes."""
        z, y, x = slices
        return cls((z.start, y.start, x.start), (z.stop, y.stop, x.stop))

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Index of the box's voxels in an array of (z, y, x)."""
        z, y, x = (slice(a, b) for a, b in zip(self.start, self.stop, strict=True))
        return z, y, x

    def size(self, grid: Grid) -> Triple:
        """Extent in mm along (z, y, x)."""
        z, y, x = (
            (stop - start) * step
            for start, stop, step in zip(self.start, self.stop, grid.spacing, strict=True)
        )
        return z, y, x

    def touches_edge(self, grid: Grid) -> bool:
        """Whether the box reaches a face of the scan."""
        return min(self.start) == 0 or any(np.equal(self.stop, grid.shape))

    @property
    def faces(self) -> NDArray[np.float64]:
        """Outer faces of the first and last voxels as (z, y, x) coordinates, shape (2, 3)."""
        return np.array([self.start, self.stop], dtype=float) - 0.5

    @property
    def corners(self) -> NDArray[np.float64]:
        """The eight corners as (z, y, x) coordinates, shape (8, 3)."""
        return np.array(list(itertools.product(*self.faces.T)))

    @property
    def edges(self) -> NDArray[np.float64]:
        """The twelve edges, shape (12, 2, 3)."""
        pairs = itertools.combinations(self.corners, 2)
        return np.array([pair for pair in pairs if np.count_nonzero(pair[0] != pair[1]) == 1])

    def cuts(self, axis: int, at: float) -> bool:
        """Whether the slice at coordinate ``at`` of ``axis`` goes through the box."""
        return bool(self.faces[0][axis] <= at < self.faces[1][axis])

    def rectangle(self, axis: int, at: float) -> NDArray[np.float64]:
        """Outline of the box on a slice: four (z, y, x) corners in order, shape (4, 3)."""
        (low, high), others = self.faces, [other for other in range(3) if other != axis]
        outline = np.full((4, 3), float(at))
        outline[:, others[0]] = low[others[0]], low[others[0]], high[others[0]], high[others[0]]
        outline[:, others[1]] = low[others[1]], high[others[1]], high[others[1]], low[others[1]]
        return outline

    def stored_bounds(self, grid: Grid) -> tuple[Shape, Shape]:
        """``start`` and ``stop`` in the axis order of the scan's file."""
        ends = self._stored_ends(grid)
        (i, j, k), (m, n, o) = ends.min(axis=0).astype(int), (ends.max(axis=0) + 1).astype(int)
        return (int(i), int(j), int(k)), (int(m), int(n), int(o))

    def ras_bounds(self, grid: Grid) -> tuple[Triple, Triple]:
        """Smallest and largest RAS+ coordinates in mm of the box's outer faces."""
        ends = self._stored_ends(grid)
        faces = np.array([ends.min(axis=0) - 0.5, ends.max(axis=0) + 0.5])
        corners = np.array(list(itertools.product(*faces.T)))
        places = corners @ grid.affine[:3, :3].T + grid.affine[:3, 3]
        (r, a, s), (right, front, top) = places.min(axis=0).tolist(), places.max(axis=0).tolist()
        return (r, a, s), (right, front, top)

    def _stored_ends(self, grid: Grid) -> NDArray[np.float64]:
        """First and last voxel in stored order, shape (2, 3)."""
        ends = np.array([self.start, np.subtract(self.stop, 1)], dtype=float)
        return np.array([grid.stored_index(end) for end in ends])


def bounding_boxes(labels: LabelMap) -> dict[Organ, Box]:
    """Box of each organ that is there."""
    found = ndimage.find_objects(labels.data)
    return {
        organ: Box.of_slices(found[organ.value - 1])
        for organ in labels.organs
        if organ.value <= len(found) and found[organ.value - 1] is not None
    }
