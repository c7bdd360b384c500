"""Masks blurred by a Gaussian kernel, as products with matrices, which processors do fastest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BLOCK = 64
"""Voxels along an axis that are computed at a time: a kernel reaches few others."""


def blurred(mask: NDArray[np.bool_], sigma: Sequence[float], reach: float) -> NDArray[np.float32]:
    """A mask convolved with a Gaussian kernel; beyond its ends it goes on as it ends.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
    sigma : sequence of float
        Standard deviation along each axis, in voxels.
    reach : float
        Standard deviations that the kernel goes.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.correction.blurring import blurred
    >>> mask = np.zeros((1, 1, 5), bool)
    >>> mask[..., :2] = True
    >>> (100 * blurred(mask, (1.0, 1.0, 1.0), 3.0)).astype(int).tolist()
    [[[94, 69, 30, 5, 0]]]
    """
    z, y, x = mask.shape
    values = mask.astype(np.float32)
    kernels = [_kernel(each, reach) for each in sigma]
    values = _along_columns(values.reshape(1, z, y * x), kernels[0]).reshape(mask.shape)
    values = _along_columns(values, kernels[1])
    smooth: NDArray[np.float32] = _along_rows(values, kernels[2])
    return smooth


def _kernel(sigma: float, reach: float) -> NDArray[np.float64]:
    steps = np.arange(-int(reach * sigma + 0.5), int(reach * sigma + 0.5) + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)
    return np.asarray(weights / weights.sum())


def _along_columns(values: NDArray[np.float32], kernel: NDArray[np.float64]) -> Any:
    total = np.empty_like(values)
    for part, used, weights in _blocks(values.shape[1], kernel):
        np.matmul(weights, values[:, used], out=total[:, part])
    return total


def _along_rows(values: NDArray[np.float32], kernel: NDArray[np.float64]) -> Any:
    total = np.empty_like(values)
    for part, used, weights in _blocks(values.shape[2], kernel):
        np.matmul(values[..., used], weights.T, out=total[..., part])
    return total


def _blocks(size: int, kernel: NDArray[np.float64]) -> list[tuple[slice, slice, Any]]:
    """Parts of an axis, which others each is made of, and their weights."""
    reach = kernel.size // 2
    blocks = []
    for first in range(0, size, BLOCK):
        part = slice(first, min(first + BLOCK, size))
        used = slice(max(first - reach, 0), min(part.stop + reach, size))
        weights = np.zeros((part.stop - first, used.stop - used.start), np.float32)
        for number in range(first, part.stop):
            places = np.clip(np.arange(number - reach, number + reach + 1), 0, size - 1)
            np.add.at(weights[number - first], places - used.start, kernel)
        blocks.append((part, used, weights))
    return blocks
