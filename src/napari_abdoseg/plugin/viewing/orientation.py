"""Pictures the way radiologists look at them, and where the patient's sides lie in them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from napari.components import ViewerModel
from numpy.typing import NDArray

from napari_abdoseg.plugin.viewing.viewer_state import state_of

SUPERIOR = 0
"""The axis of (z, y, x) that points to the head."""

ENDS = ("SI", "PA", "LR")
"""Where each axis of (z, y, x) points to, and where it comes from."""

OBLIQUE = 0.35
"""Share of a direction below which it gets no letter."""

FROM_ABOVE = (0, 0, 0)
"""Angles of napari's camera at first, and after each reset."""


def keep_head_up(viewer: ViewerModel) -> Callable[[], None]:
    """Show coronal and sagittal slices head up, and axial ones anterior side up.

    In 3D the patient's left is never taken for the right: napari's own depth
    axis would mirror them. A view that was not turned yet is from the front.

    Returns
    -------
    callable
        Stops it; does nothing if it was kept so before.
    """
    head_up = state_of(viewer, _HeadUp)
    if head_up.is_kept:
        return lambda: None
    head_up.keep()
    return head_up.stop


class _HeadUp:
    """Turns the camera of a viewer with its slices."""

    def __init__(self, viewer: ViewerModel) -> None:
        self.is_kept = False
        self._viewer = viewer
        self._dims, self._camera = viewer.dims, viewer.scene.camera
        self._connections = (
            (viewer.dims.events.order, self._turn),
            (viewer.dims.events.ndisplay, self._turn),
            (viewer.dims.events.ndisplay, self._face),
            (viewer.events.reset_view, self._face),
        )

    def keep(self) -> None:
        self.is_kept = True
        for event, callback in self._connections:
            event.connect(callback)
        self._turn()
        self._face()

    def stop(self) -> None:
        self.is_kept = False
        for event, callback in self._connections:
            event.disconnect(callback)

    def _turn(self, event: object = None) -> None:
        vertical = self._dims.displayed[0] - (self._dims.ndim - 3)
        up = self._dims.ndisplay == 2 and vertical == SUPERIOR
        self._camera.orientation = ("away", "up" if up else "down", "right")

    def _face(self, event: object = None) -> None:
        """Turn from the view that napari has in 3D by default, from above."""
        was_turned = self._camera.angles != FROM_ABOVE
        in_order = self._dims.order == tuple(range(self._dims.ndim))
        if self._dims.ndisplay == 3 and in_order and not was_turned:
            look_from_the_front(self._viewer)


def look_from_the_front(viewer: ViewerModel) -> None:
    """Look at the patient in 3D as when face to face, a little from above."""
    viewer.scene.camera.set_view_direction((-0.25, 1, 0.2), (1, 0, 0))


def picture_directions(viewer: ViewerModel) -> NDArray[np.float64]:
    """Directions to the right and down in a viewer's picture.

    Returns
    -------
    ndarray, shape (2, 3)
        Unit vectors along (S, P, L).
    """
    dims, camera = viewer.dims, viewer.scene.camera
    directions = np.zeros((2, 3))
    if dims.ndisplay == 3:
        view, up = np.array(camera.view_direction), np.array(camera.up_direction)
        directions[0] = np.cross(up, view)
        directions[1] = -up
        return directions
    _, vertical, horizontal = camera.orientation
    down, right = (axis - (dims.ndim - 3) for axis in dims.displayed)
    directions[0, right] = 1 if str(horizontal) == "right" else -1
    directions[1, down] = 1 if str(vertical) == "down" else -1
    return directions


def letters_of(direction: NDArray[np.float64]) -> str:
    """Letters of a direction along (S, P, L), the strongest first, such as ``"LA"``."""
    strongest_first = np.argsort(-np.abs(direction))
    return "".join(
        ENDS[axis][int(direction[axis] < 0)]
        for axis in strongest_first
        if abs(direction[axis]) > OBLIQUE
    )
