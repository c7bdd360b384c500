"""Which part of a surface lies within a tolerance of another one, without any distance.

All corners of voxels within the tolerance of the other surface are marked, as SciPy's binary
dilation by a ball would mark them, eight along z at once as the bits of a byte.
"""

from __future__ import annotations

from functools import cache, reduce
from itertools import groupby
from math import pi
from operator import or_

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.evaluation.surface_distance import distances_to, steps_within
from napari_abdoseg.evaluation.surfels import Surfels
from napari_abdoseg.image.grid import Lattice, voxel_volume_mm3

Packed = NDArray[np.uint8]
"""Marks of corners, shape (z / 8, y * x): the lowest bit comes first along z."""

Columns = tuple[tuple[int, int, int, int], ...]
"""Of corners: y, x, first and last z of each."""

MOST_STEPS = 20_000
"""In the ball of a tolerance; for a larger one distances are quicker."""


def within_tolerance(one: Surfels, other: Surfels, tolerance_mm: float) -> NDArray[np.bool_]:
    """Whether each surfel is no farther from another mask's surface than a tolerance.

    Parameters
    ----------
    one, other : Surfels
        On one grid, both with surfels.
    tolerance_mm : float

    Returns
    -------
    ndarray of bool, shape (n,)
        As ``distances_to(one, other) <= tolerance_mm`` says, far quicker.
    """
    ball = 4 / 3 * pi * tolerance_mm**3 / voxel_volume_mm3(one.lattice)
    if ball > MOST_STEPS:
        return np.asarray(distances_to(one, other) <= tolerance_mm)
    columns = _columns_of_ball(tolerance_mm, one.lattice)
    margin = max(x for _, x, _, _ in columns)
    near = _dilated(_pack(other.passes, margin), columns, one.shape[2] + margin)
    y, x = one.shape[1:]
    z, row = one.places // (y * x), one.places // x
    marks = near.take(one.places + row * margin + ((z >> 3) - z) * near.shape[1])
    return np.asarray((marks >> (z & 7).astype(np.uint8)) & 1, bool)


def normalized_dice(one: Surfels, other: Surfels, tolerance_mm: float) -> float:
    """Normalized surface Dice: the share of both surfaces that is within a tolerance."""
    within = area = 0.0
    for each, another in ((one, other), (other, one)):
        areas = each.areas
        within += areas[within_tolerance(each, another, tolerance_mm)].sum()
        area += areas.sum()
    return float(within / area)


@cache
def _columns_of_ball(tolerance_mm: float, lattice: Lattice) -> Columns:
    """Columns of the corners that lie within a tolerance of one: y, x, the first and last z."""
    steps = sorted((y, x, z) for z, y, x in steps_within(tolerance_mm, lattice).tolist())
    columns = ((yx, [z for *_, z in each]) for yx, each in groupby(steps, lambda step: step[:2]))
    return tuple((y, x, heights[0], heights[-1]) for (y, x), heights in columns)


def _pack(marks: NDArray[np.bool_], margin: int) -> Packed:
    """Marks of shape (z, y, x) as bits, with so many empty ones at the end of each row along x."""
    z, y, x = marks.shape
    packed = np.zeros((-(-z // 8), y, x + margin), np.uint8)
    for bit in range(8):
        plane = marks[bit::8].view(np.uint8)
        packed[: len(plane), :, :x] |= plane * np.uint8(1 << bit)
    return packed.reshape(len(packed), -1)


def _dilated(packed: Packed, columns: Columns, width: int) -> Packed:
    """Mark the corners around those that are marked, too."""
    runs = {(first, last) for *_, first, last in columns}
    moved = {z: _moved(packed, z) for z in {z for a, b in runs for z in range(a, b + 1)}}
    along = {(a, b): reduce(or_, (moved[z] for z in range(a, b + 1))) for a, b in runs}
    found = np.zeros_like(packed)
    for y, x, *run in columns:
        step = y * width + x
        begin = max(-step, 0)
        end = max(begin, packed.shape[1] - max(step, 0))
        found[:, begin:end] |= along[run[0], run[1]][:, begin + step : end + step]
    return found


def _moved(packed: Packed, step: int) -> Packed:
    """What lies so many corners further along z."""
    whole, bits = divmod(step, 8)
    count = len(packed)
    wide = np.zeros((count + 1, packed.shape[1]), np.uint8)
    begin = max(-whole, 0)
    end = max(begin, min(count + 1, count - whole))
    wide[begin:end] = packed[begin + whole : end + whole]
    if not bits:
        return wide[:-1]
    return (wide[:-1] >> np.uint8(bits)) | (wide[1:] << np.uint8(8 - bits))
