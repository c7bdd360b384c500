"""Planes that an organ ends at, as no organ does.

A round organ that loses area from plane to plane loses about as much in each; one that was
cut loses much in one plane. Where the scan is there, it tells whether the organ goes on
behind that plane.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.plausibility.doubt import Certainty, Doubt, Kind
from napari_abdoseg.anatomy.plausibility.expected import Expected
from napari_abdoseg.anatomy.plausibility.organ_blocks import (
    Mask,
    OrganBlocks,
    nearest_to_middle,
    numbered,
)
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.image.volume import Volume

AXES = (("lower", "upper"), ("front", "back"), ("right", "left"))
"""Names of an organ's ends along (z, y, x)."""
LEAST_CM2, LEAST_VOXELS = 2.0, 20
"""Smaller planes are chance."""
LEAST_SHARE = 0.2
"""Of the organ's largest section."""
STEEP, STEEP_ALONE = 2.5, 4.0
"""How many times more is lost than in any plane nearby, with and without a scan."""
NEARBY = 3
ALIKE_HU = 20.0
"""Medians before and behind the plane differ less if the organ goes on, or less than it varies."""
BESIDE_MM = 3.0
MM2_PER_CM2 = 100.0


@dataclass(frozen=True, eq=False)
class _End:
    """The plane in which an organ loses most, going one way along an axis.

    Parameters
    ----------
    axis : int
    upward : bool
        Along the axis, or against it.
    plane : int
        The last one before the loss, in the organ's box.
    lost : ndarray of bool
        Voxels of the plane behind which no label is.
    steepness : float
        How many times more is lost there than in any plane nearby.
    """

    axis: int
    upward: bool
    plane: int
    lost: Mask
    steepness: float

    @property
    def name(self) -> str:
        return AXES[self.axis][self.upward]


def cuts_of(blocks: OrganBlocks, expected: Expected, scan: Volume | None) -> Iterator[Doubt]:
    """Planes that an organ is cut at, but those where the scan ends.

    Parameters
    ----------
    blocks : OrganBlocks
    expected : Expected
    scan : Volume or None
        In HU.
    """
    if not expected.rounds_off:
        return
    free = _with_surroundings(blocks)
    for axis in range(3):
        for upward in (False, True):
            end = _steepest(blocks.mask, free, axis, upward)
            if end is not None:
                yield from _judged(end, blocks, scan)


def _with_surroundings(blocks: OrganBlocks) -> Mask:
    """Unlabelled voxels of the box and one voxel more; beyond the scan there are none."""
    start = [first - 1 for first in blocks.box.start]
    stop = [end + 1 for end in blocks.box.stop]
    shape = blocks.grid.shape
    inner = tuple(slice(max(0, a), min(b, n)) for a, b, n in zip(start, stop, shape, strict=True))
    pads = [(max(0, -a), max(0, b - n)) for a, b, n in zip(start, stop, shape, strict=True)]
    return np.pad(blocks.labels.data[inner] == 0, pads)


def _steepest(mask: Mask, free: Mask, axis: int, upward: bool) -> _End | None:
    along = np.moveaxis(mask, axis, 0)
    behind = np.moveaxis(free, axis, 0)[:, 1:-1, 1:-1]
    behind = behind[2:] if upward else behind[:-2]
    losses = np.array([np.count_nonzero(one & other) for one, other in zip(along, behind)])
    areas = np.count_nonzero(along, axis=(1, 2))
    plane = int(losses.argmax())
    near = np.r_[losses[max(0, plane - NEARBY) : plane], losses[plane + 1 : plane + 1 + NEARBY]]
    if losses[plane] < max(LEAST_VOXELS, LEAST_SHARE * areas.max()) or not len(near):
        return None
    steepness = losses[plane] / max(1, near.max())
    return _End(axis, upward, plane, along[plane] & behind[plane], float(steepness))


def _judged(end: _End, blocks: OrganBlocks, scan: Volume | None) -> Iterator[Doubt]:
    if end.steepness < (STEEP_ALONE if scan is None else STEEP):
        return
    face = _largest_part(end.lost)
    rows, columns = (step for axis, step in enumerate(blocks.grid.spacing) if axis != end.axis)
    area = float(face.sum()) * rows * columns / MM2_PER_CM2
    if face.sum() < LEAST_VOXELS or area < LEAST_CM2:
        return
    seen = ""
    if scan is not None:
        before, behind = _beside(end, face, blocks, scan)
        if abs(np.median(behind) - np.median(before)) > max(ALIKE_HU, float(before.std())):
            return
        seen = f", and the CT goes on with {np.median(behind):.0f} HU"
    where = np.argwhere(face)
    first, last = where.min(axis=0), where.max(axis=0)
    yield Doubt(
        Kind.CUT,
        Certainty.LIKELY if scan is None else Certainty.CERTAIN,
        blocks.organ,
        _voxel(nearest_to_middle(face, (rows, columns)), end, blocks.box),
        Box(_voxel(first, end, blocks.box), _voxel(last + 1, end, blocks.box, 1)),
        float(face.sum()) * blocks.grid.voxel_volume,
        f"its {end.name} end is a plane of {area:.0f} cm²{seen}",
    )


def _largest_part(face: Mask) -> Mask:
    parts, count = numbered(face)
    sizes = np.bincount(parts.ravel(), minlength=count + 1)
    sizes[0] = 0
    return np.asarray(parts == sizes.argmax())


def _beside(
    end: _End, face: Mask, blocks: OrganBlocks, scan: Volume
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """HU right before a plane and right behind it."""
    rows, columns = (part for axis, part in enumerate(blocks.box.slices) if axis != end.axis)
    along = np.moveaxis(scan.data, end.axis, 0)[:, rows, columns]
    plane, way = blocks.box.start[end.axis] + end.plane, 1 if end.upward else -1
    depth = max(1, int(BESIDE_MM / blocks.grid.spacing[end.axis]))
    before, behind = (
        np.concatenate([along[at][face] for at in planes if 0 <= at < len(along)])
        for planes in (
            [plane - way * by for by in range(depth)],
            [plane + way * (by + 1) for by in range(depth)],
        )
    )
    return before.astype(np.float64), behind.astype(np.float64)


def _voxel(place: Any, end: _End, box: Box, beyond: int = 0) -> Shape:
    """A voxel of the label map, by its place in a plane of the box."""
    at = [int(index) for index in place]
    at.insert(end.axis, end.plane + beyond)
    z, y, x = (index + first for index, first in zip(at, box.start, strict=True))
    return z, y, x
