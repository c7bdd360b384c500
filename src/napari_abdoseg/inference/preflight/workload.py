"""How much work a scan will be, counted and guessed before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, prod, sqrt

import numpy as np

from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.balanced.organ_region import MARGIN_MM, grow, middles
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.tiling import tile_starts
from napari_abdoseg.inference.preflight.usual_extent import usual_extent
from napari_abdoseg.inference.preprocessing.axis_order import (
    network_order_spacing,
    to_network_order,
)
from napari_abdoseg.inference.preprocessing.preprocessing import nonzero_box
from napari_abdoseg.inference.preprocessing.resampling import resampled_shape
from napari_abdoseg.inference.preset import Preset


@dataclass(frozen=True)
class Workload:
    """What one configuration has to do.

    Parameters
    ----------
    scan : int
        Voxels of the scan, without planes of zeros around it.
    image : int
        Voxels of the preprocessed image, at least of one patch.
    region : int
        Of those, the ones around organs that all folds look at again; 0 if none do.
    organs : int
        Voxels of the scan in the box of the organs.
    folds_everywhere, folds_around : int
        Folds that work on the whole image, and in the region.
    rounds : int
        How often each does in the region.
    passes : int
        Passes of a network in all; tiles of nothing but air may save some.
    """

    scan: int
    image: int
    region: int
    organs: int
    folds_everywhere: int
    folds_around: int
    rounds: int
    passes: int


def expect_workload(volume: Volume, trained: TrainedConfiguration, preset: Preset) -> Workload:
    """Work that a scan will be.

    Passes over the whole image are counted. Where a preset first looks for the organs, how
    far they seem to reach depends on the model: at least over their usual extent, at
    most over the whole image. The geometric mean of the two is the guess whose worst factor
    is the least. So it is for the rounds, one for each mirroring, until the organs are
    settled: all of them where organs are, and none elsewhere, or all of them everywhere.
    """
    forward = trained.model.planned.transpose_forward
    read = to_network_order(volume.data, volume.grid, trained).transpose(forward)
    box = nonzero_box(read[None])
    scan = [stop - start for start, stop in box]
    spacing = network_order_spacing(volume.grid, trained)
    old = [spacing[axis] for axis in forward]
    new = trained.image_spacing(spacing)
    image = resampled_shape(scan, old, new)
    patch = trained.planned.patch_size
    tiles = [*[1] * (len(image) - len(patch)), *patch]
    everywhere = [tile_starts(*axis) for axis in zip(image, tiles, strict=True)]
    organs = _organ_extents(volume, trained)
    around = [_tiles_in_middle(*axis) for axis in zip(organs, new, image, tiles, strict=True)]
    members = preset.count_members(trained)
    folds = len(preset.used(trained.members))
    again = preset.where_organs_are and members > 1
    share, most = prod(map(_share_around, organs, new, image)), members // folds
    rounds = max(_between(share * most, most), 1) if again else 0
    others = folds * rounds - 1 if again else 0
    return Workload(
        scan=prod(scan),
        image=_covered(everywhere, tiles),
        region=_between(_covered(around, tiles), _covered(everywhere, tiles)) if again else 0,
        organs=prod(
            min(ceil(extent / step), size)
            for extent, step, size in zip(organs, old, scan, strict=True)
        ),
        folds_everywhere=1 if again else folds,
        folds_around=folds if again else 0,
        rounds=rounds,
        passes=_count(everywhere) * (1 if again else members)
        + _between(_count(around), _count(everywhere)) * others,
    )


def _organ_extents(volume: Volume, trained: TrainedConfiguration) -> list[float]:
    """mm along the axes of the networks."""
    axes, usual = np.empty((0, 1, 2)), usual_extent(organ.name for organ in trained.model.organs)
    read = to_network_order(axes, volume.grid, trained).transpose(
        trained.model.planned.transpose_forward
    )
    return [usual[axis] for axis in read.shape]


def _tiles_in_middle(extent: float, spacing: float, size: int, tile: int) -> list[int]:
    """Where tiles begin along an axis that look at an organ of some mm in its middle."""
    length = min(ceil(extent / spacing), size)
    first = (size - length) // 2
    organ = grow(slice(first, first + length), ceil(MARGIN_MM / spacing), size)
    return [
        start
        for start, middle in middles(size, tile)
        if middle.start < organ.stop and organ.start < middle.stop
    ]


def _share_around(extent: float, spacing: float, size: int) -> float:
    """Of an axis, what an organ of some mm takes with a margin."""
    return min((extent + 2 * MARGIN_MM) / (spacing * size), 1)


def _between(least: float, most: float) -> int:
    """Geometric mean."""
    return round(sqrt(least * most))


def _count(starts: Sequence[Sequence[int]]) -> int:
    return prod(len(places) for places in starts)


def _covered(starts: Sequence[Sequence[int]], tiles: Sequence[int]) -> int:
    """Voxels that tiles cover together."""
    return prod(places[-1] + tile - places[0] for places, tile in zip(starts, tiles, strict=True))
