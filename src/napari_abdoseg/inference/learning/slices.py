"""Slices of a scan on the grid of its preprocessed image."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.inference.export.scan_axes import Neighbours, whole_axes
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.preprocessing.axis_order import screen_axes
from napari_abdoseg.inference.preprocessing.scan_crop import ScanCrop

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class ScanSlice:
    """A slice of a scan.

    Parameters
    ----------
    axis : int
        Of (z, y, x), across the slice.
    number : int
    """

    axis: int
    number: int


@dataclass(frozen=True, eq=False)
class ImageGrid:
    """Where the voxels of a scan, as it is shown, lie between those of its image.

    Parameters
    ----------
    shape : tuple of int
        (z, y, x) of the image.
    crop : ScanCrop
        The part of the scan that it shows.
    screen : sequence of (int, bool)
        The image's axis along each axis (z, y, x) of the screen, and whether it is turned.
    sizes : tuple of int
        (z, y, x) of the scan on screen.
    axes : sequence of Neighbours
        How the scan's voxels, cropped, lie between the image's along its axes.
    """

    shape: tuple[int, ...]
    crop: ScanCrop
    screen: Sequence[tuple[int, bool]]
    sizes: tuple[int, ...]
    axes: Sequence[Neighbours]

    @classmethod
    def of(
        cls, shape: tuple[int, ...], crop: ScanCrop, grid: Grid, trained: TrainedConfiguration
    ) -> ImageGrid:
        """Of the image of a scan."""
        screen = screen_axes(grid, trained)
        return cls(shape, crop, screen, grid.shape, whole_axes(shape, crop, trained))

    def place(self, axis: int, number: int) -> float | None:
        """Where a slice of the scan lies along the image's axis; None where it shows it not."""
        across, turned = self.screen[axis]
        shown = self.crop.box[across]
        at = (self.sizes[axis] - 1 - number if turned else number) - shown.start
        if not 0 <= at < shown.stop - shown.start:
            return None
        along = self.axes[across]
        return float(along.lower[at] + along.weight[at] * (along.upper[at] - along.lower[at]))

    def as_image(self, of_scan: NDArray[Any]) -> NDArray[Any]:
        """View of an array of (z, y, x) of the scan along the image's axes, cropped."""
        turned = tuple(slice(None, None, -1 if turned else 1) for _, turned in self.screen)
        order = np.argsort([axis for axis, _ in self.screen])
        return of_scan[turned].transpose(order)[self.crop.box]

    def nearest(self, axis: int) -> NDArray[np.intp]:
        """The scan's voxel, cropped, that is nearest to each of the image's along an axis."""
        along = self.axes[axis]
        places = (along.lower + along.weight * (along.upper - along.lower)).numpy()
        wanted = np.arange(self.shape[axis])
        after = np.searchsorted(places, wanted).clip(1, max(1, len(places) - 1))
        before = after - 1
        after = after.clip(max=len(places) - 1)
        closer = np.abs(places[after] - wanted) < np.abs(places[before] - wanted)
        return np.asarray(np.where(closer, after, before))

    def drawn(
        self, mask: NDArray[np.bool_], slices: Sequence[ScanSlice], near: Sequence[slice]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """What slices of a scan say of a mask, on the image.

        Parameters
        ----------
        mask : ndarray of bool, shape (z, y, x)
            On the scan.
        slices : sequence of ScanSlice
        near : sequence of slice
            The part of the image that they say anything of, along its axes.

        Returns
        -------
        known, true : Tensor of bool, each of the image's shape
        """
        import torch

        known, true = np.zeros((2, *self.shape), bool)
        shown = self.as_image(mask)
        for each in slices:
            place = self.place(each.axis, each.number)
            if place is None:
                continue
            across, turned = self.screen[each.axis]
            number = self.sizes[each.axis] - 1 - each.number if turned else each.number
            index: list[Any] = [self.nearest(axis) for axis in range(3)]
            index[across] = np.array([number - self.crop.box[across].start])
            at: list[Any] = [slice(None)] * 3
            at[across] = slice(round(place), round(place) + 1)
            true[tuple(at)] = shown[np.ix_(*index)]
            at = [*near]
            at[across] = slice(round(place), round(place) + 1)
            known[tuple(at)] = True
        return torch.from_numpy(known), torch.from_numpy(true)
