"""Values between the voxels of logits, at those of a scan, some slices at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.logits.along import Along
from napari_abdoseg.logits.kept import Axes

SLICES = 8
"""Of the scan, which processors' caches hold."""
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
    along_z, along_y, along_x = (
        axis.matrix(size) for axis, size in zip(axes, field.shape, strict=True)
    )
    slices = along_z @ field.reshape(len(field), -1)
    rows = np.matmul(along_y, slices.reshape(len(along_z), *field.shape[1:]))
    return np.asarray(np.matmul(rows, along_x.T))


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
    for number, axis in enumerate(axes):
        weights = axis.matrix(int(axis.upper.max()) + 1)
        weights /= weights.sum(axis=0)
        values = np.moveaxis(np.tensordot(weights, values, (0, number)), 0, number)
    return np.ascontiguousarray(values)
