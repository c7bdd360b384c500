"""A box of a label map, drawn over all pictures of a viewer."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from numpy.typing import NDArray
from qtpy.QtCore import QRectF, Qt, QTimer
from qtpy.QtGui import QPainter, QPen
from qtpy.QtWidgets import QWidget
from vispy.scene.visuals import Line

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.plugin.correct.change_cloud import ABOVE_ALL, REST_MS, in_scene
from napari_abdoseg.plugin.correct.drawing import LINE, LINE_PIXELS, SHADOW, SHADOW_PIXELS
from napari_abdoseg.plugin.correct.slice_overlay import SliceInView, SliceOverlay
from napari_abdoseg.plugin.four_panel.view import canvases_of, pictures_changed, scenes_of
from napari_abdoseg.plugin.widgets.readable import readable

DASHES = 5, 4
"""Of a box that the slice in view does not cut."""


class BoxShown:
    """Shows one box in the slices, dashed where they pass it by, and in 3D.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._shown: tuple[Labels, Box] | None = None
        self._slices: list[BoxOverlay] = []
        self._edges: list[Line] = []
        self._rest = QTimer()
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._draw_edges)
        pictures_changed(viewer).connect(self._show_again)
        viewer.events.theme.connect(self._draw_edges)

    @property
    def box(self) -> Box | None:
        """What is shown."""
        return None if self._shown is None else self._shown[1]

    def show(self, layer: Labels, box: Box) -> None:
        """Show a box in voxels of a layer, instead of what was shown before."""
        is_new = self._shown is None or self._shown[0] is not layer
        self._shown = layer, box
        if is_new:
            self._show_again()
        for overlay in self._slices:
            overlay.turn_to(box)
        self._rest.start()

    def clear(self) -> None:
        """Show none."""
        self._shown = None
        self._show_again()

    def _show_again(self) -> None:
        for overlay in self._slices:
            overlay.end()
        self._slices = []
        self._forget_edges()
        if self._shown is None:
            self._rest.stop()
            return
        self._slices = [
            BoxOverlay(canvas, panel, *self._shown)
            for panel, canvas in canvases_of(self._viewer)
            if panel.dims.ndisplay == 2
        ]
        self._rest.start()

    def _draw_edges(self, event: object = None) -> None:
        """Draw the box in 3D, which takes longer: once the mouse rests."""
        self._forget_edges()
        if self._shown is None:
            return
        color = readable(LINE.name(), self._viewer.theme)
        edges = edges_of(*self._shown)
        for viewer, scene in scenes_of(self._viewer):
            line = Line(in_scene(viewer, edges), color=color, connect="segments")
            line.set_gl_state("translucent", depth_test=False)
            line.order = ABOVE_ALL
            line.parent = scene
            self._edges.append(line)

    def _forget_edges(self) -> None:
        for line in self._edges:
            line.parent = None
        self._edges = []


class BoxOverlay(SliceOverlay):
    """Draws a box over a canvas.

    Parameters
    ----------
    canvas : QWidget
    viewer : ViewerModel
        What the canvas shows.
    layer : Labels
    box : Box
        In its voxels.
    """

    def __init__(self, canvas: QWidget, viewer: ViewerModel, layer: Labels, box: Box) -> None:
        super().__init__(canvas, viewer, layer)
        self._box = box

    def turn_to(self, box: Box) -> None:
        """Draw another box."""
        self._box = box
        self.update()

    def draw(self, painter: QPainter, slice_: SliceInView) -> None:
        """Draw where the slice cuts it, or where it lies before or behind."""
        start, stop = self._box.start, self._box.stop
        down, right = (stop[axis] - start[axis] for axis in (slice_.down, slice_.right))
        is_cut = start[slice_.axis] <= slice_.number < stop[slice_.axis]
        sides = self.to_canvas(start).mapRect(QRectF(0, 0, right, down))
        for color, width in ((SHADOW, SHADOW_PIXELS), (LINE, LINE_PIXELS)):
            pen = QPen(color, width)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            if not is_cut:
                pen.setDashPattern([dash / width for dash in DASHES])
            painter.setPen(pen)
            painter.drawRect(sides)


def edges_of(layer: Labels, box: Box) -> NDArray[np.float64]:
    """Both ends of a box's twelve edges, (z, y, x) in mm.

    Returns
    -------
    ndarray, shape (24, 3)
    """
    corners: NDArray[Any] = np.array(list(product((0, 1), repeat=3)))
    ends = [
        (one, other)
        for one in corners
        for other in corners
        if (other - one).sum() == 1 and (other >= one).all()
    ]
    size = np.subtract(box.stop, box.start)
    voxels = np.reshape(ends, (-1, 3)) * size + box.start - 0.5
    return np.asarray(layer.translate[-3:] + voxels * layer.scale[-3:])
