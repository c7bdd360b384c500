"""Where along an axis the voxels of a scan lie between those of an image of other spacing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Along:
    """Where each voxel of a scan lies between two of an image, along an axis.

    Parameters
    ----------
    lower, upper : ndarray of int, shape (voxels,)
        The image's voxels on both sides, which never fall; the same where one is there.
    weight : ndarray of float32, shape (voxels,)
        Share of the upper.
    """

    lower: NDArray[np.integer[Any]]
    upper: NDArray[np.integer[Any]]
    weight: NDArray[np.float32]

    @classmethod
    def between(cls, old: int, new: int) -> Self:
        """Of ``new`` voxels that are as long as ``old``, whose ends go on beyond their middles."""
        places = np.clip(old / new * (np.arange(new) + 0.5) - 0.5, 0, old - 1)
        lower = np.floor(places).astype(np.int64)
        weight = (places - lower).astype(np.float32)
        return cls(lower, lower + (weight > 0), weight)

    def joined(self, count: int) -> Along:
        """Where they lie when so many of the image's voxels become one each."""
        if count == 1:
            return self
        last = (int(self.upper.max()) + 1) // count - 1
        places = self.lower + self.weight.astype(np.float64) * (self.upper - self.lower)
        places = np.clip((places + 0.5) / count - 0.5, 0, last)
        lower = np.floor(places).astype(np.int64)
        weight = (places - lower).astype(np.float32)
        return Along(lower, lower + (weight > 0), weight)

    @property
    def nearest(self) -> NDArray[np.integer[Any]]:
        """The image's voxel that is nearer to each of the scan's."""
        return np.where(self.weight < 0.5, self.lower, self.upper)

    def part(self, new: slice) -> tuple[slice, Along]:
        """The image's voxels around some of the scan's, and where among them these lie."""
        lower, upper = self.lower[new], self.upper[new]
        old = slice(int(lower[0]), int(upper[-1]) + 1)
        return old, Along(lower - old.start, upper - old.start, self.weight[new])

    def reached(self, old: slice) -> slice:
        """The scan's voxels that lie between some of the image's or touch one."""
        touching = np.flatnonzero((self.upper >= old.start) & (self.lower < old.stop))
        return slice(int(touching[0]), int(touching[-1]) + 1) if touching.size else slice(0, 0)

    def matrix(self, size: int) -> NDArray[np.float32]:
        """Linear interpolation between ``size`` voxels as a matrix of shape (new, size)."""
        weights = np.zeros((self.lower.size, size), np.float32)
        rows = np.arange(self.lower.size)
        weights[rows, self.lower] = 1 - self.weight
        weights[rows, self.upper] += self.weight
        return weights
