"""Clicks in the slices of a viewer and of the panels beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels

from napari_abdoseg.image.grid import Shape
from napari_abdoseg.plugin.viewing.panels import panels_changed, panels_of

Hear = Callable[[Shape], None]
LEFT_BUTTON = 1
STILL_PIXELS = 3
PAN_ZOOM = "pan_zoom"


class Clicks:
    """Tells which voxels of a label map are clicked; nothing is painted meanwhile.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._followed: list[ViewerModel] = []
        self._layer: Labels | None = None
        self._hear: Hear | None = None
        self._hover: Hear | None = None
        panels_changed(viewer).connect(self._follow_panels)

    def follow(self, layer: Labels | None, hear: Hear | None, hover: Hear | None = None) -> None:
        """Call ``hear`` with each voxel (z, y, x) of a layer that is clicked; None for no more.

        ``hover`` is called with each that the mouse moves over in between.
        """
        self._layer, self._hear, self._hover = layer, hear, hover
        if layer is not None:
            layer.mode = PAN_ZOOM
        self._follow_panels()

    def _follow_panels(self) -> None:
        """Follow the panels that there are now."""
        for panel in self._followed:
            panel.mouse_drag_callbacks.remove(self._click)
            panel.mouse_move_callbacks.remove(self._move)
        self._followed = [] if self._layer is None else list(panels_of(self._viewer))
        for panel in self._followed:
            panel.mouse_drag_callbacks.append(self._click)
            panel.mouse_move_callbacks.append(self._move)

    def _click(self, viewer: ViewerModel, event: Any) -> Iterator[None]:
        pressed = np.array(event.pos)
        place = event.position[-3:]
        yield
        while event.type == "mouse_move":
            yield
        is_still = (np.abs(pressed - event.pos) <= STILL_PIXELS).all()
        if event.button != LEFT_BUTTON or not is_still or viewer.dims.ndisplay == 3:
            return
        if self._layer is not None and self._hear is not None and not event.modifiers:
            self._hear(_voxel(self._layer, place))

    def _move(self, viewer: ViewerModel, event: Any) -> None:
        if self._layer is not None and self._hover is not None and viewer.dims.ndisplay == 2:
            self._hover(_voxel(self._layer, event.position[-3:]))


def _voxel(layer: Labels, place: Any) -> Shape:
    z, y, x = np.round(layer.world_to_data(place)).astype(int).tolist()
    return z, y, x
