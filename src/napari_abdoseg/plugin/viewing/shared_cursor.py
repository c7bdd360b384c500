"""One place in the body that several viewers look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Surface
from psygnal import Signal
from superqt.utils import QSignalDebouncer

from napari_abdoseg.image.grid import Triple

MOVE_KEY = "Shift"
LEFT_BUTTON = 1
STILL_PIXELS = 3


class SharedCursor:
    """A place in mm along (S, P, L); each viewer that joins is sliced through it.

    Scrolling a slice moves it, and so does a click where nothing is painted, or
    the mouse with the Shift key held, as in 3D Slicer. In 3D it moves to the place on a
    surface that is clicked.

    Parameters
    ----------
    position : tuple of float
    """

    moved = Signal(tuple[float, float, float])

    def __init__(self, position: Triple) -> None:
        self._position = position
        self._leave: list[Callable[[], None]] = []

    @property
    def position(self) -> Triple:
        """Where it is, in mm along (S, P, L)."""
        return self._position

    @position.setter
    def position(self, position: Triple) -> None:
        if position != self._position:
            self._position = position
            self.moved.emit(position)

    def join(self, viewer: ViewerModel, rest_ms: int = 0) -> None:
        """Slice ``viewer`` at the cursor, and move the cursor from there.

        Parameters
        ----------
        viewer : ViewerModel
        rest_ms : int, optional
            The viewer follows when the cursor has rested that long; at once if 0.
        """
        dims = viewer.dims

        def take_slice(event: Any = None) -> None:
            self.position = _replaced(self.position, viewer, dims.point, _hidden(viewer))

        def show() -> None:
            places = {_axis(viewer, i): self.position[i] for i in _hidden(viewer)}
            if any(dims.point[axis] != place for axis, place in places.items()):
                dims.set_point(list(places), list(places.values()))

        def go_to_mouse(event: Any) -> None:
            if dims.ndisplay == 2:
                self.position = _replaced(self.position, viewer, event.position, _shown(viewer))

        def move(_: ViewerModel, event: Any) -> None:
            if tuple(event.modifiers) == (MOVE_KEY,):  # and not on the way to another key
                go_to_mouse(event)

        def click(_: ViewerModel, event: Any) -> Iterator[None]:
            pressed = tuple(event.pos)
            yield
            while event.type == "mouse_move":
                yield
            if event.button != LEFT_BUTTON or not _is_still(pressed, event.pos):
                return
            if dims.ndisplay == 3:
                self.position = _place_on_surface(viewer, event) or self.position
            elif _is_free(viewer):
                go_to_mouse(event)

        rest = QSignalDebouncer()
        rest.setTimeout(rest_ms)
        rest.triggered.connect(show)
        dims.events.point.connect(take_slice)
        self.moved.connect(rest.throttle if rest_ms else show, max_args=0)
        viewer.mouse_move_callbacks.append(move)
        viewer.mouse_drag_callbacks.append(click)

        def leave() -> None:
            rest.cancel()
            dims.events.point.disconnect(take_slice)
            viewer.mouse_move_callbacks.remove(move)
            viewer.mouse_drag_callbacks.remove(click)

        self._leave.append(leave)
        show()

    def close(self) -> None:
        """Let all viewers go."""
        self.moved.disconnect()
        for leave in self._leave:
            leave()
        self._leave.clear()


def _is_still(pressed: Any, released: Any) -> bool:
    """Whether the mouse was clicked rather than dragged."""
    return all(abs(a - b) <= STILL_PIXELS for a, b in zip(pressed, released))


def _is_free(viewer: ViewerModel) -> bool:
    """Whether a click has no other meaning, such as to paint."""
    active = viewer.layers.selection.active
    return active is None or str(active.mode) == "pan_zoom"


def _axis(viewer: ViewerModel, i: int) -> int:
    """The viewer's axis of axis ``i`` of (S, P, L)."""
    return i + int(viewer.dims.ndim) - 3


def _shown(viewer: ViewerModel) -> list[int]:
    return [i for i in range(3) if _axis(viewer, i) in viewer.dims.displayed]


def _hidden(viewer: ViewerModel) -> list[int]:
    return [i for i in range(3) if i not in _shown(viewer)]


def _replaced(position: Triple, viewer: ViewerModel, by: Any, axes: list[int]) -> Triple:
    s, p, left = (
        float(by[_axis(viewer, i)]) if i in axes else value for i, value in enumerate(position)
    )
    return s, p, left


def _place_on_surface(viewer: ViewerModel, event: Any) -> Triple | None:
    """The nearest place on a visible surface under the mouse, in mm along (S, P, L)."""
    places = [
        place
        for layer in viewer.layers
        if isinstance(layer, Surface)
        and layer.visible
        and (place := _hit(layer, event)) is not None
    ]
    if not places:
        return None
    nearest = min(places, key=lambda place: float(np.dot(place, event.view_direction)))
    s, p, left = (float(value) for value in nearest[-3:])
    return s, p, left


def _hit(layer: Surface, event: Any) -> Any:
    _, triangle = layer.get_value(
        event.position,
        view_direction=event.view_direction,
        dims_displayed=event.dims_displayed,
        world=True,
    ) or (None, None)
    if triangle is None:
        return None
    vertices, faces = layer.data[:2]
    return np.asarray(layer.data_to_world(vertices[faces[triangle]].mean(axis=0)))
