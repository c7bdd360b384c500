"""Boxes that stay right while a viewer turns, slices and goes to 3D."""

from __future__ import annotations

from typing import Any

from napari.components import ViewerModel
from napari.layers import Shapes

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.plugin.box_drawing import draw_box


class BoxDisplay:
    """Keeps a box layer right in one viewer, as long as the layer is in it.

    Parameters
    ----------
    viewer : ViewerModel
        Any viewer or viewer model; each with its own layer.
    layer : Shapes
        As `box_layer` makes it; added to the viewer if it is not there yet.
    box : Box
    grid : Grid
    """

    def __init__(self, viewer: ViewerModel, layer: Shapes, box: Box, grid: Grid) -> None:
        self.layer = layer
        self._viewer = viewer
        self._box = box
        self._grid = grid
        if layer not in viewer.layers:
            viewer.add_layer(layer)
        self._draw()
        # First, so that napari never paints the drawing of the view before.
        viewer.dims.events.ndisplay.connect(self._follow, position="first")
        viewer.dims.events.order.connect(self._follow, position="first")
        viewer.layers.events.removed.connect(self._end)

    @property
    def box(self) -> Box:
        """The box that is shown."""
        return self._box

    @box.setter
    def box(self, box: Box) -> None:
        if box != self._box:
            self._box = box
            self.layer.metadata["box"] = box
            self._draw()

    def _hidden_axis(self) -> int | None:
        """The axis of the box that is sliced, None in 3D."""
        dims = self._viewer.dims
        extra = dims.ndim - 3
        hidden = [axis - extra for axis in dims.not_displayed if axis >= extra]
        return hidden[0] if hidden else None

    def _follow(self, event: Any) -> None:
        if self._hidden_axis() != self._hidden:
            self._draw()

    def _draw(self) -> None:
        self._hidden = self._hidden_axis()
        drawing = draw_box(self._box, self._grid, self._hidden)
        layer = self.layer
        # One event for all, and that last: the viewer's range then sees the new extent.
        with layer.events.data.blocker(), layer.events.scale.blocker():
            layer.data = [(shape, drawing.shape_type) for shape in drawing.shapes]
            layer.edge_width = drawing.edge_width
            layer.scale = drawing.scale
        layer.translate = drawing.translate

    def _end(self, event: Any) -> None:
        if event.value is self.layer:
            self.close()

    def close(self) -> None:
        """Follow the viewer no longer."""
        dims, layers = self._viewer.dims, self._viewer.layers
        dims.events.ndisplay.disconnect(self._follow)
        dims.events.order.disconnect(self._follow)
        layers.events.removed.disconnect(self._end)
