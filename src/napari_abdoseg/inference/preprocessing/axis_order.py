"""The axis order in which a model's networks take scans.

It is that of the file, unless the model's reader or card says RAS. TotalSegmentator turns a
scan by nibabel's ``as_closest_canonical``, and nnU-Net reads what comes of it with SimpleITK;
so networks see the axes superior, anterior and right in that order, and an oblique scan along
its own axes, as they do here. TotalSegmentator then resamples scans itself, by a linear
spline and to whole Hounsfield units, and labels back likewise; here nnU-Net's own resampling
does both, to the spacing that the plans name, which is the same. Masks differ by what the two
splines make of their surfaces.

Wasserthal, J., et al. (2023). TotalSegmentator: robust segmentation of 104 anatomic
structures in CT images. Radiology: Artificial Intelligence, 5(5), e230024;
https://github.com/wasserth/TotalSegmentator, ``nnunet.py`` and ``resampling.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration


def to_network_order(data: NDArray[Any], grid: Grid, trained: TrainedConfiguration) -> NDArray[Any]:
    """View of an array of (z, y, x) on a grid as the reader would give it."""
    if reorients(trained):
        return data[:, ::-1, ::-1]
    return grid.to_stored(data).transpose(2, 1, 0)


def from_network_order(
    data: NDArray[Any], grid: Grid, trained: TrainedConfiguration
) -> NDArray[Any]:
    """The way back."""
    if reorients(trained):
        return data[:, ::-1, ::-1]
    return grid.to_screen(data.transpose(2, 1, 0))


def network_order_spacing(grid: Grid, trained: TrainedConfiguration) -> list[float]:
    """mm along the axes that the reader gives."""
    return list(grid.spacing if reorients(trained) else grid.stored_spacing[::-1])


def box_from_network_order(
    extents: Sequence[slice], grid: Grid, trained: TrainedConfiguration
) -> Box:
    """Box of extents along the axes that the reader gives."""
    start, stop = zip(*((extent.start, extent.stop) for extent in extents), strict=True)
    if not reorients(trained):
        return Box.from_stored_bounds(start[::-1], stop[::-1], grid)
    _, height, width = grid.shape
    return Box(
        (start[0], height - stop[1], width - stop[2]),
        (stop[0], height - start[1], width - start[2]),
    )


def screen_axes(grid: Grid, trained: TrainedConfiguration) -> list[tuple[int, bool]]:
    """The networks' axis along each axis (z, y, x) of the screen, and whether it is turned."""
    turned_when_read = [(0, False), (1, True), (2, True)]
    stored = [(2 - axis, turned) for axis, turned in grid.stored_axes]
    backward = trained.model.planned.transpose_backward
    read = turned_when_read if reorients(trained) else stored
    return [(backward[axis], turned) for axis, turned in read]


def reorients(trained: TrainedConfiguration) -> bool:
    """Whether scans are turned to RAS+; all of nnU-Net's readers but one keep the stored order."""
    reader = trained.model.plans.get("image_reader_writer")
    return trained.model.card.axes == "RAS" or reader == "NibabelIOWithReorient"
