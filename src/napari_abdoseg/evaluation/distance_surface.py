"""Surfaces that know at each vertex how far they are from another one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from napari_abdoseg.anatomy.surface import Surface

Points = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class DistanceSurface(Surface):
    """Surface of a prediction, with its distances to the surface of the reference.

    Parameters
    ----------
    vertices, faces : ndarray
        As in `Surface`.
    distances : ndarray of float32, shape (vertices,)
        mm; positive where the vertex lies outside of the reference, so that the
        prediction says too much, negative where it lies inside.
    """

    distances: NDArray[np.float32]


def distance_surface(surface: Surface, reference: Surface) -> DistanceSurface:
    """Measure at each vertex the signed distance to another surface.

    The distance is that to the next point [1]_ of the faces around the next vertex.
    The normal of that vertex, the mean of its faces by area, tells inside from outside.

    Parameters
    ----------
    surface, reference : Surface
        Vertices in mm along (S, P, L).

    References
    ----------
    .. [1] Ericson, C. (2005). Real-time collision detection. Morgan Kaufmann. 5.1.5.
    """
    points = surface.vertices.astype(np.float64)
    corners = reference.vertices.astype(np.float64)
    _, nearest = cKDTree(corners).query(points)
    faces, starts = _faces_around(reference, len(corners))
    counts = np.diff(starts)[nearest]
    firsts = np.cumsum(counts) - counts
    places = np.arange(counts.sum()) - np.repeat(firsts - starts[nearest], counts)
    triangles = corners[reference.faces[faces[places]]]
    asking = np.repeat(points, counts, axis=0)
    squares = np.sum((asking - closest_points(asking, triangles)) ** 2, axis=1)
    distances = np.sqrt(np.minimum.reduceat(squares, firsts))
    away = points - corners[nearest]
    outside = np.einsum("ij,ij->i", away, _normals(corners, reference.faces)[nearest]) >= 0
    signed = np.where(outside, distances, -distances).astype(np.float32)
    return DistanceSurface(surface.vertices, surface.faces, signed)


def closest_points(points: Points, triangles: Points) -> Points:
    """Point of each triangle that is closest to a point.

    Parameters
    ----------
    points : ndarray, shape (n, 3)
    triangles : ndarray, shape (n, 3, 3)
        Three corners each.

    Returns
    -------
    ndarray, shape (n, 3)
    """
    a, b, c = triangles.transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    area = np.maximum(np.einsum("ij,ij->i", normal, normal), np.finfo(np.float64).tiny)
    height = np.einsum("ij,ij->i", points - a, normal) / area
    closest = points - height[:, None] * normal
    distance = np.full(len(points), np.inf)
    beside = ~_inside(closest, (a, b, c), normal) | ~normal.any(axis=1)
    for start, end in ((a, b), (b, c), (c, a)):
        on_edge = _closest_on_edge(points[beside], start[beside], end[beside])
        squares = np.sum((points[beside] - on_edge) ** 2, axis=1)
        closer = np.flatnonzero(beside)[squares < distance[beside]]
        closest[closer] = on_edge[squares < distance[beside]]
        distance[beside] = np.minimum(distance[beside], squares)
    return np.asarray(closest)


def _inside(
    points: Points, corners: tuple[Points, Points, Points], normal: Points
) -> NDArray[np.bool_]:
    """Whether points of the triangles' planes are inside of the triangles."""
    a, b, c = corners
    inside = np.ones(len(points), bool)
    for start, end in ((a, b), (b, c), (c, a)):
        inside &= np.einsum("ij,ij->i", np.cross(end - start, points - start), normal) >= 0
    return inside


def _closest_on_edge(points: Points, start: Points, end: Points) -> Points:
    edge = end - start
    length = np.maximum(np.einsum("ij,ij->i", edge, edge), np.finfo(np.float64).tiny)
    share = np.einsum("ij,ij->i", points - start, edge) / length
    return np.asarray(start + np.clip(share, 0, 1)[:, None] * edge)


def _faces_around(surface: Surface, count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Faces of vertex 0, 1, ... in a row, and where those of each begin, and the end."""
    corners = surface.faces.ravel()
    faces = np.argsort(corners, kind="stable") // 3
    starts = np.concatenate([[0], np.cumsum(np.bincount(corners, minlength=count))])
    return faces, starts


def _normals(vertices: Points, faces: NDArray[np.int32]) -> Points:
    """Of each vertex: the sum over its faces of outward normal times area."""
    a, b, c = (vertices[corner] for corner in faces.T)
    normals = np.zeros_like(vertices)
    np.add.at(normals, faces.ravel(), np.repeat(np.cross(b - a, c - a), 3, axis=0))
    return normals
