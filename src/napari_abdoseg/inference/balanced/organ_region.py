"""The part of a scan where there are organs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.inference.network.prediction import Prediction
from napari_abdoseg.inference.network.tiling import tile_starts

if TYPE_CHECKING:
    import torch

LEAST_PROBABILITY = 0.05
"""Of being no background, for a voxel to be looked at again."""
LEAST_ML = 0.5
"""Of organ that a place of such voxels is expected to hold, the sum of their probabilities."""
MARGIN_MM = 20.0

Region = tuple[slice, ...]


@dataclass(frozen=True)
class Cover:
    """Those tiles of an image that look at its organs.

    Parameters
    ----------
    region : tuple of slice
        Box around the tiles.
    corners : tuple of tuple of int
        Where each begins in it, along z, y and x.
    patch : tuple of int
        Size of a tile along the same axes.
    """

    region: Region
    corners: tuple[tuple[int, ...], ...]
    patch: tuple[int, ...]

    def leaves_out(self, shape: Sequence[int]) -> NDArray[np.bool_]:
        """Voxels of the image, and one around the region, that no tile looks at.

        Parameters
        ----------
        shape : sequence of int
            (z, y, x) of the image.

        Returns
        -------
        ndarray of bool, shape (z + 2, y + 2, x + 2) of the region
            What lies beyond the ends of the image counts as looked at.
        """
        sizes = [part.stop - part.start for part in self.region]
        left = np.ones([size + 2 for size in sizes], dtype=bool)
        for corner in self.corners:
            left[tuple(slice(at + 1, at + 1 + n) for at, n in zip(corner, self.patch))] = False
        for axis, (part, size) in enumerate(zip(self.region, shape, strict=True)):
            faces = np.moveaxis(left, axis, 0)
            faces[0] &= part.start > 0
            faces[-1] &= part.stop < size
        return left


def cover_organs(first: Prediction, spacing: Sequence[float]) -> Cover | None:
    """Tiles that look at all that may be an organ.

    They lie where the half overlapping tiles of the whole image do, since networks answer
    tiles in other places slightly differently. A voxel is in the middle half of one of
    those along each axis, or at the end of the image; tiles are kept whose middle, with a
    margin, holds what may be an organ.

    Parameters
    ----------
    first : Prediction
        Of the whole image.
    spacing : sequence of float
        mm along the (z, y, x) of the image.

    Returns
    -------
    Cover or None
        None where there is no organ.
    """
    likely = find_likely_places(first, prod(spacing) / 1000)
    patch = first.trained.planned.patch_size
    sizes = (*[1] * (len(first.shape) - len(patch)), *patch)
    margins = [ceil(MARGIN_MM / step) for step in spacing]
    axes = [
        [(start, grow(middle, margin, size)) for start, middle in middles(size, tile)]
        for size, tile, margin in zip(first.shape, sizes, margins, strict=True)
    ]
    corners = [
        tuple(start for start, _ in tile)
        for tile in itertools.product(*axes)
        if likely[tuple(middle for _, middle in tile)].any()
    ]
    if not corners:
        return None
    lowest = [min(places) for places in zip(*corners, strict=True)]
    highest = [max(places) for places in zip(*corners, strict=True)]
    region = tuple(
        slice(low, min(high + tile, size))
        for low, high, tile, size in zip(lowest, highest, sizes, first.shape, strict=True)
    )
    within = [tuple(at - low for at, low in zip(corner, lowest)) for corner in corners]
    return Cover(region, tuple(within), sizes)


def find_likely_places(first: Prediction, voxel_ml: float) -> NDArray[np.bool_]:
    """Connected voxels that may be an organ's, where they are too much for a mere doubt.

    Parameters
    ----------
    first : Prediction
    voxel_ml : float
        Volume of a voxel.

    Returns
    -------
    ndarray of bool, shape (z, y, x)
    """
    from scipy import ndimage

    regions = first.trained.model.described.has_regions
    planes = [_organ_probability(plane, regions) for plane in first.logits.unbind(1)]
    likely = np.stack([plane > LEAST_PROBABILITY for plane in planes])
    probabilities = np.concatenate([plane[plane > LEAST_PROBABILITY] for plane in planes])
    places, count = ndimage.label(likely)
    expected_ml = voxel_ml * np.bincount(places[likely], probabilities, count + 1)
    worth_it: NDArray[np.bool_] = (expected_ml >= LEAST_ML)[places]
    return worth_it


def middles(size: int, tile: int) -> list[tuple[int, slice]]:
    """Where tiles begin along an axis, and their middle half; up to its end for the outer ones."""
    starts = tile_starts(size, tile)
    quarter = tile // 4
    return [
        (
            start,
            slice(
                start + quarter if start > starts[0] else 0,
                start + tile - quarter if start < starts[-1] else size,
            ),
        )
        for start in starts
    ]


def grow(extent: slice, margin: int, size: int) -> slice:
    """An extent with a margin, within an axis."""
    return slice(max(extent.start - margin, 0), min(extent.stop + margin, size))


def touches_border(winners: torch.Tensor, cover: Cover, shape: Sequence[int]) -> bool:
    """Whether an organ reaches voxels of the image that no tile looks at.

    Parameters
    ----------
    winners : Tensor, shape (*cover.region)
        0 for background.
    cover : Cover
    shape : sequence of int
        (z, y, x) of the image.
    """
    left, organs = cover.leaves_out(shape), winners.cpu().numpy() > 0
    inner = [slice(1, -1)] * organs.ndim
    for axis in range(organs.ndim):
        for neighbours in (slice(None, -2), slice(2, None)):
            beside = (*inner[:axis], neighbours, *inner[axis + 1 :])
            if (left[beside] & organs).any():
                return True
    return False


def _organ_probability(logits: torch.Tensor, regions: bool) -> NDArray[np.float32]:
    """Of being no background, from logits of shape (class, y, x)."""
    import torch

    single = logits.float()
    probability = torch.sigmoid(single.amax(0)) if regions else 1 - torch.softmax(single, 0)[0]
    organ: NDArray[np.float32] = probability.numpy()
    return organ
