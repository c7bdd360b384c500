"""An organ in blocks of voxels: what is small enough to be looked at often."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid, Shape, Triple
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

Mask = NDArray[np.bool_]
Counts = NDArray[np.uint16]

BLOCK_MM = 2.5
"""A block is at most so wide, or a voxel."""
AROUND = np.ones((3, 3, 3), bool)
"""Blocks that touch, be it with a corner, hang together."""


@dataclass(frozen=True, eq=False)
class OrganBlocks:
    """How many voxels of an organ are in each block of its box.

    Parameters
    ----------
    organ : Organ
    labels : LabelMap
    box : Box
        Of the organ.
    mask : ndarray of bool, shape (z, y, x)
        Where in the box the organ is.
    steps : tuple of int
        Voxels along each side of a block.
    counts : ndarray of uint16, shape (z, y, x)
        Of the organ's voxels.
    """

    organ: Organ
    labels: LabelMap
    box: Box
    mask: Mask
    steps: Shape
    counts: Counts

    @classmethod
    def of(cls, organ: Organ, box: Box, labels: LabelMap) -> Self:
        """Count an organ's voxels."""
        z, y, x = (max(1, int(BLOCK_MM / step)) for step in labels.grid.spacing)
        mask = labels.data[box.slices] == organ.value
        return cls(organ, labels, box, mask, (z, y, x), block_sums(mask, (z, y, x)))

    @property
    def grid(self) -> Grid:
        """Of the label map."""
        return self.labels.grid

    @property
    def spacing(self) -> Triple:
        """mm from block to block along (z, y, x)."""
        z, y, x = (step * by for step, by in zip(self.grid.spacing, self.steps, strict=True))
        return z, y, x

    @property
    def inside(self) -> Mask:
        """Blocks that have some of the organ."""
        return self.counts > 0

    def joined_by(self, others: Iterable[Organ]) -> Mask:
        """Blocks that have some of the organ or of others."""
        values = [other.value for other in others]
        if not values:
            return self.inside
        there = np.isin(self.labels.data[self.box.slices], values)
        return self.inside | (block_sums(there, self.steps) > 0)

    def volume_ml(self, blocks: Mask | None = None) -> float:
        """Volume of the organ in some blocks, or in all."""
        counts = self.counts if blocks is None else self.counts[blocks]
        return float(counts.sum(dtype=np.int64)) * self.grid.voxel_volume

    def box_of(self, place: tuple[slice, ...]) -> Box:
        """Box in the label map of an index into blocks."""
        start, stop = [], []
        for part, first, end, by in zip(
            place, self.box.start, self.box.stop, self.steps, strict=True
        ):
            start.append(first + part.start * by)
            stop.append(min(end, first + part.stop * by))
        (z0, y0, x0), (z1, y1, x1) = start, stop
        return Box((z0, y0, x0), (z1, y1, x1))

    def voxel_in(self, blocks: Mask, wanted: NDArray[Any]) -> Shape:
        """The wanted voxel in the block that is nearest to the middle of some blocks.

        Parameters
        ----------
        blocks : ndarray of bool
        wanted : ndarray of bool, of the box's shape
            True somewhere in each of these blocks.
        """
        place = nearest_to_middle(blocks, self.spacing)
        box = self.box_of(tuple(slice(at, at + 1) for at in place))
        within = tuple(
            slice(start - first, stop - first)
            for start, stop, first in zip(box.start, box.stop, self.box.start, strict=True)
        )
        z, y, x = nearest_to_middle(wanted[within], self.grid.spacing)
        return z + box.start[0], y + box.start[1], x + box.start[2]


def block_sums(voxels: NDArray[Any], steps: Shape, dtype: Any = np.uint16) -> NDArray[Any]:
    """Sum of the voxels of each block; the last blocks may have fewer voxels."""
    shape = [-(-size // by) * by for size, by in zip(voxels.shape, steps, strict=True)]
    sums: NDArray[Any] = np.zeros(shape, voxels.dtype)
    sums[tuple(slice(size) for size in voxels.shape)] = voxels
    for axis, by in enumerate(steps):
        first, *others = (sums[_every(axis, at, by)] for at in range(by))
        sums = first.astype(dtype)
        for other in others:
            sums += other
    return sums


def _every(axis: int, first: int, by: int) -> tuple[slice, ...]:
    return (*[slice(None)] * axis, slice(first, None, by))


def nearest_to_middle(mask: Mask, spacing: Sequence[float]) -> tuple[int, ...]:
    """The voxel of a mask that is nearest to its centroid."""
    voxels = np.argwhere(mask)
    distances = (((voxels - voxels.mean(axis=0)) * spacing) ** 2).sum(axis=1)
    return tuple(int(at) for at in voxels[distances.argmin()])


def numbered(mask: Mask, structure: Mask | None = None) -> tuple[NDArray[np.intp], int]:
    """Connected pieces of a mask, numbered from 1, and how many there are."""
    pieces, count = ndimage.label(mask, structure)
    return pieces, int(count)
