"""Boxes that stay right while a viewer turns, slices and goes to 3D.

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
from napari.components import ViewerModel
from napari.layers import Layer, Shapes
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid, Triple
from napari_abdoseg.plugin.layers.displays import Displays
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.bare_shapes import draw_bare

EDGE_MM = 1.6
"""Thickness of an edge."""

CORNERS = np.array(list(product((-1, 1), repeat=3)), dtype=float)
EDGES = [
    np.stack([one, other])
    for i, one in enumerate(CORNERS)
    for other in CORNERS[i + 1 :]
    if np.count_nonzero(one != other) == 1
]


def follow_boxes(viewer: ViewerModel) -> None:
    """Keep each box layer right that is in ``viewer``, or comes into it."""
    state_of(viewer, _boxes)


def box_display(viewer: ViewerModel, layer: Shapes) -> BoxDisplay:
    """What keeps a box layer right, which is in ``viewer``."""
    return state_of(viewer, _boxes)[layer]


def _boxes(viewer: ViewerModel) -> Displays[BoxDisplay]:
    if hasattr(viewer, "window"):
        draw_bare(viewer, is_box)
    return Displays(viewer, Shapes, "box", BoxDisplay)


def is_box(layer: Layer) -> bool:
    """Whether a layer shows the box of an organ."""
    return isinstance(layer, Shapes) and "box" in layer.metadata


class BoxDisplay:
    """Keeps a box layer right in one viewer, as long as the layer is in it.

    napari draws a Shapes layer anew for each slice, which takes longer than all
    the rest of it. A box looks the same on all slices that cut it: it is drawn
    when the first of them is shown, and when none is any more.

    Parameters
    ----------
    viewer : ViewerModel
        Any viewer or viewer model; each with its own layer.
    layer : Shapes
        As `box_layer` makes it; the box is in its metadata.
    """

    def __init__(self, viewer: ViewerModel, layer: Shapes) -> None:
        self.layer = layer
        self._viewer = viewer
        self._redraws = layer.events.set_data, layer.events.highlight
        self._hold_redraws()
        self._draw()
        # First, so that napari never paints the drawing of the view before.
        viewer.dims.events.ndisplay.connect(self._follow, position="first")
        viewer.dims.events.order.connect(self._follow, position="first")
        viewer.dims.events.point.connect(self._follow_slice)
        layer.events.visible.connect(self._redraw)
        layer.events.metadata.connect(self._draw)

    @property
    def box(self) -> Box:
        """The box that is shown; it is in the layer's metadata."""
        box: Box = self.layer.metadata["box"]
        return box

    @box.setter
    def box(self, box: Box) -> None:
        if box != self.box:
            self.layer.metadata = {**self.layer.metadata, "box": box}

    def close(self) -> None:
        """Follow the viewer no longer."""
        dims = self._viewer.dims
        dims.events.ndisplay.disconnect(self._follow)
        dims.events.order.disconnect(self._follow)
        dims.events.point.disconnect(self._follow_slice)
        self.layer.events.visible.disconnect(self._redraw)
        self.layer.events.metadata.disconnect(self._draw)
        self._release_redraws()

    def _hidden_axis(self) -> int | None:
        """The axis of the box that is sliced, None in 3D."""
        dims = self._viewer.dims
        extra = dims.ndim - 3
        hidden = [axis - extra for axis in dims.not_displayed if axis >= extra]
        return hidden[0] if hidden else None

    def _is_cut(self) -> bool:
        """Whether napari shows the box in the present slice."""
        return self._hidden is None or len(self.layer._view_indices) > 0

    def _follow(self, event: Any) -> None:
        if self._hidden_axis() != self._hidden:
            self._draw()

    def _follow_slice(self, event: Any) -> None:
        if self._is_cut() != self._cut:
            self._redraw()

    def _draw(self, event: Any = None) -> None:
        self._hidden = self._hidden_axis()
        drawing = draw_box(self.box, self.layer.metadata["grid"], self._hidden)
        layer = self.layer
        # One event for all, and that last: the viewer's range then sees the new extent.
        with layer.events.data.blocker(), layer.events.scale.blocker():
            layer.data = [(shape, drawing.shape_type) for shape in drawing.shapes]
            layer.edge_width = drawing.edge_width
            layer.scale = drawing.scale
        layer.translate = drawing.translate
        self._redraw()

    def _redraw(self, event: Any = None) -> None:
        self._cut = self._is_cut()
        self._release_redraws()
        self.layer.events.set_data()
        self._hold_redraws()

    def _hold_redraws(self) -> None:
        for emitter in self._redraws:
            emitter.block()

    def _release_redraws(self) -> None:
        for emitter in self._redraws:
            emitter.unblock()


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
