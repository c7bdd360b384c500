"""What an outline that a hand has drawn encloses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.painted_area import Area
from napari_abdoseg.image.grid import Shape


def outlined(points: Any, axis: int, number: int, shape: Shape) -> Area | None:
    """Voxels of a slice whose middle an outline goes around.

    Parameters
    ----------
    points : array_like, shape (n, 3)
        Corners in voxels (z, y, x), one after the other; the last is joined to the first.
    axis : int
        Of (z, y, x), across the slice.
    number : int
        Of the slice.
    shape : tuple of int
        Of the scan, (z, y, x).

    Returns
    -------
    Area or None
        None where it encloses nothing of the scan.

    Examples
    --------
    >>> from napari_abdoseg.correction.outline import outlined
    >>> square = [(4, 1.5, 1.5), (4, 1.5, 5.5), (4, 5.5, 5.5), (4, 5.5, 1.5)]
    >>> outlined(square, 0, 4, (9, 9, 9)).box
    Box(start=(4, 2, 2), stop=(5, 6, 6))
    """
    corners = np.delete(np.asarray(points, float), axis, axis=1)
    sides = np.delete(shape, axis)
    first = np.clip(np.ceil(corners.min(axis=0)), 0, sides).astype(int)
    stop = np.clip(np.floor(corners.max(axis=0)) + 1, 0, sides).astype(int)
    if (first >= stop).any() or not 0 <= number < shape[axis]:
        return None
    mask = goes_around(corners - first, stop - first)
    if not mask.any():
        return None
    start, end = np.insert(first, axis, number), np.insert(stop, axis, number + 1)
    box = Box(_shape(start), _shape(end))
    return Area(box, np.expand_dims(mask, axis))


def goes_around(corners: NDArray[np.float64], size: Sequence[int]) -> NDArray[np.bool_]:
    """Which places of whole numbers an outline goes around, however often.

    What lies in a loop that a hand has drawn on top of another one is enclosed as well.

    Parameters
    ----------
    corners : ndarray, shape (n, 2)
        Down and to the right.
    size : sequence of int
        Rows and columns.

    Returns
    -------
    ndarray of bool, shape (rows, columns)
    """
    rows, columns = size
    turns = np.zeros((rows, columns + 1), np.int32)
    for (down, right), (next_down, next_right) in zip(corners, np.roll(corners, -1, axis=0)):
        low, high = sorted((down, next_down))
        crossed = np.arange(max(0, int(np.ceil(low))), min(rows, int(np.ceil(high))))
        if not crossed.size:
            continue
        share = (crossed - down) / (next_down - down)
        at = right + share * (next_right - right)
        column = np.clip(np.ceil(at), 0, columns).astype(int)
        turns[crossed, column] += 1 if next_down > down else -1
    return np.asarray(np.cumsum(turns[:, :-1], axis=1) != 0)


def _shape(values: Any) -> Shape:
    z, y, x = (int(value) for value in values)
    return z, y, x
