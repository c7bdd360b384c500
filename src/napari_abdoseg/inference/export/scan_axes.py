"""Where a scan's voxels lie between those of a prediction.

Isensee, F., Jaeger, P. F., Kohl, S. A. A., Petersen, J., & Maier-Hein, K. H.
(2021). nnU-Net. Nature Methods, 18(2), 203-211.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.prediction import PredictionOnScan
from napari_abdoseg.inference.preprocessing.resampling import find_axis_apart, nearest_slices
from napari_abdoseg.inference.preprocessing.scan_crop import ScanCrop
from napari_abdoseg.inference.preprocessing.scan_part import in_network_order

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Neighbours:
    """Where along an axis each new voxel lies between old ones.

    Parameters
    ----------
    lower, upper : Tensor of int64, shape (new size,)
        Old voxels on both sides; the same where the new one lies on it.
    weight : Tensor of float32, shape (new size,)
        Share of the upper.
    """

    lower: torch.Tensor
    upper: torch.Tensor
    weight: torch.Tensor

    @property
    def nearest(self) -> torch.Tensor:
        """The old voxel that is nearer to each new one."""
        import torch

        return torch.where(self.weight < 0.5, self.lower, self.upper)

    def among(self, first: int, stop: int) -> tuple[slice, Neighbours]:
        """The new voxels that lie between old ones from ``first`` to before ``stop``."""
        inside = ((self.lower >= first) & (self.upper < stop)).nonzero().flatten().tolist()
        new = slice(inside[0], inside[-1] + 1) if inside else slice(0, 0)
        return new, Neighbours(self.lower[new] - first, self.upper[new] - first, self.weight[new])

    def repeated_beyond(self, part: slice) -> Neighbours:
        """As if there were only a part of the old voxels, its ends repeated beyond it."""
        lower, upper = (
            old.clamp(part.start, part.stop - 1) - part.start for old in (self.lower, self.upper)
        )
        return Neighbours(lower, upper, self.weight)

    def part(self, new: slice) -> tuple[slice, Neighbours]:
        """The old voxels around some new ones, and where among them these lie."""
        lower, upper = self.lower[new], self.upper[new]
        first, stop = min(lower.tolist(), default=0), max(upper.tolist(), default=-1) + 1
        return slice(first, stop), Neighbours(lower - first, upper - first, self.weight[new])

    def turned(self) -> Neighbours:
        """New voxels the other way round."""
        return Neighbours(self.lower.flip(0), self.upper.flip(0), self.weight.flip(0))


def shared_layers(axes: Sequence[Neighbours]) -> Iterator[tuple[list[tuple[int, int]], range]]:
    """New voxels that lie between the same old ones on each of some axes.

    Yields
    ------
    ends : list of (int, int)
        The old voxels below and above, on each axis.
    between : range
        The new ones, one after the other.
    """
    lowers = list(zip(*(axis.lower.tolist() for axis in axes), strict=True))
    first = 0
    for lower, same in groupby(lowers):
        between = range(first, first + len(list(same)))
        first = between.stop
        uppers = (int(axis.upper[between.start : between.stop].max()) for axis in axes)
        yield list(zip(lower, uppers, strict=True)), between


def scan_axes(on_scan: PredictionOnScan) -> list[Neighbours]:
    """How the scan's voxels, cropped, lie between the prediction's, along z, y and x."""
    axes, region = _whole_axes(on_scan), on_scan.prediction.region
    return [axis.repeated_beyond(part) for axis, part in zip(axes, region, strict=True)]


def scan_region(on_scan: PredictionOnScan) -> list[slice]:
    """The scan's voxels that lie between the prediction's.

    Returns
    -------
    list of slice
        Along (z, y, x), in the axis order of the model's reader.
    """
    region = [inside for inside, _ in inner_axes(on_scan)]
    return [region[axis] for axis in on_scan.trained.model.planned.transpose_backward]


def inner_axes(on_scan: PredictionOnScan) -> list[tuple[slice, Neighbours]]:
    """The scan's voxels that lie between the prediction's, and how, along its axes."""
    axes, region = _whole_axes(on_scan), on_scan.prediction.region
    inner = []
    for axis, part, extent in zip(axes, region, on_scan.crop.box, strict=True):
        inside, neighbours = axis.among(part.start, part.stop)
        first = extent.start
        inner.append((slice(first + inside.start, first + inside.stop), neighbours))
    return inner


def image_part(
    box: Box, shape: Sequence[int], crop: ScanCrop, grid: Grid, trained: TrainedConfiguration
) -> tuple[slice, ...] | None:
    """The voxels of a preprocessed image on which those of a box of the scan depend.

    Parameters
    ----------
    box : Box
    shape : sequence of int
        (z, y, x) of the image.
    crop : ScanCrop
        The part of the scan that the image shows.
    grid : Grid
        Of the scan.
    trained : TrainedConfiguration

    Returns
    -------
    tuple of slice or None
        Along (z, y, x); None where the image shows nothing of the box.
    """
    part = []
    extents = in_network_order(box, grid, trained)
    for axis, extent, shown in zip(
        whole_axes(shape, crop, trained), extents, crop.box, strict=True
    ):
        first, stop = max(extent.start, shown.start), min(extent.stop, shown.stop)
        if first >= stop:
            return None
        old, _ = axis.part(slice(first - shown.start, stop - shown.start))
        part.append(old)
    return tuple(part)


def _whole_axes(on_scan: PredictionOnScan) -> list[Neighbours]:
    return whole_axes(on_scan.prediction.shape, on_scan.crop, on_scan.trained)


def whole_axes(
    shape: Sequence[int], crop: ScanCrop, trained: TrainedConfiguration
) -> list[Neighbours]:
    """How the scan's voxels, cropped, lie between those of an image of ``shape`` (z, y, x)."""
    new_spacing = [crop.spacing[axis] for axis in trained.model.planned.transpose_forward]
    spacing = trained.image_spacing(crop.spacing)
    axis_apart = find_axis_apart(spacing, new_spacing)
    return [
        nearest_neighbours(old, new) if axis == axis_apart else linear_neighbours(old, new)
        for axis, (old, new) in enumerate(zip(shape, crop.shape, strict=True))
    ]


def linear_neighbours(old: int, new: int) -> Neighbours:
    """An axis interpolated as scikit-image's `resize` does, values repeated beyond its ends."""
    import torch

    places = np.clip(old / new * (np.arange(new) + 0.5) - 0.5, 0, old - 1)
    lower = np.floor(places).astype(np.int64)
    weight = places - lower
    upper = lower + (weight > 0)
    return Neighbours(
        torch.from_numpy(lower),
        torch.from_numpy(upper),
        torch.from_numpy(weight.astype(np.float32)),
    )


def nearest_neighbours(old: int, new: int) -> Neighbours:
    """An axis of nearest slices."""
    import torch

    nearest = torch.from_numpy(nearest_slices(old, new))
    return Neighbours(nearest, nearest, torch.zeros(new))
