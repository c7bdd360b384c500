"""The window of a CT: which Hounsfield units are black and which are white."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image

from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.shared_cursor import LEFT_BUTTON
from napari_abdoseg.plugin.viewing.viewer_state import state_of

CT_RANGE = (-1024, 3071)
"""HU of 12-bit scanners."""
SAMPLE = 8
"""Every so many voxels along each axis tell what else the range has to hold."""

DRAG_KEY = "Control"
DRAG_PIXELS = 300
"""So far the mouse goes to make a window twice as wide, or to move it by its width."""
NARROWEST = 1.0


@dataclass(frozen=True)
class Window:
    """Width and level (middle) of what is shown between black and white, in HU."""

    width: float
    level: float

    @classmethod
    def of(cls, layer: Image) -> Window:
        """The window of a layer."""
        low, high = map(float, layer.contrast_limits)
        return cls(high - low, (low + high) / 2)

    @property
    def limits(self) -> tuple[float, float]:
        """What is black, and what is white."""
        return self.level - self.width / 2, self.level + self.width / 2

    @property
    def words(self) -> str:
        """Such as ``"W 400 L 40"``."""
        return f"W {self.width:.0f} L {self.level:.0f}"

    def moved(self, right: float, up: float) -> Window:
        """Wider after a move of the mouse to the right, brighter after one up, in pixels."""
        width = max(self.width * 2 ** (right / DRAG_PIXELS), NARROWEST)
        return Window(width, self.level - self.width * up / DRAG_PIXELS)


WINDOWS = {
    "abdomen": Window(400, 40),
    "liver": Window(150, 30),
    "lung": Window(1500, -600),
    "bone": Window(1800, 400),
}


def follow_windows(viewer: ViewerModel) -> None:
    """Let the CTs of a viewer be windowed over all of their values, and by dragging."""
    state_of(viewer, _follow)


def _follow(viewer: ViewerModel) -> None:
    for layer in viewer.layers:
        widen_range(layer)
    viewer.layers.events.inserted.connect(lambda event: widen_range(event.value))
    window_by_dragging(viewer, viewer)


def widen_range(layer: Any) -> None:
    """Let the slider of a CT's window reach all HU, and all values that it has."""
    if isinstance(layer, Image) and "grid" in layer.metadata:
        some = np.asarray(layer.data[::SAMPLE, ::SAMPLE, ::SAMPLE])
        low, high = float(some.min()), float(some.max())
        if np.isfinite((low, high)).all():
            layer.contrast_limits_range = min(low, CT_RANGE[0]), max(high, CT_RANGE[1])


def scan_in_view(viewer: ViewerModel) -> Image | None:
    """The CT that is in view, or the topmost image that is seen."""
    scan = cases_in_view(viewer).scan
    seen = (layer for layer in reversed(viewer.layers) if isinstance(layer, Image))
    return scan or next((layer for layer in seen if layer.visible and not layer.rgb), None)


def set_window(viewer: ViewerModel, window: Window) -> None:
    """Show the CT that is in view in a window."""
    scan = scan_in_view(viewer)
    if scan is not None:
        scan.contrast_limits = window.limits


def window_by_dragging(viewer: ViewerModel, source: ViewerModel) -> Callable[[], None]:
    """Change the window of the CT by dragging the mouse with the Control key held, and no other.

    To the right makes it wider, up brighter, as in 3D Slicer. Nothing is painted meanwhile.

    Parameters
    ----------
    viewer : ViewerModel
        Whose slices are dragged in.
    source : ViewerModel
        Which has the CT.

    Returns
    -------
    callable
        Stops it.
    """

    def drag(_: ViewerModel, event: Any) -> Iterator[None]:
        scan = scan_in_view(source)
        is_meant = tuple(event.modifiers) == (DRAG_KEY,) and event.button == LEFT_BUTTON
        if scan is None or not is_meant or viewer.dims.ndisplay == 3:
            return
        active = viewer.layers.selection.active
        mode = None if active is None else active.mode
        if active is not None:
            active.mode = "pan_zoom"
        pressed, before = tuple(event.pos), Window.of(scan)

        def follow() -> None:
            x, y = (here - there for here, there in zip(event.pos, pressed))
            window = before.moved(x, -y)
            scan.contrast_limits = window.limits
            source.status = f"{scan.name}: {window.words}"

        yield
        while event.type == "mouse_move":
            follow()
            yield
        follow()
        if active is not None:
            active.mode = mode

    viewer.mouse_drag_callbacks.insert(0, drag)
    return lambda: viewer.mouse_drag_callbacks.remove(drag)
