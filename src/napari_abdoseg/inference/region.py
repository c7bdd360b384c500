"""The part of a scan where there are organs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from napari_abdoseg.inference.prediction import Prediction
from napari_abdoseg.inference.tiling import tile_starts

if TYPE_CHECKING:
    import torch

LEAST_PROBABILITY = 0.05
"""Of being no background, for a voxel to lie in the region."""
MARGIN_MM = 20.0

Region = tuple[slice, ...]
Axis = tuple[slice, int, int, int]
"""First to last voxel that may be an organ's, voxels to look at around them, size of the
image and size of the patch."""


@dataclass(frozen=True)
class Cover:
    """Tiles around the organs of an image.

    Parameters
    ----------
    region : tuple of slice
        Part of the image that the tiles cover together.
    starts : tuple of tuple of int
        Where tiles begin in it, along each axis; every combination is one.
    """

    region: Region
    starts: tuple[tuple[int, ...], ...]


def cover_organs(first: Prediction, spacing: Sequence[float]) -> Cover | None:
    """Tiles around all that may be an organ.

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
    extents = _occupied_extents(first.logits, first.trained.label_manager.has_regions)
    if extents is None:
        return None
    patch = first.trained.configured.patch_size
    sizes = [*[1] * (len(first.shape) - len(patch)), *patch]
    margins = [int(np.ceil(MARGIN_MM / step)) for step in spacing]
    starts = lay_tiles(list(zip(extents, margins, first.shape, sizes, strict=True)))
    region = tuple(
        slice(places[0], min(places[-1] + tile, size))
        for places, tile, size in zip(starts, sizes, first.shape, strict=True)
    )
    within = (tuple(at - places[0] for at in places) for places in starts)
    return Cover(region, tuple(within))


def lay_tiles(axes: Sequence[Axis]) -> list[list[int]]:
    """Where tiles begin along each axis, so that no organ is nearer to their ends than usual.

    Usual are the half overlapping tiles of the whole image, where each voxel lies in the
    middle half of one of them along each axis, or at the end of the image. Those of them
    are kept whose middle the organs meet, which gives the organs as all tiles would. Tiles
    in other places give slightly others, and are laid only where they halve the work.

    Parameters
    ----------
    axes : sequence of Axis
    """
    kept = [usual_tiles(*axis) for axis in axes]
    fewer = [min(usual_tiles(*axis), new_tiles(*axis), key=len) for axis in axes]
    return fewer if 2 * prod(map(len, fewer)) <= prod(map(len, kept)) else kept


def usual_tiles(extent: slice, margin: int, size: int, tile: int) -> list[int]:
    """Those tiles of a whole axis whose middle half the organs meet."""
    starts = tile_starts(size, tile)
    near = _grow(extent, margin, size)
    return [
        start
        for start in starts
        if (start + tile // 4 < near.stop or start == starts[0])
        and (start + tile - tile // 4 > near.start or start == starts[-1])
    ]


def new_tiles(extent: slice, margin: int, size: int, tile: int) -> list[int]:
    """Tiles around the organs of an axis, a quarter of a tile before and after them."""
    around = _grow(extent, max(margin, tile // 4), size)
    first = max(min(around.start, size - tile), 0)
    return [first + start for start in tile_starts(max(around.stop - first, tile), tile)]


def touches_border(winners: torch.Tensor, region: Region, shape: Sequence[int]) -> bool:
    """Whether an organ reaches a face of the region that is no face of the image.

    Parameters
    ----------
    winners : Tensor, shape (*region)
        0 for background.
    region : tuple of slice
    shape : sequence of int
        (z, y, x) of the image.
    """
    for axis, (part, size) in enumerate(zip(region, shape, strict=True)):
        first, last = winners.select(axis, 0), winners.select(axis, -1)
        if (part.start > 0 and first.any()) or (part.stop < size and last.any()):
            return True
    return False


def _occupied_extents(logits: torch.Tensor, regions: bool) -> list[slice] | None:
    """First to last plane, along each axis, of what may be an organ."""
    import torch

    planes = [_may_be_organ(plane.float(), regions) for plane in logits.unbind(1)]
    occupied = torch.stack(planes)
    extents = []
    for axis in range(occupied.ndim):
        others = [other for other in range(occupied.ndim) if other != axis]
        places = occupied.amax(others).nonzero().flatten().tolist()
        if not places:
            return None
        extents.append(slice(places[0], places[-1] + 1))
    return extents


def _may_be_organ(logits: torch.Tensor, regions: bool) -> torch.Tensor:
    """Where, in logits of shape (class, ...), an organ is likely enough."""
    import torch

    if regions:
        return torch.sigmoid(logits.amax(0)) > LEAST_PROBABILITY
    return torch.softmax(logits, 0)[0] < 1 - LEAST_PROBABILITY


def _grow(extent: slice, margin: int, size: int) -> slice:
    return slice(max(extent.start - margin, 0), min(extent.stop + margin, size))
