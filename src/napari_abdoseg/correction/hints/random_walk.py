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
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import cg

REACH_MM = 15.0
"""That a walker goes in tissue without edges, typically."""
EDGE_HU = 15.0
"""Between two voxels: a step over so many is much rarer."""
PRECISION = 1e-3
MOST_STEPS = 300


def alike(
    hu: NDArray[np.floating[Any]],
    spacing: Sequence[float],
    strokes: Sequence[NDArray[np.bool_]],
) -> list[NDArray[np.float64]]:
    """How alike each voxel and the mean of a stroke are.

    Parameters
    ----------
    hu : ndarray, shape (z, y, x)
    spacing : sequence of float
        mm along (z, y, x).
    strokes : sequence of ndarray of bool, each of the shape of ``hu``
        None of them empty.

    Returns
    -------
    list of ndarray, each of the shape of ``hu``
        Covariances, none below zero but by rounding, in units that all of them share.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.correction.hints.random_walk import alike
    >>> hu, stroke = np.zeros((5, 9, 9)), np.zeros((5, 9, 9), bool)
    >>> hu[:, :, 5:] = 200
    >>> stroke[2, 4, 4] = True
    >>> (found,) = alike(hu, (2.0, 2.0, 2.0), [stroke])
    >>> bool(found[2, 4, 3] > 10 * found[2, 4, 5])
    True
    """
    walk = _walk(hu, spacing)
    dying = sparse.dia_array((1 / walk.diagonal()[None], 0), shape=walk.shape)
    found = []
    for stroke in strokes:
        felt = stroke.ravel() / np.count_nonzero(stroke)
        for _ in range(2):
            felt, _ = cg(walk, felt, rtol=PRECISION, maxiter=MOST_STEPS, M=dying)
        found.append(felt.reshape(hu.shape))
    return found


def _walk(hu: NDArray[np.floating[Any]], spacing: Sequence[float]) -> Any:
    """Laplacian of a CT's graph in 1/mm², and by which share walkers die in each mm²."""
    leaving = np.full(hu.size, 1 / REACH_MM**2)
    steps, offsets = [], []
    for axis, size_mm in enumerate(spacing):
        last = np.take(hu, [-1], axis)
        rate = np.exp(-((np.diff(hu, axis=axis, append=last) / EDGE_HU) ** 2) / 2) / size_mm**2
        np.moveaxis(rate, axis, 0)[-1] = 0
        stride = int(np.prod(hu.shape[axis + 1 :]))
        onwards = rate.ravel()
        leaving += onwards
        leaving[stride:] += onwards[:-stride]
        steps.append(-onwards[:-stride])
        offsets.append(stride)
    return sparse.diags_array(
        [leaving, *steps, *steps], offsets=[0, *offsets, *(-each for each in offsets)]
    ).tocsr()
