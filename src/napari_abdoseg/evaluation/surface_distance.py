"""How far apart two surfaces lie, and what share of them lies within a tolerance.

The definitions are those of DeepMind's ``surface-distance`` [1]_: the distance of a
surfel is that to the next corner of voxels which the other surface passes.

References
----------
.. [1] Nikolov, S. et al. (2021). Clinically applicable segmentation of head and neck
   anatomy for radiotherapy. Journal of Medical Internet Research, 23(7), e26151;
   https://github.com/google-deepmind/surface-distance
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import cbrt, inf, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from napari_abdoseg.evaluation.slice_distances import steps_by_slices
from napari_abdoseg.evaluation.surfels import Surfels
from napari_abdoseg.image.grid import Lattice, Shape, in_mm, voxel_volume_mm3
from napari_abdoseg.side_by_side import side_by_side

LOOKS = 18
"""So many neighbours of a surfel are looked at on average before others search for what is left."""

FARTHEST_LOOK = 512
"""About so many neighbours of a surfel are looked at where few surfels are left."""

LEAF = 64
"""Corners that the tree doesn't part any more: between two surfaces it is quickest so."""


@dataclass(frozen=True, eq=False)
class SurfaceDistances:
    """Distances between the surfels of two masks, each to the next one of the other.

    Attributes
    ----------
    forth, back : ndarray of float64, shape (n,) and (m,)
        Distances in mm from the first mask's surfels and from the second's.
    areas_forth, areas_back : ndarray of float64, shape (n,) and (m,)
        Areas of these surfels in mm².
    """

    forth: NDArray[np.float64]
    back: NDArray[np.float64]
    areas_forth: NDArray[np.float64]
    areas_back: NDArray[np.float64]

    @classmethod
    def between(cls, one: Surfels, other: Surfels) -> SurfaceDistances:
        """Distances between surfels on one grid; both have some."""
        forth, back = side_by_side(distances_to, (one, other), (other, one))
        return cls(forth, back, one.areas, other.areas)

    def normalized_dice(self, tolerance_mm: float) -> float:
        """Normalized surface Dice: the share of both surfaces that is within the tolerance."""
        within = self.areas_forth[self.forth <= tolerance_mm].sum()
        within += self.areas_back[self.back <= tolerance_mm].sum()
        return float(within / self._area())

    def hausdorff_percentile(self, percent: float) -> float:
        """Robust Hausdorff distance in mm: the larger of both percentiles by area."""
        distances, areas = (self.forth, self.back), (self.areas_forth, self.areas_back)
        return max(side_by_side(_percentile, distances, areas, (percent, percent)))

    def average_symmetric(self) -> float:
        """Average symmetric surface distance in mm: the mean over the area of both surfaces."""
        return float((self.forth @ self.areas_forth + self.back @ self.areas_back) / self._area())

    def _area(self) -> float:
        return float(self.areas_forth.sum() + self.areas_back.sum())


def distances_to(one: Surfels, other: Surfels) -> NDArray[np.float64]:
    """Distance of each surfel to the next one of another mask.

    Neighbours are looked at from near to far until the other surface is met. What is farther
    than that is found slice by slice where it is much, and by a k-d tree where it is little.

    Parameters
    ----------
    one, other : Surfels
        On one grid, both with surfels.

    Returns
    -------
    ndarray of float64, shape (n,)
        In mm.
    """
    distances = np.zeros(len(one))
    elsewhere = ~other.passes
    apart = np.flatnonzero(elsewhere.take(one.places))
    corners = _corners(one.places[apart], one.shape)
    radius = cbrt(FARTHEST_LOOK * voxel_volume_mm3(one.lattice) * 3 / (4 * pi))
    distances[apart] = _look_around(corners, elsewhere, radius, one.lattice)
    far = apart[np.isinf(distances[apart])]
    distances[far] = lengths_of(steps_by_slices(one.places[far], other), one.lattice)
    far = far[distances[far] == 0]
    corners = _corners(one.places[far], one.shape)
    sides = other.corners.take(one.places[far])
    for side in np.unique(sides):
        here = sides == side
        distances[far[here]] = _search(corners[here], _facing(other, side), one.lattice)
    return distances


