"""Holes that an organ encloses."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.plausibility.doubt import Certainty, Doubt, Kind
from napari_abdoseg.anatomy.plausibility.expected import Expected
from napari_abdoseg.anatomy.plausibility.organ_blocks import Mask, OrganBlocks, block_sums, numbered
from napari_abdoseg.image.volume import Volume

LEAST_ML = 0.1
ALIKE_HU = 40.0
"""A hole whose mean differs less from the organ's is the organ, one that differs more a cyst."""
MOST = 5
"""Holes of an organ that are told of."""


def holes_in(blocks: OrganBlocks, expected: Expected, scan: Volume | None) -> Iterator[Doubt]:
    """Unlabelled voxels with the organ all around, the largest first.

    Holes whose wall is thinner than a block are taken for open.

    Parameters
    ----------
    blocks : OrganBlocks
    expected : Expected
    scan : Volume or None
        In HU: what differs from the organ, such as a cyst, is no hole in the mask.
    """
    if expected.encloses:
        return
    unlabelled = blocks.labels.data[blocks.box.slices] == 0
    counts = block_sums(unlabelled, blocks.steps)
    enclosed, count = _enclosed(blocks, counts)
    volumes = np.bincount(enclosed.ravel(), counts.ravel(), count + 1) * blocks.grid.voxel_volume
    volumes[0] = 0
    places = ndimage.find_objects(enclosed)
    for number in np.argsort(-volumes, kind="stable")[:MOST]:
        if volumes[number] < LEAST_ML:
            return
        hole = (enclosed == number) & (counts > 0)
        box = blocks.box_of(places[number - 1])
        compared = _compared(blocks, box.slices, scan)
        if compared is None:
            continue
        certainty, seen = compared
        yield Doubt(
            Kind.HOLE,
            certainty,
            blocks.organ,
            blocks.voxel_in(hole, unlabelled),
            box,
            float(volumes[number]),
            f"a hole of {volumes[number]:.1f} ml{seen}",
        )


def _enclosed(blocks: OrganBlocks, counts: NDArray[np.uint16]) -> tuple[NDArray[np.intp], int]:
    """Numbered regions of blocks that are not all of the organ, away from the outside."""
    full = block_sums(np.ones(blocks.mask.shape, bool), blocks.steps)
    open_blocks: Mask = np.pad(blocks.counts < full, 1, constant_values=True)
    numbers, count = numbered(open_blocks)
    numbers[numbers == numbers[0, 0, 0]] = 0
    return numbers[1:-1, 1:-1, 1:-1], count


def _compared(
    blocks: OrganBlocks, place: tuple[slice, ...], scan: Volume | None
) -> tuple[Certainty, str] | None:
    """How sure it is that a hole should be filled; None where the scan shows something else."""
    if scan is None:
        return Certainty.LIKELY, ""
    unlabelled = blocks.labels.data[place] == 0
    within = float(scan.data[place][unlabelled].mean(dtype=np.float64))
    organ = scan.data[blocks.box.slices][blocks.mask]
    mean, spread = (float(each(organ, dtype=np.float64)) for each in (np.mean, np.std))
    if abs(within - mean) > max(ALIKE_HU, 2 * spread):
        return None
    return Certainty.CERTAIN, f", {within:.0f} HU as the rest, which has {mean:.0f}"
