"""Surfaces of organs: closed meshes in millimetres that enclose the volume of the mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, sparse, special

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.grid import Grid, in_mm

MOST_FACES = 40_000
"""Faces of a surface at most; only scattered single voxels can make more."""

PART_VOXELS = 1 << 18
"""Voxels meshed in one go, because marching cubes holds other threads up meanwhile."""

_DIFFUSION = {"none": 0, "light": 9, "strong": 36}
SMOOTHINGS = tuple(_DIFFUSION)
"""How much a surface is smoothed; each keeps the enclosed volume."""

_LEEWAY = 0.4
"""How far smoothing may move a vertex along an axis, in voxels: the mask is right to a half."""

_SETTLING = 0.25
"""Share of the diffusion that evens out where vertices were held back."""

_CORRECTIONS = 10
"""Steps at most in which a smoothed surface gets its volume back; one to three are usual."""

_TOLERANCE = 0.001
"""What of the volume may be missing after that."""

Vertices = NDArray[np.floating[Any]]
Faces = NDArray[np.int32]


class SurfaceError(AbdosegError):
    """There is nothing that a surface could be made of."""


@dataclass(frozen=True, eq=False)
class Surface:
    """Closed triangle mesh around an organ.

    Parameters
    ----------
    vertices : ndarray of float32, shape (vertices, 3)
        mm along (S, P, L), where the organ is shown (see `Grid.origin`): upright, and as if its
        axes were at right angles.
    faces : ndarray of int32, shape (faces, 3)
        Indices of vertices; by the right-hand rule in (S, P, L), a face points outwards.
    """

    vertices: NDArray[np.float32]
    faces: Faces

    @property
    def volume_ml(self) -> float:
        """Enclosed volume in ml, by the divergence theorem."""
        vertices = self.vertices - self.vertices.mean(axis=0, dtype=np.float64)
        return float(np.sum(vertices * _area_vectors(vertices, self.faces)) / 3000)


def in_space(surface: Surface, grid: Grid) -> Surface:
    """A surface as it is, where sheared axes are shown as if they were at right angles."""
    if not grid.is_sheared:
        return surface
    indices = (surface.vertices - np.array(grid.origin)) / grid.spacing
    return replace(surface, vertices=in_mm(indices, grid.lattice).astype(np.float32))


def organ_surface(
    mask: NDArray[np.bool_], box: Box, grid: Grid, smoothing: str = "light"
) -> Surface:
    """Make the surface of an organ, closed also where the scan ends.

    Marching cubes [1]_ find the surface, on blocks of voxels where single ones
    would give more than `MOST_FACES` faces. Diffusion over the mesh [2]_ smooths
    it, but moves no vertex beyond the voxel that it lies in [3]_, so that no piece
    is lost. Then the vertices move along their normals by what gives the surface
    the volume of the mask, and each piece its share.

    Parameters
    ----------
    mask : ndarray of bool, shape (z, y, x)
        The organ's voxels within ``box``.
    box : Box
        The tightest box around them.
    grid : Grid
    smoothing : str, optional
        One of `SMOOTHINGS`.

    Returns
    -------
    Surface
        In mm along (S, P, L); every edge is in two faces.

    Raises
    ------
    SurfaceError
        The mask is empty or not of the box's shape, or there is no such smoothing.

    References
    ----------
    .. [1] Lorensen and Cline, Marching cubes: a high resolution 3D surface
       construction algorithm, SIGGRAPH 1987.
    .. [2] Desbrun et al., Implicit fairing of irregular meshes using diffusion and
       curvature flow, SIGGRAPH 1999.
    .. [3] Gibson, Constrained elastic surface nets: generating smooth surfaces from
       binary segmented data, MICCAI 1998.

    Examples
    --------
    >>> from napari_abdoseg import bounding_boxes, make_phantom
    >>> from napari_abdoseg.anatomy.surface import organ_surface
    >>> labels = make_phantom(1, (12.0, 10.0, 10.0))[1]
    >>> liver, box = next(iter(bounding_boxes(labels).items()))
    >>> surface = organ_surface(labels.data[box.slices] == liver.value, box, labels.grid)
    >>> surface.vertices.shape[1], surface.faces.shape[1]
    (3, 3)
    """
    _require_surface(mask, box, smoothing)
    spacing = np.array(grid.spacing)
    block = _block_shape(mask, spacing)
    counts = _block_counts(mask, block)
    voxels = int(np.count_nonzero(mask))
    vertices, faces = _marching_cubes(counts, _level(counts, int(block.prod()), voxels))
    # Block 0 is a margin; block 1 begins half a voxel before the centre of voxel 0.
    vertices = ((vertices - 0.5) * block - 0.5) * spacing
    neighbours = _neighbours(faces, len(vertices))
    _, piece = sparse.csgraph.connected_components(neighbours, directed=False)
    shares, _ = _volumes_and_areas(vertices, _area_vectors(vertices, faces), piece)
    shares *= voxels * spacing.prod() / shares.sum()
    if time := _DIFFUSION[smoothing]:
        vertices = _smoothed(vertices, neighbours, time, _LEEWAY * block * spacing)
    vertices = _with_volumes(vertices, faces, piece, shares)
    start = np.array(grid.origin) + spacing * box.start
    return Surface((vertices + start).astype(np.float32), faces)


def _require_surface(mask: NDArray[np.bool_], box: Box, smoothing: str) -> None:
    expected = tuple(stop - start for start, stop in zip(box.start, box.stop))
    if mask.shape != expected:
        raise SurfaceError(
            f"The mask has shape {mask.shape}, its box {expected} (z, y, x): both must be the same."
        )
    if not mask.any():
        raise SurfaceError("The mask is empty: there is no organ to make a surface of.")
    if smoothing not in SMOOTHINGS:
        raise SurfaceError(
            f"There is no smoothing {smoothing!r}: choose one of {', '.join(SMOOTHINGS)}."
        )


def _block_shape(mask: NDArray[np.bool_], spacing: NDArray[np.float64]) -> NDArray[np.int64]:
    """Smallest blocks of voxels, as cubic as can be, that give few enough faces.

    Marching cubes make a vertex wherever the surface crosses from a voxel to its
    neighbour, and in a closed mesh there are two faces a vertex.
    """
    crossings = np.array(
        [
            np.count_nonzero(np.diff(mask, axis=axis, prepend=False, append=False))
            for axis in range(3)
        ]
    )
    block = np.ones(3, np.int64)
    while 2 * np.sum(crossings * block) / block.prod() > MOST_FACES:
        block[np.argmin(block * spacing)] += 1
    return block


def _block_counts(mask: NDArray[np.bool_], block: NDArray[np.int64]) -> NDArray[Any]:
    """How many voxels of each block are in the mask, with a margin of empty blocks."""
    shape = -(-np.array(mask.shape) // block) + 2
    counts = np.zeros(shape, np.min_scalar_type(int(block.prod())))
    for offset in product(*map(range, block)):
        part = mask[tuple(slice(first, None, step) for first, step in zip(offset, block))]
        counts[tuple(slice(1, 1 + size) for size in part.shape)] += part
    return counts


def _level(counts: NDArray[Any], block_voxels: int, voxels: int) -> float:
    """Halfway between two counts, so that the blocks above hold about all voxels."""
    largest = int(counts.max())
    blocks = np.zeros(largest + 1, np.int64)
    for plane in counts:
        blocks += np.bincount(plane.ravel(), minlength=largest + 1)
    above = np.cumsum(blocks[:0:-1])[::-1]
    return float(np.argmin(np.abs(above * block_voxels - voxels))) + 0.5


def _marching_cubes(counts: NDArray[Any], level: float) -> tuple[Vertices, Faces]:
    """Vertices in blocks along (z, y, x) and faces, made part by part."""
    from skimage.measure import marching_cubes

    axis = int(np.argmax(counts.shape))
    parts, seams, total = [], [], 0
    for place in _parts(counts, level, axis):
        # This variant gives closed meshes of binary masks; Lewiner's does not always.
        vertices, faces, _, _ = marching_cubes(
            counts[place], level, gradient_direction="ascent", method="lorensen"
        )
        parts.append((vertices + [slice_.start for slice_ in place], faces + total))
        seams.append(place[axis].stop - 1)
        total += len(vertices)
    vertices, faces = (np.concatenate(arrays) for arrays in zip(*parts))
    return _joined(vertices, faces, np.isin(vertices[:, axis], seams))


def _parts(counts: NDArray[Any], level: float, axis: int) -> Iterator[tuple[slice, ...]]:
    """Tightest places of the surface in ranges along an axis that share their last plane."""
    length = counts.shape[axis]
    step = max(1, PART_VOXELS * length // counts.size)
    for first in range(0, length - 1, step):
        place = [slice(0, size) for size in counts.shape]
        place[axis] = slice(first, min(first + step + 1, length))
        inside = counts[tuple(place)] > level
        for found in ndimage.find_objects(inside.view(np.uint8)):
            yield tuple(
                slice(
                    max(outer.start, outer.start + inner.start - 1),
                    min(outer.stop, outer.start + inner.stop + 1),
                )
                for outer, inner in zip(place, found)
            )


def _joined(vertices: Vertices, faces: Faces, at_seam: NDArray[np.bool_]) -> tuple[Vertices, Faces]:
    """Merge the vertices at seams that lie on the same edge of the grid."""
    seam = np.flatnonzero(at_seam)
    edges = np.floor(vertices[seam]) + np.ceil(vertices[seam])
    _, kept, same = np.unique(edges, axis=0, return_index=True, return_inverse=True)
    target = np.arange(len(vertices))
    target[seam] = seam[kept][same]
    used = np.flatnonzero(target == np.arange(len(vertices)))
    number = np.empty(len(vertices), np.int32)
    number[used] = np.arange(len(used))
    return vertices[used], number[target][faces]


def _smoothed(
    vertices: Vertices, neighbours: Any, time: float, leeway: NDArray[np.float64]
) -> Vertices:
    """Even out the steps of voxels; no vertex goes far beyond ``leeway`` along an axis."""
    means = sparse.diags_array(1 / neighbours.sum(axis=1)) @ neighbours
    moves = _diffused(vertices, means, time) - vertices
    return _diffused(vertices + np.clip(moves, -leeway, leeway), means, _SETTLING * time)


def _with_volumes(
    vertices: Vertices, faces: Faces, piece: NDArray[np.int32], volumes: NDArray[np.float64]
) -> Vertices:
    """Move the vertices along their normals until each piece encloses its volume."""
    for _ in range(_CORRECTIONS):
        outwards = _area_vectors(vertices, faces)
        found, areas = _volumes_and_areas(vertices, outwards, piece)
        if np.allclose(found, volumes, rtol=_TOLERANCE, atol=0):
            break
        # The radius of a ball with this volume and area, and how far it has to grow.
        steps = 3 * found / areas * (np.cbrt(volumes / found) - 1)
        normals = outwards / np.linalg.norm(outwards, axis=1, keepdims=True)
        vertices = vertices + steps[piece, None] * normals
    return vertices


def _diffused(vertices: Vertices, means: Any, time: float) -> Vertices:
    """Vertices times ``exp(time * (means - 1))``, as its Chebyshev series.

    Its factors are modified Bessel functions: Abramowitz and Stegun, Handbook of
    Mathematical Functions, 9.6.34.
    """
    factors = special.ive(np.arange(3 * np.sqrt(time)), time)
    factors[1:] *= 2
    before, term = vertices, means @ vertices
    diffused = factors[0] * before + factors[1] * term
    for factor in factors[2:]:
        before, term = term, 2 * (means @ term) - before
        diffused += factor * term
    return np.asarray(diffused / factors.sum())


def _neighbours(faces: Faces, count: int) -> Any:
    """Matrix of the vertices that share an edge: a closed mesh has each edge both ways."""
    ends = np.roll(faces, -1, axis=1).ravel()
    return sparse.csr_array((np.ones(len(ends)), (faces.ravel(), ends)), (count, count))


def _area_vectors(vertices: Vertices, faces: Faces) -> NDArray[np.float64]:
    """Each vertex's third of the faces around it, as outward normal times area."""
    first, second, third = vertices.take(faces.T, axis=0)
    areas = np.cross(second - first, third - first) / 6
    corners = faces.ravel()
    return np.stack(
        [np.bincount(corners, np.repeat(area, 3), len(vertices)) for area in areas.T], axis=1
    )


def _volumes_and_areas(
    vertices: Vertices, outwards: NDArray[np.float64], piece: NDArray[np.int32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Volume that each piece encloses, negative for a cavity, and its area."""
    volumes = np.bincount(piece, np.einsum("ij,ij->i", vertices, outwards)) / 3
    areas = np.bincount(piece, np.linalg.norm(outwards, axis=1))
    return np.asarray(volumes, np.float64), np.asarray(areas, np.float64)
