"""The boxes of a viewer as rectangles in the slices of another one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from napari.components import ViewerModel
from napari.layers import Layer
from psygnal import Signal

from napari_abdoseg.image.grid import Triple
from napari_abdoseg.plugin.layers.boxes import is_box

LINE_PIXELS = 2
"""How thick panels draw the edges of a box."""


@dataclass(frozen=True)
class Outline:
    """A box to be drawn.

    Parameters
    ----------
    low, high : tuple of float
        Its outer faces in mm along (S, P, L), where it is shown.
    color : tuple of float
        RGBA from 0 to 1.
    """

    low: Triple
    high: Triple
    color: tuple[float, ...]


class BoxOutlines:
    """Knows the visible boxes of a viewer.

    Parameters
    ----------
    viewer : ViewerModel
    """

    changed = Signal()
    """A box was shown, hidden, changed or deleted."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._followed: list[Layer] = []
        self._outlines: tuple[Outline, ...] | None = None
        viewer.layers.events.inserted.connect(self._add)
        viewer.layers.events.removed.connect(self._remove)
        for layer in filter(is_box, viewer.layers):
            self._follow(layer)

    def __iter__(self) -> Iterator[Outline]:
        if self._outlines is None:
            self._outlines = tuple(
                _outline(layer)
                for layer in self._viewer.layers
                if layer in self._followed and layer.visible
            )
        return iter(self._outlines)

    def close(self) -> None:
        """Follow the viewer no longer."""
        self._viewer.layers.events.inserted.disconnect(self._add)
        self._viewer.layers.events.removed.disconnect(self._remove)
        for layer in list(self._followed):
            self._leave(layer)

    def _add(self, event: Any) -> None:
        if is_box(event.value):
            self._follow(event.value)
            self._tell()

    def _remove(self, event: Any) -> None:
        if event.value in self._followed:
            self._leave(event.value)
            self._tell()

    def _follow(self, layer: Layer) -> None:
        self._followed.append(layer)
        for event in _events(layer):
            event.connect(self._tell)

    def _leave(self, layer: Layer) -> None:
        self._followed.remove(layer)
        for event in _events(layer):
            event.disconnect(self._tell)

    def _tell(self, event: Any = None) -> None:
        self._outlines = None
        self.changed.emit()


def _events(layer: Layer) -> tuple[Any, ...]:
    events = layer.events
    return events.visible, events.metadata, events.edge_color, events.opacity


def _outline(layer: Any) -> Outline:
    box, grid = layer.metadata["box"], layer.metadata["grid"]
    centre, size = box.centre(grid), box.size(grid)
    low, high = (
        tuple(middle + side * length / 2 for middle, length in zip(centre, size, strict=True))
        for side in (-1, 1)
    )
    *rgb, alpha = layer.edge_color[0]
    return Outline(low, high, (*(float(part) for part in rgb), float(alpha * layer.opacity)))
