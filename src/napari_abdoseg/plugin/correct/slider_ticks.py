"""Ticks on the sliders of slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari.components import ViewerModel
from qtpy.QtCore import QRectF
from qtpy.QtGui import QPainter, QPaintEvent
from qtpy.QtWidgets import QScrollBar, QStyle, QStyleOptionSlider

from napari_abdoseg.plugin.correct.change_overlay import GAIN
from napari_abdoseg.plugin.four_panel.view import sliders_of
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.overlay import Overlay

TICK_PIXELS = 3


class SliderTicks:
    """Marks slices on the sliders of all panels.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._rows: list[_Row] = []

    def show(self, layer: Any, numbers: Sequence[Sequence[int]]) -> None:
        """Mark slices of a layer, whose numbers are given for each of its three axes."""
        self.clear()
        for panel, sliders in sliders_of(self._viewer):
            extra = panel.dims.ndim - 3
            for own in range(3):
                axis = own + extra
                if numbers[own] and axis in panel.dims.not_displayed:
                    start, _, step = panel.dims.range[axis]
                    first = (layer.translate[own] - start) / step
                    places = [first + number * layer.scale[own] / step for number in numbers[own]]
                    self._rows.append(_Row(sliders[axis], places))

    def clear(self) -> None:
        """Mark none."""
        for row in self._rows:
            row.end()
        self._rows = []

    @property
    def values(self) -> list[list[float]]:
        """Where ticks are, by slider."""
        return [row.values for row in self._rows]


class _Row(Overlay):
    """Ticks over a slider, at values of it."""

    def __init__(self, slider: QScrollBar, values: list[float]) -> None:
        super().__init__(slider)
        self.values = values
        self._slider = slider

    def paintEvent(self, event: QPaintEvent | None) -> None:  # noqa: N802
        painter = QPainter(self)
        for value in self.values:
            middle = self._place(value)
            painter.fillRect(QRectF(middle - TICK_PIXELS / 2, 0, TICK_PIXELS, self.height()), GAIN)
        painter.end()

    def _place(self, value: float) -> float:
        """Where the middle of the handle is at a value."""
        slider, option = self._slider, QStyleOptionSlider()
        slider.initStyleOption(option)
        style, control = sure(slider.style()), QStyle.ComplexControl.CC_ScrollBar
        groove = style.subControlRect(control, option, QStyle.SubControl.SC_ScrollBarGroove, slider)
        handle = style.subControlRect(control, option, QStyle.SubControl.SC_ScrollBarSlider, slider)
        share = (value - slider.minimum()) / max(slider.maximum() - slider.minimum(), 1)
        return groove.x() + handle.width() / 2 + share * (groove.width() - handle.width())
