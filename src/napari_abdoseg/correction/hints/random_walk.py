"""How far what was drawn at some voxels goes, by a random walk that a CT's edges hold up.

A walker steps from voxel to voxel, the less readily the more their HU differ (L. Grady, Random
Walks for Image Segmentation, IEEE Transactions on Pattern Analysis and Machine Intelligence 28,
2006), and dies on its way. What a single walk feels of a thin stroke is next to nothing a voxel
away from it, in three dimensions. Two, the one from where the other has ended, give the covariance
of a Gaussian field that falls off exponentially where there are no edges (F. Lindgren, H. Rue and
J. Lindström, An explicit link between Gaussian fields and Gaussian Markov random fields, Journal of
the Royal Statistical Society B 73, 2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import cg

from napari_abdoseg.image.grid import Shape
from napari_abdoseg.logits.interpolation import Values

REACH_MM = 15.0
"""That a walker goes in tissue without edges, typically."""
EDGE_HU = 15.0
"""Between two voxels: a step over so many is much rarer."""
PRECISION = 1e-3
MOST_STEPS = 300


@dataclass(frozen=True, eq=False)
class Walk:
    """A walk in a CT.

    It is the same both ways. So how alike two strokes are is the product of where two walks from
    them end, and what many strokes feel together is one more walk, from where theirs have ended.

    Parameters
    ----------
    shape : tuple of int
        (z, y, x) of the CT.
    rates : dia_array of float32, shape (voxels, voxels)
        How walkers leave voxels, less how they come; scaled so that its diagonal is 1.
    scales : ndarray of float32, shape (voxels,)
        By which rows and columns were scaled.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.correction.hints.random_walk import Walk
    >>> hu, stroke = np.zeros((5, 9, 9)), np.zeros((5, 9, 9), bool)
    >>> hu[:, :, 5:] = 200
    >>> stroke[2, 4, 4] = True
    >>> walk = Walk.of(hu, (2.0, 2.0, 2.0))
    >>> felt = walk.from_(walk.from_(stroke))
    >>> bool(felt[2, 4, 3] > 10 * felt[2, 4, 5])
    True
    """

    shape: Shape
    rates: Any
    scales: Values

    @classmethod
    def of(cls, hu: NDArray[np.floating[Any]], spacing: Sequence[float]) -> Self:
        """In a CT of shape (z, y, x), by mm along its axes."""
        leaving: Values = np.full(hu.size, 1 / REACH_MM**2, np.float32)
        steps = []
        for axis, size_mm in enumerate(spacing):
            last = np.take(hu, [-1], axis)
            rate = np.exp(-((np.diff(hu, axis=axis, append=last) / EDGE_HU) ** 2) / 2) / size_mm**2
            np.moveaxis(rate, axis, 0)[-1] = 0
            stride, onwards = int(np.prod(hu.shape[axis + 1 :])), rate.ravel().astype(np.float32)
            leaving += onwards
            leaving[stride:] += onwards[:-stride]
            steps.append((stride, onwards))
        scales: Values = np.asarray(1 / np.sqrt(leaving), np.float32)
        diagonals: list[Values] = [np.ones_like(leaving)]
        offsets = [0]
        for stride, onwards in steps:
            back = np.roll(onwards, stride) * scales * np.roll(scales, stride)
            diagonals += [-back, -np.roll(back, -stride)]
            offsets += [stride, -stride]
        z, y, x = hu.shape
        size = hu.size, hu.size
        return cls((z, y, x), sparse.dia_array((np.stack(diagonals), offsets), size), scales)

    def from_(self, start: NDArray[Any]) -> Values:
        """Where walkers die who start at voxels, so many at each; both of shape (z, y, x)."""
        begun = start.ravel().astype(np.float32) * self.scales
        ended, _ = cg(self.rates, begun, rtol=PRECISION, maxiter=MOST_STEPS)
        return np.asarray(ended * self.scales).reshape(self.shape)
