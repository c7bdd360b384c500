"""Organs, or parts of them, where the CT shows what is no organ: air, fat, bone or metal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.plausibility.doubt import Certainty, Doubt, Kind
from napari_abdoseg.anatomy.plausibility.expected import Expected
from napari_abdoseg.anatomy.plausibility.organ_blocks import (
    AROUND,
    Mask,
    OrganBlocks,
    block_sums,
    numbered,
)
from napari_abdoseg.image.volume import Volume

MARGIN_HU = 60.0
"""Beyond the limits of a whole organ, for noise and for small things such as vessels."""
THICK_MM = 7.0
"""Thinner parts are borders that are a little off."""
LEAST_ML = 1.0
MOST = 3
"""Parts of an organ that are told of."""


def out_of_range(blocks: OrganBlocks, expected: Expected, scan: Volume) -> Iterator[Doubt]:
    """An organ whose median is out of its range, or else thick parts that are far out of it.

    Parameters
    ----------
    blocks : OrganBlocks
    expected : Expected
    scan : Volume
        In HU.
    """
    if expected.hu is None:
        return
    low, high = expected.hu
    hu = scan.data[blocks.box.slices]
    median = float(np.median(hu[blocks.mask]))
    if not low <= median <= high:
        words = f"its median is {median:.0f} HU, usual are {low:.0f} to {high:.0f}"
        yield _doubt(blocks, blocks.inside, Certainty.LIKELY, words)
        return
    means = _block_means(blocks, hu)
    yield from _parts(blocks, means, means < low - MARGIN_HU, Certainty.LIKELY)
    yield from _parts(blocks, means, means > high + MARGIN_HU, Certainty.POSSIBLE)


def _block_means(blocks: OrganBlocks, hu: NDArray[Any]) -> NDArray[np.float32]:
    """Mean HU of the organ's voxels in each block; not a number where there are none."""
    sums = block_sums(np.where(blocks.mask, hu, np.float32(0)), blocks.steps, np.float32)
    with np.errstate(invalid="ignore"):
        return np.asarray(sums / blocks.counts)


def _parts(
    blocks: OrganBlocks, means: NDArray[np.float32], mask: Mask, certainty: Certainty
) -> Iterator[Doubt]:
    size = [max(1, round(THICK_MM / step)) for step in blocks.spacing]
    numbers, count = numbered(ndimage.binary_opening(mask, np.ones(size, bool)), AROUND)
    voxels = np.bincount(numbers.ravel(), blocks.counts.ravel(), count + 1)
    voxels[0] = 0
    for number in np.argsort(-voxels, kind="stable")[:MOST]:
        there = numbers == number
        volume = blocks.volume_ml(there)
        if not voxels[number] or volume < LEAST_ML:
            return
        mean = float(np.average(means[there], weights=blocks.counts[there]))
        yield _doubt(
            blocks, there, certainty, f"{volume:.1f} ml of it have {mean:.0f} HU in the mean"
        )


def _doubt(blocks: OrganBlocks, there: Mask, certainty: Certainty, words: str) -> Doubt:
    (place,) = ndimage.find_objects(there.view(np.uint8))
    return Doubt(
        Kind.DENSITY,
        certainty,
        blocks.organ,
        blocks.voxel_in(there, blocks.mask),
        blocks.box_of(place),
        blocks.volume_ml(there),
        words,
    )
