"""Masks blurred by a Gaussian kernel, as products with matrices, which processors do fastest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

BLOCK = 64
"""Voxels along an axis that are computed at a time: a kernel reaches few others."""
Blocks = Iterable[tuple[slice, slice, NDArray[np.float32]]]
"""Parts of an axis, what each is made of, and its weights."""


def blurring(
    masks: Sequence[NDArray[np.bool_]], sigma: Sequence[float], reach: float
) -> Iterator[tuple[slice, list[NDArray[np.float32]]]]:
    """Convolve masks with a Gaussian kernel; beyond their ends they go on as they end.

    Parameters
    ----------
    masks : sequence of ndarray of bool, shape (z, y, x)
    sigma : sequence of float
        Standard deviation along each axis, in voxels.
    reach : float
        Standard deviations that the kernel goes.

    Yields
    ------
    slice
        Some slices, which follow each other.
    list of ndarray of float32, shape (slices, y, x)
        The masks there, blurred.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.correction.blurring import blurring
    >>> mask = np.zeros((1, 1, 5), bool)
    >>> mask[..., :2] = True
    >>> [(_, [blurred])] = blurring([mask], (1.0, 1.0, 1.0), 3.0)
    >>> (100 * blurred).astype(int).tolist()
    [[[94, 69, 30, 5, 0]]]
    """
    size = masks[0].shape
    along_z, along_y, along_x = (
        list(_blocks(length, _kernel(each, reach)))
        for length, each in zip(size, sigma, strict=True)
    )
    for part, used, weights in along_z:
        yield part, [_blurred(weights, mask[used], along_y, along_x) for mask in masks]


def _blurred(
    along_z: NDArray[np.float32], mask: NDArray[np.bool_], along_y: Blocks, along_x: Blocks
) -> NDArray[np.float32]:
    slices, *plane = mask.shape
    if not mask.any():
        return np.zeros((len(along_z), *plane), np.float32)
    values: NDArray[np.float32] = along_z @ mask.astype(np.float32).reshape(slices, -1)
    values = values.reshape(len(along_z), *plane)
    between, total = np.empty_like(values), np.empty_like(values)
    for part, used, weights in along_y:
        np.matmul(weights, values[:, used], out=between[:, part])
    for part, used, weights in along_x:
        np.matmul(between[..., used], weights.T, out=total[..., part])
    return total


def _kernel(sigma: float, reach: float) -> NDArray[np.float64]:
    steps = np.arange(-int(reach * sigma + 0.5), int(reach * sigma + 0.5) + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)
    return np.asarray(weights / weights.sum())


def _blocks(size: int, kernel: NDArray[np.float64]) -> Blocks:
    """Parts of an axis, which others each is made of, and their weights."""
    reach = kernel.size // 2
    for first in range(0, size, BLOCK):
        part = slice(first, min(first + BLOCK, size))
        used = slice(max(first - reach, 0), min(part.stop + reach, size))
        weights = np.zeros((part.stop - first, used.stop - used.start), np.float32)
        for number in range(first, part.stop):
            places = np.clip(np.arange(number - reach, number + reach + 1), 0, size - 1)
            np.add.at(weights[number - first], places - used.start, kernel)
        yield part, used, weights
