"""The part of a scan that networks are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class ScanCrop:
    """The part of a scan that a preprocessed image shows.

    Parameters
    ----------
    spacing : tuple of float
        mm along (z, y, x) of the scan, in the axis order of the model's reader.
    scan_shape : tuple of int
        (z, y, x) of the whole scan, in the axis order of the networks.
    box : tuple of slice
        The part along the same axes; what is beyond it is all zero.
    """

    spacing: tuple[float, ...]
    scan_shape: tuple[int, ...]
    box: tuple[slice, ...]

    @classmethod
    def from_nnunet(cls, properties: Mapping[str, Any]) -> Self:
        """From the properties of a scan that nnU-Net has preprocessed."""
        return cls(
            tuple(properties["spacing"]),
            tuple(properties["shape_before_cropping"]),
            tuple(slice(*extent) for extent in properties["bbox_used_for_cropping"]),
        )

    def for_nnunet(self) -> dict[str, Any]:
        """Properties of the scan that nnU-Net's export takes."""
        return {
            "spacing": list(self.spacing),
            "shape_before_cropping": self.scan_shape,
            "bbox_used_for_cropping": [[extent.start, extent.stop] for extent in self.box],
            "shape_after_cropping_and_before_resampling": self.shape,
        }

    @property
    def shape(self) -> tuple[int, ...]:
        """(z, y, x) of the part, in the axis order of the networks."""
        return tuple(extent.stop - extent.start for extent in self.box)
