"""What a round brush covers, whose size is in millimetres."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.painted_area import Area
from napari_abdoseg.image.grid import Shape, Triple

Place = Sequence[float] | NDArray[np.float64]
"""Coordinates along (z, y, x)."""


def swept(
    start: Place,
    end: Place,
    radius_mm: float,
    spacing: Triple,
    shape: Shape,
    axis: int | None = None,
) -> Area | None:
    """Voxels that a brush covers on its straight way from one place to another.

    These are the voxels whose middle is within the radius of the way, and those that the way
    itself goes through, so that the smallest brush paints what it points at.

    Parameters
    ----------
    start, end : sequence or ndarray of float
        In voxels (z, y, x); they need not be in the scan.
    radius_mm : float
    spacing : tuple of float
        mm along (z, y, x).
    shape : tuple of int
        Of the scan, (z, y, x).
    axis : int, optional
        The brush is a disc in the slice across this axis; a ball if None.

    Returns
    -------
    Area or None
        None where the brush covers nothing of the scan.

    Examples
    --------
    >>> from napari_abdoseg.correction.brush import swept
    >>> dab = swept((2, 9, 9), (2, 9, 9), 3.0, (3.0, 1.0, 1.0), (5, 20, 20))
    >>> dab.box  # a ball of 3 mm: three slices of 3 mm, seven voxels of 1 mm
    Box(start=(1, 6, 6), stop=(4, 13, 13))
    """
    begin, finish = np.array(start, float), np.array(end, float)
    steps = np.array(spacing)
    reach = np.maximum(radius_mm / steps, 0.5)
    if axis is not None:
        begin[axis] = finish[axis] = np.rint(begin[axis])
        reach[axis] = 0
    first = np.clip(np.ceil(np.minimum(begin, finish) - reach), 0, shape).astype(int)
    stop = np.clip(np.floor(np.maximum(begin, finish) + reach) + 1, 0, shape).astype(int)
    if (first >= stop).any():
        return None
    mask = _distance(begin, finish, steps, first, stop) <= radius_mm
    on_way = _through(begin, finish)
    inside = ((on_way >= first) & (on_way < stop)).all(axis=1)
    mask[tuple((on_way[inside] - first).T)] = True
    return _cut_to_size(mask, first)


def dabs(start: Place, end: Place, step_mm: float, spacing: Triple) -> NDArray[np.float64]:
    """Places along a way, no farther apart than so many mm, with the end but not the start.

    Returns
    -------
    ndarray, shape (places, 3)
        In voxels (z, y, x); the end alone where there is no way to go.
    """
    begin, finish = np.array(start, float), np.array(end, float)
    count = int(np.ceil(np.linalg.norm((finish - begin) * spacing) / step_mm))
    shares = np.linspace(0, 1, count + 1)[1:] if count else np.ones(1)
    return np.asarray(begin + shares[:, None] * (finish - begin))


def _distance(
    begin: NDArray[np.float64],
    finish: NDArray[np.float64],
    steps: NDArray[np.float64],
    first: NDArray[np.int_],
    stop: NDArray[np.int_],
) -> NDArray[np.float64]:
    """mm from the middle of each voxel of a box to the nearest place on the way."""
    axes = np.ogrid[tuple(map(slice, first, stop))]
    away = [(axis - at) * step for axis, at, step in zip(axes, begin, steps)]
    way = (finish - begin) * steps
    length = float(way @ way)
    if not length:
        return np.asarray(np.sqrt(sum(each**2 for each in away)))
    share = np.clip(sum(each * along for each, along in zip(away, way)) / length, 0, 1)
    rest = sum((each - share * along) ** 2 for each, along in zip(away, way))
    return np.asarray(np.sqrt(rest))


def _through(begin: NDArray[np.float64], finish: NDArray[np.float64]) -> NDArray[np.int_]:
    """Voxels that a way goes through, shape (voxels, 3); some perhaps twice."""
    count = 2 * int(np.ceil(np.abs(finish - begin).max())) + 1
    return np.rint(np.linspace(begin, finish, count)).astype(int)


def _cut_to_size(mask: NDArray[np.bool_], first: NDArray[np.int_]) -> Area | None:
    """An area whose box is no larger than it must be."""
    sides = []
    for axis in range(3):
        others = tuple(each for each in range(3) if each != axis)
        there = np.flatnonzero(mask.any(axis=others))
        if not there.size:
            return None
        sides.append(slice(int(there[0]), int(there[-1]) + 1))
    z, y, x = (int(at) for at in first)
    box = Box(
        (z + sides[0].start, y + sides[1].start, x + sides[2].start),
        (z + sides[0].stop, y + sides[1].stop, x + sides[2].stop),
    )
    return Area(box, mask[tuple(sides)])
