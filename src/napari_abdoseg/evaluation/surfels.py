"""Where the surface of a mask is: surface elements ("surfels") at voxel corners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.evaluation.surfel_area import surfel_areas
from napari_abdoseg.image.grid import Lattice, Shape


@dataclass(frozen=True, eq=False)
class Surfels:
    """Surface elements of a mask, at the corners between its voxels.

    Attributes
    ----------
    corners : ndarray of uint8, shape (z + 1, y + 1, x + 1)
        Code of the eight voxels around each corner of the array, those outside
        the array being empty.
    places : ndarray of intp, shape (n,)
        Flat indices of the corners that the surface passes.
    lattice : Lattice
        mm from a voxel to the next along (z, y, x).
    """

    corners: NDArray[np.uint8]
    places: NDArray[np.intp]
    lattice: Lattice

    def __len__(self) -> int:
        return len(self.places)

    @property
    def shape(self) -> Shape:
        """Of the corners, along (z, y, x)."""
        z, y, x = self.corners.shape
        return z, y, x

    @property
    def codes(self) -> NDArray[np.uint8]:
        """Code of each surfel, shape (n,)."""
        return self.corners.ravel()[self.places]

    @property
    def areas(self) -> NDArray[np.float64]:
        """Area of each surfel in mm², shape (n,)."""
        return surfel_areas(self.lattice)[self.codes]

    def passes(self) -> NDArray[np.bool_]:
        """Whether the surface passes each corner, shape (z + 1, y + 1, x + 1)."""
        return _is_border(self.corners)


def find_surfels(mask: NDArray[np.bool_], lattice: Lattice) -> Surfels:
    """Surfels of a mask, closed also where the array ends.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
    lattice : Lattice
        mm from a voxel to the next along (z, y, x).
    """
    codes: NDArray[Any] = np.pad(mask, 1).view(np.uint8)
    for axis, bits in ((2, 1), (1, 2), (0, 4)):
        lower, upper = (
            codes[(slice(None),) * axis + (part,)] for part in (slice(-1), slice(1, None))
        )
        codes = (lower << np.uint8(bits)) | upper
    return Surfels(codes, np.flatnonzero(_is_border(codes)), lattice)


def _is_border(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    return (codes + np.uint8(1)) > 1  # inside becomes 0, outside 1
