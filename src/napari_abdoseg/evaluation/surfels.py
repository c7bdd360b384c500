"""Where the surface of a mask is: surface elements ("surfels") at voxel corners."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

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
    lattice : Lattice
        mm from a voxel to the next along (z, y, x).
    """

    corners: NDArray[np.uint8]
    lattice: Lattice

    def __len__(self) -> int:
        return len(self.places)

    @property
    def shape(self) -> Shape:
        """Of the corners, along (z, y, x)."""
        z, y, x = self.corners.shape
        return z, y, x

    @cached_property
    def passes(self) -> NDArray[np.bool_]:
        """Whether the surface passes each corner, shape (z + 1, y + 1, x + 1)."""
        return (self.corners + np.uint8(1)) > 1  # inside becomes 0, outside 1

    @cached_property
    def places(self) -> NDArray[np.intp]:
        """Flat indices of the corners that the surface passes, shape (n,)."""
        return np.flatnonzero(self.passes)

    @property
    def codes(self) -> NDArray[np.uint8]:
        """Code of each surfel, shape (n,)."""
        return self.corners.take(self.places)

    @property
    def areas(self) -> NDArray[np.float64]:
        """Area of each surfel in mm², shape (n,)."""
        return surfel_areas(self.lattice).take(self.codes)


def find_surfels(mask: NDArray[np.bool_], lattice: Lattice) -> Surfels:
    """Surfels of a mask, closed also where the array ends.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
    lattice : Lattice
        mm from a voxel to the next along (z, y, x).
    """
    z, y, x = (size + 1 for size in mask.shape)
    steps = (1, x, y * x)
    begin, end = sum(steps), sum(steps) + z * y * x
    codes, doubled = np.zeros((2, end), np.uint8)
    codes[begin:].reshape(z, y, x)[:-1, :-1, :-1] = mask  # what ends a row is before the next one
    for step, place in zip(steps, (2, 4, 16), strict=True):
        np.multiply(codes, np.uint8(place), out=doubled)
        doubled[:-step] |= codes[step:]
        codes, doubled = doubled, codes
    return Surfels(codes[: end - begin].reshape(z, y, x), lattice)
