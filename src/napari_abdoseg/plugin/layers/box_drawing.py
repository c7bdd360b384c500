"""How a box is drawn with napari's Shapes, in one slice or in 3D.

napari shows a shape only on the slice that it lies in. So the hidden axis of a
box layer is scaled to the size of the box: the whole box is a single slice of
its layer, and napari shows its rectangle exactly where the box is cut, without
any work while the user scrolls.

The other axes are scaled alike, by the largest voxel spacing: edges are then
equally thick in all directions, and napari's sliders, which step by the
smallest scale of all layers, keep the step of the scan.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid, Triple

EDGE_MM = 1.6
"""Thickness of an edge."""

CORNERS = np.array(list(product((-1, 1), repeat=3)), dtype=float)
EDGES = [
    np.stack([one, other])
    for i, one in enumerate(CORNERS)
    for other in CORNERS[i + 1 :]
    if np.count_nonzero(one != other) == 1
]


@dataclass(frozen=True, eq=False)
class BoxDrawing:
    """What a Shapes layer needs to show a box.

    Parameters
    ----------
    shapes : list of ndarray, shape (vertices, 3)
        In the layer's data coordinates (z, y, x).
    shape_type : str
    edge_width : float
        In the layer's data coordinates.
    scale, translate : tuple of float
        From data coordinates to mm in (S, P, L).
    """

    shapes: list[NDArray[Any]]
    shape_type: str
    edge_width: float
    scale: Triple
    translate: Triple


def draw_box(box: Box, grid: Grid, hidden: int | None) -> BoxDrawing:
    """Draw a box: a rectangle where axis ``hidden`` is sliced, twelve edges in 3D if None."""
    unit = max(grid.spacing)
    size = box.size(grid)
    scale = [unit] * 3
    half = np.array(size) / unit / 2
    if hidden is None:
        shapes, shape_type = [edge * half for edge in EDGES], "line"
        edge_width = EDGE_MM / unit / 2  # of tubes napari takes the radius
    else:
        scale[hidden], half[hidden] = size[hidden], 0
        shapes, shape_type = [_rectangle(hidden) * half], "rectangle"
        edge_width = EDGE_MM / unit
    z, y, x = scale
    return BoxDrawing(shapes, shape_type, edge_width, (z, y, x), box.centre(grid))


def _rectangle(hidden: int) -> NDArray[Any]:
    return np.insert([[-1.0, -1.0], [-1, 1], [1, 1], [1, -1]], hidden, 0, axis=1)
