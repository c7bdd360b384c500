"""The grid of a scan: where each voxel lies, on screen and in its file.

A file stores a volume in any axis order and direction. On screen axes are
(z, y, x) and point to superior, posterior and left, the order of ITK. A `Grid`
goes between the two with views; nothing is resampled, nothing copied.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import nibabel as nib
import numpy as np
from numpy.typing import NDArray

Triple = tuple[float, float, float]
Shape = tuple[int, int, int]
Lattice = Triple | tuple[Triple, Triple, Triple]
"""mm from a voxel to the next along (z, y, x); where axes are not at right angles the three ways
themselves, as the columns of a matrix."""

_SCREEN_AXES_IN_RAS = ((2, 1), (1, -1), (0, -1))
"""RAS axis and direction of each screen axis: superior, posterior, left."""

_RAS_TO_SPL = np.array([[0, 0, 1, 0], [0, -1, 0, 0], [-1, 0, 0, 0], [0, 0, 0, 1]], dtype=float)


@dataclass(frozen=True, eq=False)
class Grid:
    """Shape and place of a volume.

    Parameters
    ----------
    stored_shape : tuple of int
        Shape in the file's own axis order.
    affine : ndarray, shape (4, 4)
        From stored voxel indices to RAS+ coordinates in mm.
    header : bytes
        The NIfTI header as found in the file; empty for a grid made in memory.

    Examples
    --------
    >>> from napari_abdoseg import Grid
    >>> grid = Grid.from_spacing((4, 5, 6), (2.0, 1.0, 1.0))
    >>> grid.shape, grid.stored_shape  # (z, y, x), and the file's own order
    ((4, 5, 6), (6, 5, 4))
    >>> grid.voxel_volume  # ml
    0.002
    """

    stored_shape: Shape
    affine: NDArray[np.float64]
    header: bytes = field(default=b"", repr=False)

    @classmethod
    def from_spacing(
        cls,
        shape: Shape,
        spacing: Triple,
        origin: Triple = (0, 0, 0),
        orientation: str = "LPS",
    ) -> Grid:
        """Axis-aligned grid made in memory.

        Parameters
        ----------
        shape : tuple of int
            (z, y, x).
        spacing : tuple of float
            mm along (z, y, x).
        origin : tuple of float, optional
            Centre of voxel (0, 0, 0) in mm along (S, P, L).
        orientation : str, optional
            Where the stored axes point to; the default is the order of ITK.
        """
        stored_to_spl = np.zeros((4, 4))
        stored_to_spl[:3, 3] = origin
        stored_to_spl[3, 3] = 1
        stored_shape = []
        for stored, code in enumerate(orientation):
            screen = "SPL".find(code) if code in "SPL" else "IAR".index(code)
            stored_to_spl[screen, stored] = spacing[screen]
            if code in "IAR":
                stored_to_spl[screen, stored] *= -1
                stored_to_spl[screen, 3] += spacing[screen] * (shape[screen] - 1)
            stored_shape.append(shape[screen])
        i, j, k = stored_shape
        return cls((i, j, k), np.linalg.inv(_RAS_TO_SPL) @ stored_to_spl)

    @cached_property
    def stored_axes(self) -> tuple[tuple[int, bool], ...]:
        """Stored axis of each screen axis, and whether it runs the other way."""
        orientation = nib.orientations.io_orientation(self.affine)
        axes = []
        for ras_axis, direction in _SCREEN_AXES_IN_RAS:
            stored = int(np.flatnonzero(orientation[:, 0] == ras_axis)[0])
            axes.append((stored, bool(orientation[stored, 1] * direction < 0)))
        return tuple(axes)

    @property
    def _flips(self) -> tuple[slice, ...]:
        return tuple(slice(None, None, -1 if flipped else 1) for _, flipped in self.stored_axes)

    def to_screen(self, stored: NDArray[Any]) -> NDArray[Any]:
        """View of an array in stored order as (z, y, x)."""
        return stored.transpose([axis for axis, _ in self.stored_axes])[self._flips]

    def to_stored(self, screen: NDArray[Any]) -> NDArray[Any]:
        """View of a (z, y, x) array in the file's own order."""
        return screen[self._flips].transpose(np.argsort([axis for axis, _ in self.stored_axes]))

    def stored_index(self, screen: Sequence[float] | NDArray[Any]) -> NDArray[np.float64]:
        """(z, y, x) coordinates of voxels as coordinates in the file's own order."""
        return np.asarray((self._screen_to_stored @ [*screen, 1.0])[:3])

    def screen_index(self, stored: Sequence[float] | NDArray[Any]) -> NDArray[np.float64]:
        """Coordinates of voxels in the file's own order as (z, y, x) coordinates."""
        return np.asarray((np.linalg.inv(self._screen_to_stored) @ [*stored, 1.0])[:3])

    def ras_position(self, screen: Sequence[float]) -> NDArray[np.float64]:
        """RAS+ coordinates in mm of (z, y, x) coordinates of voxels."""
        return np.asarray((self.affine @ [*self.stored_index(screen), 1.0])[:3])

    @property
    def shape(self) -> Shape:
        """Shape as (z, y, x)."""
        z, y, x = (self.stored_shape[axis] for axis, _ in self.stored_axes)
        return z, y, x

    @property
    def on_screen(self) -> Grid:
        """Grid of a file that stores the same voxels as (z, y, x)."""
        return Grid(self.shape, np.asarray(self.affine @ self._screen_to_stored))

    def part(self, start: Shape, stop: Shape) -> Grid:
        """Grid of the voxels from ``start`` to before ``stop``, both (z, y, x)."""
        corners = np.stack([self.stored_index(start), self.stored_index(np.subtract(stop, 1))])
        first, last = np.rint(corners.min(axis=0)), np.rint(corners.max(axis=0))
        affine = self.affine.copy()
        affine[:3, 3] = (self.affine @ [*first, 1.0])[:3]
        i, j, k = (int(size) for size in last - first + 1)
        return Grid((i, j, k), affine)

    @property
    def stored_spacing(self) -> Triple:
        """Distance between voxel centres in mm, in stored order.

        NIfTI keeps it in single precision: rounding to that gives the header's
        own number back from a rotated affine.
        """
        norms = np.linalg.norm(self.affine[:3, :3], axis=0).astype(np.float32)
        i, j, k = (float(norm) for norm in norms)
        return i, j, k

    @property
    def spacing(self) -> Triple:
        """Distance between voxel centres in mm along (z, y, x)."""
        z, y, x = (self.stored_spacing[axis] for axis, _ in self.stored_axes)
        return z, y, x

    @cached_property
    def _screen_to_stored(self) -> NDArray[np.float64]:
        """From (z, y, x) indices to stored ones, shape (4, 4)."""
        matrix = np.zeros((4, 4))
        matrix[3, 3] = 1
        for screen, (stored, flipped) in enumerate(self.stored_axes):
            matrix[stored, screen] = -1 if flipped else 1
            matrix[stored, 3] = self.stored_shape[stored] - 1 if flipped else 0
        return matrix

    @cached_property
    def screen_affine(self) -> NDArray[np.float64]:
        """From (z, y, x) indices to (S, P, L) coordinates in mm, shape (4, 4)."""
        return np.asarray(_RAS_TO_SPL @ self.affine @ self._screen_to_stored)

    @property
    def origin(self) -> Triple:
        """Centre of voxel (0, 0, 0) in mm along (S, P, L), as it is shown.

        The centre of the scan is shown where it lies; a scan whose axes are
        oblique is turned about it to the nearest axes.
        """
        middle = (np.array(self.shape) - 1) / 2
        centre = self.screen_affine[:3, :3] @ middle + self.screen_affine[:3, 3]
        s, p, left = (float(value) for value in centre - middle * self.spacing)
        return s, p, left

    @property
    def voxel_volume(self) -> float:
        """Volume of a voxel in ml."""
        return float(abs(np.linalg.det(self.affine[:3, :3])) / 1000)

    @cached_property
    def is_sheared(self) -> bool:
        """Whether the axes are not at right angles."""
        return is_sheared(self.affine)

    @property
    def volume_share(self) -> float:
        """Volume of a voxel over the product of its edges; below 1 where axes are sheared."""
        return voxel_volume_mm3(self.lattice) / math.prod(self.spacing)

    @cached_property
    def lattice(self) -> Lattice:
        """How far it is from a voxel to the next, for measures in space: see `in_mm`."""
        if not self.is_sheared:
            return self.spacing
        z, y, x = (_triple(row) for row in self.screen_affine[:3, :3])
        return z, y, x

    @property
    def axis_codes(self) -> str:
        """Where the stored axes point to, such as ``"RAS"`` or ``"LPS"``."""
        return "".join(nib.aff2axcodes(self.affine))

    @property
    def obliquity(self) -> float:
        """Largest angle in degrees between an axis of the scan and of the screen."""
        directions = self.screen_affine[:3, :3] / self.spacing
        return float(np.degrees(np.arccos(np.clip(directions.diagonal().min(), -1, 1))))

    def matches(self, other: Grid, tolerance: float = 1e-3) -> bool:
        """Whether every voxel lies at the same place, to ``tolerance`` mm."""
        if self.stored_shape != other.stored_shape:
            return False
        ends = [(0, size - 1) for size in self.stored_shape]
        corners = np.array(list(itertools.product(*ends, [1])))
        return bool(np.abs(corners @ (self.affine - other.affine).T).max() <= tolerance)


def in_mm(indices: NDArray[Any], lattice: Lattice) -> NDArray[np.float64]:
    """Places in mm of voxels, shape (n, 3), along axes at right angles."""
    matrix = np.array(lattice)
    return np.asarray(indices * matrix if matrix.ndim == 1 else indices @ matrix.T)


def voxel_volume_mm3(lattice: Lattice) -> float:
    """Volume of a voxel in mm³."""
    matrix = np.array(lattice)
    return float(math.prod(matrix) if matrix.ndim == 1 else abs(np.linalg.det(matrix)))


def is_sheared(affine: NDArray[np.floating[Any]]) -> bool:
    """Whether the axes of an affine are not at right angles."""
    directions = _directions(affine)
    return bool(np.abs(directions.T @ directions - np.eye(3)).max() > 1e-3)


def is_flat(affine: NDArray[np.floating[Any]]) -> bool:
    """Whether an affine gives voxels no volume."""
    if not np.linalg.norm(affine[:3, :3], axis=0).all():
        return True
    return bool(abs(np.linalg.det(_directions(affine))) < 1e-4)


def _directions(affine: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    return np.asarray(affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0))


def _triple(values: Any) -> Triple:
    a, b, c = (float(value) for value in values)
    return a, b, c
