"""Segments in layers and on a part of their scan as one label map on all of it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.files.stored_bytes import require_memory
from napari_abdoseg.image.grid import Grid, Shape
from napari_abdoseg.image.raster.header import LPS_TO_RAS, RasterHeader
from napari_abdoseg.image.raster.segments import Segment

MOST_VOXELS = 1 << 30
"""Of a scan that a segmentation is a part of; a larger one is not believed."""
SAME_PLACE_MM = 1e-3

PART = "It covers a part of its scan alone, and does not say which."

_OFFSET = "Segmentation_ReferenceImageExtentOffset"
_REFERENCE = re.compile(r"(?:^|&)Reference image geometry\|([^|]*)\|")

Voxels = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Flattened:
    """Segments as one label map.

    Parameters
    ----------
    voxels : ndarray
        In stored order.
    segments : tuple of Segment
        With the values that they have there.
    notices : tuple of str
        What became of overlaps and values.
    """

    voxels: Voxels
    segments: tuple[Segment, ...]
    notices: tuple[str, ...] = ()


def flattened(layers: Voxels, segments: Sequence[Segment]) -> Flattened:
    """Bring layers together: a voxel of several segments belongs to the smallest of them.

    Values are kept where no two segments have one; else segments are numbered anew.

    Parameters
    ----------
    layers : ndarray, shape (layers, i, j, k)
    segments : sequence of Segment
    """
    keeps_values = len({segment.value for segment in segments}) == len(segments)
    values = [s.value if keeps_values else n for n, s in enumerate(segments, start=1)]
    sizes = [np.count_nonzero(layers[s.layer] == s.value) for s in segments]
    merged = np.zeros(layers.shape[1:], np.min_scalar_type(max(values)), order="F")
    shared = 0
    for place in sorted(range(len(segments)), key=lambda place: -sizes[place]):
        inside = layers[segments[place].layer] == segments[place].value
        shared += int(np.count_nonzero(merged[inside]))
        merged[inside] = values[place]
    lost = int(np.count_nonzero(layers)) - sum(sizes)
    notices = []
    if shared:
        notices.append(
            f"{shared} voxels belong to more than one segment; the smallest of these has them."
        )
    if not keeps_values:
        notices.append("Several of its segments have one label value: all are numbered anew.")
    if lost:
        notices.append(f"{lost} voxels belong to no segment that it names; they are left out.")
    renumbered = tuple(
        Segment(segment.name, value, 0, segment.color) for segment, value in zip(segments, values)
    )
    return Flattened(merged, renumbered, tuple(notices))


def whole_scan(voxels: Voxels, header: RasterHeader) -> tuple[Voxels, Grid, tuple[str, ...]]:
    """A segmentation on the grid of the scan that it was cut out of.

    3D Slicer saves the part of a scan that has segments, and says where it was. What it says
    is used where its voxels lie as those of the file do.

    Returns
    -------
    voxels : ndarray
        In stored order.
    grid : Grid
    notices : tuple of str
        What a user should know where the scan can't be told.
    """
    own = Grid(header.sizes, header.affine)
    offset = _whole(header.pairs.get(_OFFSET, "0 0 0").split())
    geometry = _geometry(header)
    place = None if geometry is None or offset is None else _place(own, offset, *geometry)
    if place is None:
        return voxels, own, (PART,) if offset and any(offset) else ()
    grid, start = place
    if grid.stored_shape == own.stored_shape:
        return voxels, own, ()
    require_memory(math.prod(grid.stored_shape) * voxels.dtype.itemsize)
    padded = np.zeros(grid.stored_shape, voxels.dtype, order="F")
    padded[tuple(slice(a, a + n) for a, n in zip(start, header.sizes))] = voxels
    return padded, grid, ()


def _geometry(header: RasterHeader) -> tuple[NDArray[np.float64], list[int]] | None:
    """Affine of the scan in the coordinates of the program, and first and last index an axis."""
    stated = _REFERENCE.search(header.pairs.get("Segmentation_ConversionParameters", ""))
    numbers = stated[1].rstrip(";").split(";") if stated else []
    extent = _whole(numbers[16:])
    try:
        matrix = np.array([float(number) for number in numbers[:16]])
    except ValueError:
        return None
    if extent is None or len(extent) != 6 or len(matrix) != 16 or not np.isfinite(matrix).all():
        return None
    return matrix.reshape(4, 4), extent


def _place(
    own: Grid, offset: list[int], matrix: NDArray[np.float64], extent: list[int]
) -> tuple[Grid, Shape] | None:
    """The scan's grid, and where a part of it begins; None where the two don't fit."""
    first, last = np.array(extent[::2]), np.array(extent[1::2])
    i, j, k = (int(size) for size in last - first + 1)
    start = np.array(offset) - first
    fits = (start >= 0).all() and (start + own.stored_shape <= (i, j, k)).all()
    if not fits or math.prod((i, j, k)) > MOST_VOXELS:
        return None
    for to_ras in (np.eye(3), LPS_TO_RAS):
        affine = np.eye(4)
        affine[:3] = to_ras @ matrix[:3]
        there = affine.copy()
        there[:3, 3] = (affine @ [*offset, 1])[:3]
        if Grid(own.stored_shape, there).matches(own, SAME_PLACE_MM):
            exact = own.affine.copy()
            exact[:3, 3] = (own.affine @ [*-start, 1])[:3]
            a, b, c = (int(index) for index in start)
            return Grid((i, j, k), exact), (a, b, c)
    return None


def _whole(words: list[str]) -> list[int] | None:
    """Whole numbers; None if there is something else."""
    if not words or not all(re.fullmatch(r"-?\d{1,9}", word.strip()) for word in words):
        return None
    return [int(word) for word in words]
