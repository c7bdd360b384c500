"""The first picture of a layer that comes, which takes napari as long as the rest of the layer."""

from __future__ import annotations

from contextlib import suppress

from napari import Viewer
from napari.components import ViewerModel

from napari_abdoseg.plugin.jobs.idle_queue import IdleWork
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.napari_window import own_canvas, own_picture


def draw_in_a_turn(viewer: ViewerModel) -> None:
    """Let a viewer's own canvas, where it has one, draw what comes now in the next turn."""
    if hasattr(viewer, "window"):
        state_of(viewer, _OwnPicture).draw_in_a_turn()


class _OwnPicture:
    """The picture of a viewer's own canvas, which stays as it is until it has its turn."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._turn = IdleWork(self._draw)

    def draw_in_a_turn(self) -> None:
        own_canvas(self._viewer).setUpdatesEnabled(False)
        self._turn.wait_first()

    def _draw(self) -> None:
        with suppress(AttributeError, RuntimeError):  # the window was closed
            own_canvas(self._viewer).setUpdatesEnabled(True)
            own_picture(self._viewer).repaint()