@lru_cache(maxsize=8)
def steps_within(radius_mm: float, lattice: Lattice) -> NDArray[np.intp]:
    """Steps between corners that are no longer than a radius, the shortest first.

    Returns
    -------
    ndarray of intp, shape (n, 3)
        In corners along (z, y, x); the first is no step at all. Not to be written to.
    """
    reach = [int(radius_mm / apart) + 1 for apart in _between_planes(lattice)]
    steps = np.array(list(product(*(range(-size, size + 1) for size in reach))))
    lengths = lengths_of(steps, lattice)
    order = np.argsort(lengths, kind="stable")
    within = steps[order[: np.count_nonzero(lengths <= radius_mm)]]
    within.setflags(write=False)
    return within


def _between_planes(lattice: Lattice) -> NDArray[np.float64]:
    """Distances in mm of neighbouring planes of corners across z, y and x."""
    matrix = np.array(lattice)
    if matrix.ndim == 1:
        return matrix
    return np.asarray(1 / np.linalg.norm(np.linalg.inv(matrix), axis=1))


def lengths_of(steps: NDArray[np.intp], lattice: Lattice) -> NDArray[np.float64]:
    """Lengths in mm of steps of shape (n, 3), rounded as SciPy's distance transform does."""
    z, y, x = in_mm(steps, lattice).T
    lengths: NDArray[np.float64] = np.sqrt(z * z + y * y + x * x)
    return lengths


def _look_around(
    corners: NDArray[np.intp], elsewhere: NDArray[np.bool_], radius_mm: float, lattice: Lattice
) -> NDArray[np.float64]:
    """Distance of each corner to the next one that is not ``elsewhere``, up to a radius."""
    distances = np.full(len(corners), inf)
    steps = steps_within(radius_mm, lattice)[1:]
    if not len(corners) or not len(steps):
        return distances
    margin = np.abs(steps).max(axis=0)
    around = np.pad(elsewhere, margin[:, None].repeat(2, axis=1), constant_values=True)
    _, rows, columns = around.shape
    flat = np.array((rows * columns, columns, 1))
    places, around = (corners + margin) @ flat, around.ravel()
    left = np.arange(len(corners))
    looks = LOOKS * len(corners)
    for step, length in zip(steps @ flat, lengths_of(steps, lattice)):
        looks -= len(left)
        if looks < 0 or not len(left):
            break
        missed = around[places + step]
        distances[left[~missed]] = length
        left, places = left[missed], places[missed]
    return distances


def _facing(surfels: Surfels, side: np.uint8) -> NDArray[np.intp]:
    """Corners of a surface among which is the next one from anywhere on a side; shape (n, 3).

    It has a neighbour along an axis on that side: a step towards where one is makes the way
    shorter, and so it leaves the surface. Many corners have none. On a sheared lattice a step
    may make the way longer, so all corners are given.

    Parameters
    ----------
    surfels : Surfels
    side : uint8
        Code of what lies there: 0 outside, 255 inside.
    """
    places = surfels.places
    if np.ndim(surfels.lattice) == 1:
        _, rows, columns = surfels.shape
        beside = np.zeros(len(places), bool)
        for step in (1, columns, rows * columns):
            for way in (-step, step):  # one that ends at an edge looks elsewhere, which adds some
                beside |= surfels.corners.take(places + way, mode="clip") == side
        places = places[beside]
    return _corners(places, surfels.shape)


def _search(
    corners: NDArray[np.intp], others: NDArray[np.intp], lattice: Lattice
) -> NDArray[np.float64]:
    """Distance of each corner to the next one of the others, by a k-d tree."""
    options: dict[str, Any] = {"leafsize": LEAF, "balanced_tree": False, "compact_nodes": False}
    tree = cKDTree(in_mm(others, lattice), **options)
    _, nearest = tree.query(in_mm(corners, lattice))
    return lengths_of(corners - others[nearest], lattice)


def _corners(places: NDArray[np.intp], shape: Shape) -> NDArray[np.intp]:
    """Indices along (z, y, x) of flat ones, shape (n, 3)."""
    return np.stack(np.unravel_index(places, shape), axis=1)


def _percentile(
    distances: NDArray[np.float64], areas: NDArray[np.float64], percent: float
) -> float:
    """Distance that a share of the area does not exceed."""
    order = np.lexsort((areas, distances))
    ordered = areas[order]
    share = np.cumsum(ordered) / ordered.sum()
    place = min(int(np.searchsorted(share, percent / 100)), len(order) - 1)
    return float(distances[order[place]])
