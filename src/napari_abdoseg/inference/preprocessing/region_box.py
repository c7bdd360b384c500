"""The part of a scan that lies around organs.

Their box in voxels is grown by margins in mm, rounded down to whole voxels and cut off where
the scan ends, as the baseline of PANORAMA does it, but for the last voxel along each axis,
which that leaves out (https://github.com/DIAGNijmegen/PANORAMA_baseline,
``src/data_utils.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.image.grid import Grid, Shape, Triple
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.inference.model.card import Region

ROUNDING = 1e-6


def organs_of(region: Region, found: Iterable[Organ]) -> list[str]:
    """Names of the organs that a region lies around, of those that its model finds."""
    return region.organs or [organ.name for organ in found]


def box_around(labels: LabelMap, region: Region) -> Box | None:
    """Box of the organs of a region with its margins; None if there are none of them."""
    wanted = organs_of(region, labels.organs)
    boxes = [box for organ, box in bounding_boxes(labels).items() if organ.name in wanted]
    return grown_box(reduce(Box.union, boxes), region, labels.grid) if boxes else None


def middle_box(extents: Triple, region: Region, grid: Grid) -> Box:
    """Box of organs of some mm along (z, y, x) in the middle of a scan, with a region's margins."""
    lengths = [
        min(max(round(extent / step), 1), size)
        for extent, step, size in zip(extents, grid.spacing, grid.shape, strict=True)
    ]
    start = [(size - length) // 2 for length, size in zip(lengths, grid.shape, strict=True)]
    stop = [first + length for first, length in zip(start, lengths, strict=True)]
    return grown_box(Box(_shape(start), _shape(stop)), region, grid)


def grown_box(box: Box, region: Region, grid: Grid) -> Box:
    """A box with a region's margins, within the scan."""
    mm = zip(region.margins, grid.spacing, strict=True)
    voxels = [int(margin / step + ROUNDING) for margin, step in mm]
    start = (max(first - by, 0) for first, by in zip(box.start, voxels, strict=True))
    stop = (min(end + by, size) for end, by, size in zip(box.stop, voxels, grid.shape, strict=True))
    return Box(_shape(start), _shape(stop))


def _shape(values: Iterable[int]) -> Shape:
    z, y, x = values
    return z, y, x
