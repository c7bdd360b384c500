"""Areas of surface elements ("surfels") between eight voxels."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from skimage.measure import marching_cubes

from napari_abdoseg.image.grid import Lattice

INSIDE = 0xFF
"""Code of eight voxels that are all in the mask; 0 is the code of eight outside."""


@cache
def surfel_areas(lattice: Lattice) -> NDArray[np.float64]:
    """Area of the surface between 2 × 2 × 2 voxels, for each way to fill them.

    The surface is that of the original marching cubes [1]_ through the middles of
    the edges; where more than four voxels are filled, that of the empty ones. These
    are the areas of DeepMind's ``surface-distance`` [2]_.

    Parameters
    ----------
    lattice : Lattice
        mm from a voxel to the next along the three axes.

    Returns
    -------
    ndarray of float64, shape (256,)
        mm², by code: the first voxel is the highest bit, the last axis runs fastest.

    References
    ----------
    .. [1] Lorensen, W. E. and Cline, H. E. (1987). Marching cubes: a high resolution
       3D surface construction algorithm. Computer Graphics, 21(4), 163-169.
    .. [2] Nikolov, S. et al. (2021). Clinically applicable segmentation of head and
       neck anatomy for radiotherapy. Journal of Medical Internet Research, 23(7),
       e26151; https://github.com/google-deepmind/surface-distance
    """
    vectors = [_area_vectors(normals, lattice) for normals in _unit_normals()]
    areas = np.array([np.linalg.norm(of_code, axis=1).sum() for of_code in vectors])
    areas.flags.writeable = False
    return areas


def _area_vectors(normals: NDArray[np.float64], lattice: Lattice) -> NDArray[np.float64]:
    """Normals as long as areas in mm², of those of voxels of edge 1; shape (n, 3)."""
    matrix = np.array(lattice)
    if matrix.ndim == 1:
        z, y, x = matrix
        return np.asarray(normals * np.array((y * x, z * x, z * y)))
    cofactors = np.linalg.det(matrix) * np.linalg.inv(matrix).T
    return np.asarray(normals @ cofactors.T)


@cache
def _unit_normals() -> tuple[NDArray[np.float64], ...]:
    """Normals of each code's triangles, as long as they are large, for voxels of edge 1."""
    return tuple(_triangle_normals(code) for code in range(INSIDE + 1))


def _triangle_normals(code: int) -> NDArray[np.float64]:
    voxels = np.unpackbits(np.uint8(code)).reshape(2, 2, 2)
    if voxels.min() == voxels.max():
        return np.zeros((0, 3))
    if voxels.sum() > 4:
        voxels = 1 - voxels
    vertices, faces, _, _ = marching_cubes(voxels.astype(float), 0.5, method="lorensen")
    corners = vertices[faces].astype(float)
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) / 2
