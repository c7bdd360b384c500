"""Finding the place on a surface that the mouse points at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Surface

from napari_abdoseg.image.grid import Triple
from napari_abdoseg.plugin.viewing.shared_cursor import LEFT_BUTTON, SharedCursor, is_still


def jump_on_click(viewer: ViewerModel, cursor: SharedCursor) -> None:
    """Move the cursor to the place on a surface that is clicked in 3D."""

    def click(_: ViewerModel, event: Any) -> Iterator[None]:
        pressed = tuple(event.pos)
        yield
        while event.type == "mouse_move":
            yield
        if event.button == LEFT_BUTTON and is_still(pressed, event.pos):
            place = place_on_surface(viewer, event)
            if place is not None:
                cursor.position = place

    viewer.mouse_drag_callbacks.append(click)


def place_on_surface(viewer: ViewerModel, event: Any) -> Triple | None:
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
