"""A scan in coarse voxels: its body, bones and air."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.image.grid import Triple
from napari_abdoseg.image.volume import Volume

Mask = NDArray[np.bool_]

COARSE_MM = 5.0
"""Spacing that voxels are brought to, about; the scan's own where it is larger."""
BLUR_MM = 2.0
SHELL_MM = 5.0
"""Half of the thickness of what may be a table; a chest's wall is thicker."""
BODY_HU, AIR_HU, BONE_HU = -300.0, -500.0, 180.0


@dataclass(frozen=True, eq=False)
class CoarseScan:
    """A scan in coarse voxels.

    Parameters
    ----------
    hu : ndarray of float32, shape (z, y, x)
        Hounsfield units, smoothed.
    spacing : ndarray, shape (3,)
        mm along (z, y, x).
    steps : ndarray, shape (3,)
        Voxels of the scan along each coarse one.
    body : ndarray of bool, shape (z, y, x)
        Filled: with lungs and bowel.
    """

    hu: NDArray[np.float32]
    spacing: NDArray[np.float64]
    steps: NDArray[np.int64]
    body: Mask

    @classmethod
    def of(cls, volume: Volume) -> Self:
        """Make it from a scan."""
        spacing = np.array(volume.grid.spacing)
        steps = np.clip((COARSE_MM / spacing).astype(int), 1, volume.grid.shape)
        steps -= steps % np.where(steps > 1, 2, 1)
        hu = _block_means(volume.data, steps)
        coarse = spacing * steps
        hu = ndimage.gaussian_filter(hu, BLUR_MM / coarse)
        return cls(hu, coarse, steps, _body(hu, coarse))

    @property
    def voxel_ml(self) -> float:
        """Volume of a voxel."""
        return float(self.spacing.prod() / 1000)

    @property
    def bone(self) -> Mask:
        """Bone, and whatever else is as dense, within the body."""
        return self.body & (self.hu > BONE_HU)

    @property
    def air(self) -> Mask:
        """Air within the body."""
        return self.body & (self.hu < AIR_HU)

    def place(self, coarse: NDArray[np.float64] | Triple) -> Triple:
        """Voxel of the scan at a coarse voxel."""
        z, y, x = (float(at) for at in (np.asarray(coarse) + 0.5) * self.steps - 0.5)
        return z, y, x


def _block_means(data: NDArray[np.generic], steps: NDArray[np.int64]) -> NDArray[np.float32]:
    """Means of blocks, of every other voxel where blocks are large."""
    strides = np.maximum(1, steps // 2)
    counts, shape = steps // strides, np.array(data.shape) // steps
    ends = shape * steps
    sample = data[tuple(slice(0, int(end), int(by)) for end, by in zip(ends, strides, strict=True))]
    blocks = sample.reshape([int(n) for pair in zip(shape, counts, strict=True) for n in pair])
    return np.asarray(blocks.mean(axis=(1, 3, 5), dtype=np.float32))


def _body(hu: NDArray[np.float32], spacing: NDArray[np.float64]) -> Mask:
    """The largest piece of tissue, filled slice by slice; a table's shell is too thin for it."""
    rows, columns = 2 * (SHELL_MM / spacing[1:]).astype(int) + 1
    tissue = ndimage.binary_opening(hu > BODY_HU, np.ones((1, rows, columns)))
    pieces, count = ndimage.label(tissue)
    if not count:
        return np.zeros(hu.shape, bool)
    largest = pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()
    return np.stack([ndimage.binary_fill_holes(plane) for plane in largest])
