"""The place in the body that the slices of a viewer and its panels go through."""

from __future__ import annotations

from typing import Any

from napari.components import ViewerModel
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_abdoseg.image.grid import Triple
from napari_abdoseg.plugin.viewing.panels import panels_changed, panels_of


def place_in_view(viewer: ViewerModel) -> Triple:
    """Where the slices of a viewer and its panels go through, in mm along (S, P, L)."""
    s, p, left = (0.0, 0.0, 0.0, *viewer.dims.point)[-3:]
    place = [float(s), float(p), float(left)]
    for panel in panels_of(viewer):
        for axis in panel.dims.not_displayed:
            if axis >= panel.dims.ndim - 3:
                place[axis - (panel.dims.ndim - 3)] = float(panel.dims.point[axis])
    s, p, left = place
    return s, p, left


class PlaceInView:
    """Knows that place, and tells when it moves, until `close`.

    Parameters
    ----------
    viewer : ViewerModel
    """

    moved = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._followed: tuple[ViewerModel, ...] = ()
        self._is_open = True
        panels_changed(viewer).connect(self._follow_soon)
        self._follow()

    @property
    def place(self) -> Triple:
        """Where it is, in mm along (S, P, L)."""
        return place_in_view(self._viewer)

    def close(self) -> None:
        """Tell no more."""
        self._is_open = False
        panels_changed(self._viewer).disconnect(self._follow_soon)
        self._leave()

    def _follow_soon(self) -> None:
        QTimer.singleShot(0, self._follow)

    def _follow(self) -> None:
        self._leave()
        self._followed = panels_of(self._viewer) if self._is_open else ()
        for panel in self._followed:
            panel.dims.events.point.connect(self._tell)

    def _leave(self) -> None:
        for panel in self._followed:
            panel.dims.events.point.disconnect(self._tell)
        self._followed = ()

    def _tell(self, event: Any = None) -> None:
        self.moved.emit()
