"""What of the slices in view is within a range of HU, shown on the picture."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image
from qtpy.QtCore import Qt
from qtpy.QtGui import QBrush, QColor, QImage, QPainter
from qtpy.QtWidgets import QWidget

from napari_abdoseg.correction.painted_area import HuRange
from napari_abdoseg.plugin.correct.slice_overlay import (
    SliceInView,
    SliceOverlay,
    filled,
    mask_image,
)
from napari_abdoseg.plugin.four_panel.view import canvases_of, pictures_changed
from napari_abdoseg.plugin.viewing.viewer_state import state_of, unwrapped

DOTS = QBrush(QColor("#fff176"), Qt.BrushStyle.Dense6Pattern)
"""On organs of any colour they are seen, and what is below is seen between them."""


def range_shown(viewer: ViewerModel) -> RangeShown:
    """What shows a range of HU in a viewer."""
    return state_of(unwrapped(viewer), RangeShown)


class RangeShown:
    """Dots what is within a range of HU, in all slices.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._shown: tuple[Image, HuRange] | None = None
        self.overlays: list[RangeOverlay] = []
        pictures_changed(viewer).connect(self._draw)

    def show(self, scan: Image | None, hu_range: HuRange | None) -> None:
        """Show a range of a scan; None for none."""
        wanted = None if scan is None or hu_range is None else (scan, hu_range)
        if wanted != self._shown:
            self._shown = wanted
            self._draw()

    def clear(self) -> None:
        """Show nothing."""
        self.show(None, None)

    def _draw(self) -> None:
        for overlay in self.overlays:
            overlay.end()
        self.overlays = []
        if self._shown is not None:
            self.overlays = [
                RangeOverlay(canvas, panel, *self._shown)
                for panel, canvas in canvases_of(self._viewer)
                if panel.dims.ndisplay == 2
            ]


class RangeOverlay(SliceOverlay):
    """Dots what is within a range of HU in one slice.

    Parameters
    ----------
    canvas : QWidget
    viewer : ViewerModel
        What the canvas shows.
    scan : Image
    hu_range : tuple of float
    """

    def __init__(
        self, canvas: QWidget, viewer: ViewerModel, scan: Image, hu_range: HuRange
    ) -> None:
        super().__init__(canvas, viewer, scan)
        self._data, self._range = scan.data, hu_range
        self._drawn: tuple[SliceInView | None, QImage] = None, QImage()

    def draw(self, painter: QPainter, slice_: SliceInView) -> None:
        """Draw dots, on a mask that is made once for each slice."""
        if self._drawn[0] != slice_:
            self._drawn = slice_, self._within(slice_)
        mask = self._drawn[1]
        painter.drawPixmap(0, 0, filled(mask, DOTS, self.to_canvas((0, 0, 0)), self.size()))

    def _within(self, slice_: SliceInView) -> QImage:
        if not 0 <= slice_.number < self._data.shape[slice_.axis]:
            return QImage()
        hu = np.asarray(slice_.of(self._data))
        return mask_image((hu >= self._range[0]) & (hu <= self._range[1]))
