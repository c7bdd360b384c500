"""A mask as the runs of its voxels along x, of which there are far fewer than voxels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_abdoseg.anatomy.tally import Indices

Numbers = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Runs:
    """Voxels of a mask that follow each other along its last axis.

    Parameters
    ----------
    shape : tuple of int
        Of the mask, (z, y, x).
    rows : ndarray of int
        Number of each run's row, z * rows of a slice + y, in order.
    starts, stops : ndarray of int
        First x of each, and the one after its last.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.correction.runs import Runs
    >>> mask = np.array([[[1, 1, 0, 1], [1, 0, 0, 0]]], bool)
    >>> runs = Runs.of(mask)
    >>> runs.lengths.tolist(), runs.parts().tolist()
    ([2, 1, 1], [0, 1, 0])
    """

    shape: tuple[int, int, int]
    rows: Numbers
    starts: Numbers
    stops: Numbers

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> Self:
        """The runs of a mask of shape (z, y, x)."""
        z, y, x = mask.shape
        wide = np.zeros((z * y, x + 2), bool)
        wide[:, 1:-1] = mask.reshape(z * y, x)
        ends = np.flatnonzero(wide[:, 1:] != wide[:, :-1])
        rows, starts = np.divmod(ends[::2], x + 1)
        return cls((z, y, x), rows, starts, ends[1::2] - rows * (x + 1))

    @property
    def lengths(self) -> Numbers:
        """Voxels of each run."""
        return self.stops - self.starts

    def parts(self, across_slices: bool = True) -> Numbers:
        """Number of the part that each run belongs to, from 0 on, in no certain order.

        Parameters
        ----------
        across_slices : bool, optional
            Whether voxels of neighbouring slices hang together too, where they share a face.
        """
        rows_of_slice = self.shape[1]
        has_next = self.rows % rows_of_slice < rows_of_slice - 1
        pairs = [self._overlaps(1, np.flatnonzero(has_next))]
        if across_slices:
            pairs.append(self._overlaps(rows_of_slice, np.arange(self.rows.size)))
        one, other = (np.concatenate(each) for each in zip(*pairs))
        count = self.rows.size
        links = coo_array((np.ones(one.size, bool), (one, other)), (count, count))
        _, parts = connected_components(links, directed=False)
        return np.asarray(parts, np.intp)

    def at_end(self, across_slices: bool = True) -> NDArray[np.bool_]:
        """Which runs reach an end of a slice; also which lie in the first or the last slice."""
        slices, rows, x = self.shape
        z, y = np.divmod(self.rows, rows)
        found: NDArray[np.bool_] = (
            (self.starts == 0) | (self.stops == x) | (y == 0) | (y == rows - 1)
        )
        return np.asarray(found | (z == 0) | (z == slices - 1)) if across_slices else found

    def where(self, chosen: NDArray[np.bool_]) -> Indices:
        """Voxels (z, y, x) of the runs that are chosen."""
        lengths = self.lengths[chosen]
        first = np.cumsum(lengths) - lengths
        x = np.arange(lengths.sum()) + np.repeat(self.starts[chosen] - first, lengths)
        z, y = np.divmod(np.repeat(self.rows[chosen], lengths), self.shape[1])
        return z, y, x

    def at(self, z: int, y: int, x: int) -> int | None:
        """Number of the run that holds a voxel, None for none."""
        row = z * self.shape[1] + y
        first, end = np.searchsorted(self.rows, [row, row + 1])
        held = (self.starts[first:end] <= x) & (x < self.stops[first:end])
        return int(first + held.argmax()) if held.any() else None

    def _overlaps(self, rows: int, which: Numbers) -> tuple[Numbers, Numbers]:
        """Pairs of runs, so many rows from each other, that have an x in common."""
        width = self.shape[2] + 1
        starts, stops = (self.rows * width + each for each in (self.starts, self.stops))
        first = np.searchsorted(stops, starts[which] + rows * width, side="right")
        end = np.searchsorted(starts, stops[which] + rows * width, side="left")
        counts = end - first
        one = np.repeat(which, counts)
        steps: Any = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return one, np.repeat(first, counts) + steps
