"""Where the spine is in a coarse scan: what is beside, before and behind is told from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.orientation.coarse_scan import CoarseScan, Mask

REACH_MM = 12.0
"""Bone so near counts as being there: vertebrae are hollow, and the column is curved."""
LEAST_SHARE = 0.5
"""Of slices that have the spine in one place; bowel with contrast is not so straight."""
LEAST_HEIGHT_MM = 30.0
HALF_WIDTH_MM, HALF_DEPTH_MM = 25.0, 65.0
"""A vertebra with its processes lies within, but for the transverse ones' ends."""


@dataclass(frozen=True, eq=False)
class Spine:
    """The vertebral column of a coarse scan.

    Parameters
    ----------
    y, x : int
        Where most slices have it, in coarse voxels.
    bone : ndarray of bool, shape (z, y, x)
        Bone around that place.
    """

    y: int
    x: int
    bone: Mask

    @classmethod
    def find(cls, scan: CoarseScan) -> Self | None:
        """Find it; None where no bone goes through most slices."""
        bone, (height, depth, width) = scan.bone, scan.spacing
        if len(bone) * height < LEAST_HEIGHT_MM:
            return None
        near = ndimage.binary_dilation(bone, _disk(REACH_MM, depth, width)[np.newaxis])
        share = ndimage.gaussian_filter(near.mean(axis=0), REACH_MM / 2 / scan.spacing[1:])
        y, x = (int(at) for at in np.unravel_index(share.argmax(), share.shape))
        if share[y, x] < LEAST_SHARE:
            return None
        return cls(y, x, bone & _window(bone.shape, y, x, scan.spacing))


def _disk(radius: float, depth: float, width: float) -> Mask:
    rows, columns = int(radius / depth), int(radius / width)
    y, x = np.ogrid[-rows : rows + 1, -columns : columns + 1]
    return np.asarray((y * depth) ** 2 + (x * width) ** 2 <= radius**2)


def _window(shape: tuple[int, ...], y: int, x: int, spacing: NDArray[np.float64]) -> Mask:
    window = np.zeros(shape, bool)
    rows, columns = int(HALF_DEPTH_MM / spacing[1]), int(HALF_WIDTH_MM / spacing[2])
    window[:, max(0, y - rows) : y + rows + 1, max(0, x - columns) : x + columns + 1] = True
    return window
