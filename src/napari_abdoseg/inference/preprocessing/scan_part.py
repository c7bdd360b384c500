"""A part of a scan, as a scan of its own and as networks see it in the whole."""

from __future__ import annotations

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.preprocessing.axis_order import screen_axes
from napari_abdoseg.inference.preprocessing.scan_crop import ScanCrop


def part_of(volume: Volume, box: Box | None) -> Volume:
    """The voxels of a scan in a box, which are not copied; the scan itself without one."""
    if box is None:
        return volume
    return Volume(volume.data[box.slices], volume.grid.part(box.start, box.stop), volume.path)


def crop_in_whole(
    crop: ScanCrop, box: Box | None, grid: Grid, trained: TrainedConfiguration
) -> ScanCrop:
    """A crop of a part of a scan as one of the whole.

    Parameters
    ----------
    crop : ScanCrop
    box : Box or None
        The part; None for the whole.
    grid : Grid
        Of the whole.
    trained : TrainedConfiguration
        In the axis order of whose networks the crop is.
    """
    if box is None:
        return crop
    starts = [extent.start for extent in in_network_order(box, grid, trained)]
    sizes = [0, 0, 0]
    for (axis, _), size in zip(screen_axes(grid, trained), grid.shape, strict=True):
        sizes[axis] = size
    inside = zip(crop.box, starts, strict=True)
    shifted = tuple(slice(part.start + by, part.stop + by) for part, by in inside)
    return ScanCrop(crop.spacing, tuple(sizes), shifted)


def in_network_order(box: Box, grid: Grid, trained: TrainedConfiguration) -> list[slice]:
    """Extents of a box along the axes of the networks."""
    extents = [slice(0)] * 3
    sides = zip(screen_axes(grid, trained), box.start, box.stop, grid.shape, strict=True)
    for (axis, turned), start, stop, size in sides:
        extents[axis] = slice(size - stop, size - start) if turned else slice(start, stop)
    return extents
