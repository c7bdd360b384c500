"""Values between the voxels of logits, at those of a scan, some slices at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.logits.along import Along
from napari_abdoseg.logits.kept import Axes

SLICES = 8
"""Of the scan, which processors' caches hold."""
ROWS = 4, 32, 32
"""Of matrices along z, y and x, which have nothing in most columns."""
Values = NDArray[np.float32]


def by_slices(axis: Along) -> Iterator[tuple[slice, slice, Along]]:
    """Some slices of a scan, those of the logits around them, and how they lie among these."""
    for first in range(0, axis.lower.size, SLICES):
        new = slice(first, min(first + SLICES, axis.lower.size))
        yield new, *axis.part(new)


def interpolated(field: Values, axes: Axes) -> Values:
    """A field at the voxels of a scan, linearly, as nnU-Net's export does.

    Parameters
    ----------
    field : ndarray of float32, shape (z, y, x)
    axes : tuple of Along
        Where the scan's voxels lie in it.

    Returns
    -------
    ndarray of float32, shape (new z, new y, new x)
    """
    shape = [axis.lower.size for axis in axes]
    if not field.any():
        return np.broadcast_to(np.float32(0), shape)
    weights = [axis.matrix(size) for axis, size in zip(axes, field.shape, strict=True)]
    return multiplied(field, weights)


def gathered(values: Values, axes: Axes) -> Values:
    """Mean values of a scan around the voxels of an image, with weights that fall off linearly.

    Parameters
    ----------
    values : ndarray of float32, shape (new z, new y, new x)
    axes : tuple of Along
        Where the scan's voxels lie in the image.

    Returns
    -------
    ndarray of float32, shape (z, y, x)
    """
    return multiplied(values, [mean_weights(axis) for axis in axes])


def mean_weights(axis: Along) -> Values:
    """By which a scan's values count for those of an image along an axis, shape (image, scan)."""
    weights = axis.matrix(int(axis.upper.max()) + 1)
    weights /= weights.sum(axis=0)
    return weights.T


def multiplied(values: NDArray[Any], weights: Sequence[Values]) -> Values:
    """Values of shape (z, y, x) times a matrix along each axis, which has few bands.

    Parameters
    ----------
    values : ndarray, shape (z, y, x)
    weights : sequence of ndarray of float32, of shapes (new z, z), (new y, y) and (new x, x)

    Returns
    -------
    ndarray of float32, shape (new z, new y, new x)
    """
    grows = np.prod([len(matrix) for matrix in weights]) > values.size
    for number in (2, 1, 0) if grows else (0, 1, 2):
        matrix, before = weights[number], [slice(None)] * number
        found = np.empty((*values.shape[:number], len(matrix), *values.shape[number + 1 :]), "f4")
        for rows, band in _bands(matrix, ROWS[number]):
            part = values[(*before, band)].astype(np.float32, copy=False)
            _multiply(matrix[rows, band], part, number, found[(*before, rows)])
        values = found
    return np.asarray(values, np.float32)


def _bands(matrix: Values, count: int) -> Iterator[tuple[slice, slice]]:
    """Some rows of a matrix at a time, and the columns in which these have anything."""
    firsts = np.arange(0, len(matrix), count)
    there = np.logical_or.reduceat(matrix != 0, firsts)
    starts = there.argmax(axis=1)
    stops = there.shape[1] - there[:, ::-1].argmax(axis=1)
    for first, start, stop in zip(firsts.tolist(), starts.tolist(), stops.tolist(), strict=True):
        yield slice(first, first + count), slice(start, stop)


def _multiply(matrix: Values, values: Values, number: int, found: Values) -> None:
    """Fill in values times a matrix along an axis."""
    if number == 2:
        np.matmul(values, matrix.T, out=found)
    elif number == 1:
        np.matmul(matrix, values, out=found)
    else:
        np.matmul(matrix, values.reshape(len(values), -1), out=found.reshape(len(found), -1))
