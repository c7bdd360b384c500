"""Masks of 64 voxels a number, which grow by millimetres in a few hundred steps."""

from __future__ import annotations

from collections import defaultdict
from math import floor, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.grid import Triple

WORD = 64
ROUNDING = 1e-9
"""A distance counts as reached though it is longer by so much of it."""

Words = NDArray[np.uint64]


def grown(mask: NDArray[np.bool_], mm: float, spacing: Triple) -> NDArray[np.bool_]:
    """All voxels that are no farther than so many mm from a mask.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
    mm : float
        From middle to middle of voxels.
    spacing : tuple of float
        mm along (z, y, x).

    Examples
    --------
    >>> import numpy as np
    >>> from napari_abdoseg.correction.packed_mask import grown
    >>> mask = np.zeros((1, 5, 5), bool)
    >>> mask[0, 2, 2] = True
    >>> grown(mask, 1.0, (3.0, 1.0, 0.5))[0].astype(int).tolist()
    [[0, 0, 0, 0, 0], [0, 0, 1, 0, 0], [1, 1, 1, 1, 1], [0, 0, 1, 0, 0], [0, 0, 0, 0, 0]]
    """
    words = _packed(mask)
    reached = np.zeros_like(words)
    steps = _steps(mm * (1 + ROUNDING), spacing)
    for along_x in range(max(steps) + 1):
        if along_x:
            words = words | _from_left(words) | _from_right(words)
        for z, y in steps[along_x]:
            to, of = reached, words
            for axis, step in enumerate((z, y)):
                to, of = _shifted(to, step, axis), _shifted(of, -step, axis)
            np.bitwise_or(to, of, out=to)
    return _unpacked(reached, mask.shape[2])


def _steps(mm: float, spacing: Triple) -> dict[int, list[tuple[int, int]]]:
    """Which (z, y) are in reach, by how far x goes there."""
    reach_z, reach_y = (int(mm // step) for step in spacing[:2])
    steps = defaultdict(list)
    for z in range(-reach_z, reach_z + 1):
        for y in range(-reach_y, reach_y + 1):
            left = mm**2 - (z * spacing[0]) ** 2 - (y * spacing[1]) ** 2
            if left >= 0:
                steps[floor(sqrt(left) / spacing[2])].append((z, y))
    return steps


def _shifted(words: Words, step: int, axis: int) -> Words:
    """Without so many slices at the start, or at the end if there are less than none."""
    kept = slice(step, None) if step >= 0 else slice(None, step)
    return words[(slice(None),) * axis + (kept,)]


def _packed(mask: NDArray[np.bool_]) -> Words:
    z, y, x = mask.shape
    wide = np.zeros((z, y, -(-x // WORD) * WORD), bool)
    wide[..., :x] = mask
    return np.packbits(wide, axis=-1, bitorder="little").view("<u8")


def _unpacked(words: Words, size: int) -> NDArray[np.bool_]:
    bits: Any = np.unpackbits(words.view(np.uint8), axis=-1, count=size, bitorder="little")
    return np.asarray(bits.view(bool))


def _from_left(words: Words) -> Words:
    """Each voxel is what the one before it along x was."""
    moved = words << np.uint64(1)
    moved[..., 1:] |= words[..., :-1] >> np.uint64(WORD - 1)
    return moved


def _from_right(words: Words) -> Words:
    moved = words >> np.uint64(1)
    moved[..., :-1] |= words[..., 1:] << np.uint64(WORD - 1)
    return moved
