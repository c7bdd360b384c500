"""Cross-sections of a tube, at right angles to its course."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.bile_duct.course import STEP_MM as COURSE_STEP_MM
from napari_abdoseg.anatomy.bile_duct.course import Course, Points, even_steps
from napari_abdoseg.anatomy.bile_duct.depth import Depth

REACH_MM = 20.0
"""Farthest that the wall of a tube is from its middle."""

STEP_MM = 0.5
"""Between the places of a cross-section that are looked at."""

ROUNDS = 2
"""How often a course is moved to the middle of its cross-sections."""

ENDING_POINTS = 5
"""Of a course, that tell where its end leads."""


@dataclass(frozen=True, eq=False)
class CrossSections:
    """What lies around each point of a course.

    Parameters
    ----------
    diameters : ndarray, shape (n,)
        mm, the shorter axis of the ellipse that spreads as the cross-section does: across a
        branch, or where a plane cuts slantwise, the longer one says nothing of the tube's width.
        0 where the course runs outside the tube.
    middles : ndarray, shape (n, 3)
        mm along (S, P, L); the points themselves where the course runs outside.
    """

    diameters: NDArray[np.float64]
    middles: NDArray[np.float64]


def cross_sections(depth: Depth, course: Course) -> CrossSections:
    """Those of a tube at right angles to a course in it, one for each of its points."""
    reach = min(REACH_MM, 3 * float(depth.values.max()) + 2 * STEP_MM)
    across = np.arange(-reach, reach + STEP_MM / 2, STEP_MM)
    u, v = np.meshgrid(across, across, indexing="ij")
    plane = np.stack([u, v], axis=-1)
    offsets = np.einsum("uvk,knc->nuvc", plane, course.sideways)
    inside = depth.at(course.points[:, None, None] + offsets) > 0
    in_plane = np.zeros((3, 3, 3), bool)
    in_plane[1] = True
    pieces, _ = ndimage.label(inside, in_plane)
    own = pieces[:, len(across) // 2, len(across) // 2]
    cut = (pieces == own[:, None, None]) & (own > 0)[:, None, None]
    counts = np.maximum(1, cut.sum(axis=(1, 2)))
    middles = np.einsum("nuv,uvk->nk", cut, plane) / counts[:, None]
    squares = np.einsum("nuv,uvk,uvl->nkl", cut, plane, plane) / counts[:, None, None]
    spread = squares - middles[:, :, None] * middles[:, None]
    narrow = np.maximum(0, np.linalg.eigvalsh(spread)[:, 0])
    to_middle = np.einsum("nk,knc->nc", middles, course.sideways)
    return CrossSections(4 * np.sqrt(narrow), course.points + to_middle)


def centred(depth: Depth, course: Course) -> Course:
    """A course moved to the middle of the cross-sections at its points, up to both ends."""
    for _ in range(ROUNDS):
        middles = cross_sections(depth, course).middles
        points = ndimage.gaussian_filter1d(middles, 1.5, axis=0, mode="nearest")
        for _ in range(2):
            points = _with_straight_end(depth, points)[::-1]
        course = replace(course, points=even_steps(points))
    return course


def _with_straight_end(depth: Depth, points: Points) -> Points:
    """Points whose first ones do not bend to a corner of the tube's end, but lead straight out."""
    radius = float(depth.at(points[: 2 * int(depth.values.max()) + 2]).max())
    kept = points[int(radius / COURSE_STEP_MM) :]
    if len(kept) < 2 * ENDING_POINTS:
        return points
    ahead = kept[0] - kept[ENDING_POINTS]
    ahead /= np.linalg.norm(ahead)
    steps = np.arange(1, 3 * radius / COURSE_STEP_MM)[:, None] * COURSE_STEP_MM
    further = kept[0] + steps * ahead
    outside = np.flatnonzero(np.append(depth.at(further) <= 0, True))[0]
    return np.concatenate([further[:outside][::-1], kept])
