"""How deep in an organ a place is, between voxels too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid

STEP_MM = 1.0
"""Of the upright grid that the depth is known on."""

MARGIN_MM = 4.0
"""Around the organ."""

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Depth:
    """Depth in mm on an upright grid of cubes; negative outside.

    Parameters
    ----------
    values : ndarray, shape (s, p, l)
    origin : ndarray, shape (3,)
        Middle of the first cube in mm along (S, P, L) in the scanner's world.
    step_mm : float
        Edge of a cube.
    """

    values: NDArray[np.float64]
    origin: Points
    step_mm: float

    @classmethod
    def of(cls, mask: NDArray[np.bool_], box: Box, grid: Grid) -> Depth:
        """That of an organ.

        Parameters
        ----------
        mask : ndarray of bool, shape (z, y, x)
            The organ in its box.
        """
        room = np.ceil(MARGIN_MM / np.array(grid.spacing)).astype(int)
        padded = np.pad(mask, [(by, by) for by in room])
        # Halfway between a voxel of the organ and the next that is none, the depth is 0.
        depth = ndimage.distance_transform_edt(padded, sampling=grid.spacing)
        depth -= ndimage.distance_transform_edt(~padded, sampling=grid.spacing)
        to_mm = grid.screen_affine
        first = np.array(box.start) - room
        corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(padded.shape) - 1) + first
        mm = corners @ to_mm[:3, :3].T + to_mm[:3, 3]
        origin = mm.min(axis=0)
        shape = np.ceil((mm.max(axis=0) - origin) / STEP_MM).astype(int) + 1
        to_voxels = np.linalg.inv(to_mm)
        start = to_voxels[:3, :3] @ origin + to_voxels[:3, 3] - first
        values = ndimage.affine_transform(
            depth,
            to_voxels[:3, :3] * STEP_MM,
            start,
            tuple(shape),
            order=1,
            mode="constant",
            cval=float(depth.min()),
        )
        return cls(values, origin, STEP_MM)

    def at(self, points: NDArray[Any]) -> NDArray[np.float64]:
        """Depth at places in mm along (S, P, L), shape (..., 3)."""
        places = np.moveaxis((points - self.origin) / self.step_mm, -1, 0)
        return np.asarray(
            ndimage.map_coordinates(
                self.values, places, order=1, mode="constant", cval=float(self.values.min())
            )
        )
