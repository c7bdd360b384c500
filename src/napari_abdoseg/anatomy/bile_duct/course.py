"""The course of a labelled tube: a line along its middle, from its upper to its lower end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.bile_duct.depth import Depth
from napari_abdoseg.anatomy.bile_duct.problem import NoCourseError
from napari_abdoseg.image.grid import Grid

STEP_MM = 1.0
"""Between the points of a course."""

SMOOTHING_MM = 3.0
"""Standard deviation of the smoothing along a course: bends that are shorter are the voxels'."""

LONGEST_GAP_MM = 30.0
"""Across a longer one, pieces do not belong to one course."""

SMALLEST_SHARE = 0.02
"""A piece below that share of the largest is left aside."""

SHORTEST_MM = 5.0
"""Below that there is no course."""

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Course:
    """Points every `STEP_MM` along the middle of a tube, from its upper end to its lower.

    Parameters
    ----------
    points : ndarray, shape (n, 3)
        mm along (S, P, L) in the scanner's world.
    grid : Grid
        Of the label map.
    """

    points: Points
    grid: Grid

    @property
    def voxels(self) -> Points:
        """(z, y, x) coordinates of the points in voxels."""
        to_voxels = np.linalg.inv(self.grid.screen_affine)
        return np.asarray(self.points @ to_voxels[:3, :3].T + to_voxels[:3, 3])

    @property
    def length_mm(self) -> float:
        """Along the course."""
        return float(np.linalg.norm(np.diff(self.points, axis=0), axis=1).sum())

    def distances(self, voxel: Sequence[float] | Points) -> Points:
        """mm from (z, y, x) coordinates in voxels to each point, shape (n,)."""
        to_mm = self.grid.screen_affine
        place = to_mm[:3, :3] @ voxel + to_mm[:3, 3]
        return np.asarray(np.linalg.norm(self.points - place, axis=1))

    def nearest(self, voxel: Sequence[float] | Points) -> int:
        """The point that is nearest to (z, y, x) coordinates in voxels."""
        return int(self.distances(voxel).argmin())

    @cached_property
    def directions(self) -> Points:
        """Unit vectors along the course, shape (n, 3)."""
        along = np.gradient(self.points, axis=0)
        return np.asarray(along / np.linalg.norm(along, axis=1, keepdims=True))

    @cached_property
    def sideways(self) -> Points:
        """Two unit vectors across the course at each point, shape (2, n, 3).

        They turn about it as little as can be, by double reflection [1]_; the first begins
        towards the left of the patient.

        References
        ----------
        .. [1] Wang W, Jüttler B, Zheng D, Liu Y. Computation of rotation minimizing frames.
           ACM Transactions on Graphics 2008; 27(1): 2.
        """
        points, along = self.points, self.directions
        first = np.zeros_like(points)
        first[0] = _across(along[0])
        for i in range(len(points) - 1):
            step = points[i + 1] - points[i]
            side, ahead = (_mirrored(vector, step) for vector in (first[i], along[i]))
            first[i + 1] = _mirrored(side, along[i + 1] - ahead)
        return np.stack([first, np.cross(along, first)])


def find_course(depth: Depth, grid: Grid) -> Course:
    """The course of a tube, across gaps between its pieces.

    The longest of the shortest ways within it, drawn to its middle.

    Raises
    ------
    NoCourseError
        It is too short to have one.
    """
    from skimage.graph import MCP_Geometric

    inside = _joined(depth)
    cost = np.where(inside, 1.0, np.inf)
    first = _farthest(cost, tuple(np.argwhere(inside)[0]))
    last = _farthest(cost, first)
    towards_middle = 1 / (np.maximum(depth.values, 0) + depth.step_mm / 2) ** 3
    ways = MCP_Geometric(np.where(inside, towards_middle, np.inf))
    ways.find_costs([first])
    way = np.array(ways.traceback(last), float) * depth.step_mm + depth.origin
    if way[0, 0] < way[-1, 0]:
        way = way[::-1]
    if np.linalg.norm(np.diff(way, axis=0), axis=1).sum() < SHORTEST_MM:
        raise NoCourseError(
            f"The duct is shorter than {SHORTEST_MM:g} mm in the labels: too short to follow."
        )
    return Course(even_steps(_smoothed(even_steps(way))), grid)


def even_steps(points: Points) -> Points:
    """Points every `STEP_MM` along a line through points."""
    lengths = np.linalg.norm(np.diff(points, axis=0), axis=1)
    at = np.concatenate([[0], np.cumsum(lengths)])
    wanted = np.linspace(0, at[-1], max(2, round(at[-1] / STEP_MM) + 1))
    return np.stack([np.interp(wanted, at, axis) for axis in points.T], axis=1)


def _smoothed(points: Points) -> Points:
    """Smoothed along the line; its ends stay where they are."""
    sigma = SMOOTHING_MM / STEP_MM
    size = min(len(points) - 1, int(4 * sigma))
    before = 2 * points[0] - points[size:0:-1]
    after = 2 * points[-1] - points[-2 : -size - 2 : -1]
    smooth = ndimage.gaussian_filter1d(np.concatenate([before, points, after]), sigma, axis=0)
    return np.asarray(smooth[size : size + len(points)])


def _joined(depth: Depth) -> NDArray[np.bool_]:
    """The pieces that belong to one course, and straight ways across the gaps between them."""
    from scipy.spatial import cKDTree

    inside = depth.values > 0
    numbered, count = ndimage.label(inside, np.ones((3, 3, 3)))
    sizes = np.bincount(numbered.ravel(), minlength=count + 1)[1:]
    if not count:
        raise NoCourseError("The duct is too small in the labels to follow.")
    largest = int(sizes.argmax())
    joined = numbered == largest + 1
    waiting = [
        np.argwhere(numbered == number + 1)
        for number in np.flatnonzero(sizes >= SMALLEST_SHARE * sizes.max())
        if number != largest
    ]
    while waiting:
        there = np.argwhere(joined)
        tree = cKDTree(there)
        found = [tree.query(piece) for piece in waiting]
        nearest = int(np.argmin([distances.min() for distances, _ in found]))
        piece, (distances, indices) = waiting.pop(nearest), found[nearest]
        at = int(distances.argmin())
        if distances[at] * depth.step_mm > LONGEST_GAP_MM:
            break
        joined[tuple(piece.T)] = True
        steps = np.linspace(piece[at], there[indices[at]], 2 * int(np.ceil(distances[at])) + 1)
        joined[tuple(np.rint(steps).astype(int).T)] = True
    return np.asarray(joined)


def _farthest(cost: NDArray[Any], start: tuple[int, ...]) -> tuple[int, ...]:
    from skimage.graph import MCP_Geometric

    lengths, _ = MCP_Geometric(cost).find_costs([start])
    lengths[~np.isfinite(lengths)] = -1
    return tuple(int(i) for i in np.unravel_index(lengths.argmax(), lengths.shape))


def _across(direction: Points) -> Points:
    """Across a direction, as near as can be to the patient's left, or else to the back."""
    towards = np.array((0.0, 0.0, 1.0) if abs(direction[2]) < 0.9 else (0.0, 1.0, 0.0))
    side = towards - direction * (towards @ direction)
    return np.asarray(side / np.linalg.norm(side))


def _mirrored(vector: Points, across: Points) -> Points:
    """A vector on the other side of the plane that a second one stands on."""
    square = float(across @ across)
    return vector if square == 0 else vector - across * (2 * (vector @ across) / square)
