"""The first picture of a layer that comes, which takes napari as long as the rest of the layer."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from weakref import ref

from napari.components import ViewerModel
from qtpy.QtWidgets import QWidget

from napari_abdoseg.plugin.jobs.idle_queue import IdleWork
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.napari_window import own_canvas, picture_of


def draw_in_a_turn(viewer: ViewerModel) -> None:
    """Let a viewer's own canvas, where it has one, draw what comes now in the next turn."""
    if hasattr(viewer, "window"):
        state_of(viewer, _own_picture).draw_in_a_turn()


def _own_picture(viewer: Any) -> PictureInATurn:
    return PictureInATurn(own_canvas(viewer))


class PictureInATurn:
    """The picture of a canvas, which stays as it is until it has its turn.

    Parameters
    ----------
    canvas : QWidget
        Of napari.
    """

    def __init__(self, canvas: QWidget) -> None:
        self._canvas = ref(canvas)
        self._turn = IdleWork(self._draw)

    def draw_in_a_turn(self, event: Any = None) -> None:
        """Draw what comes now in the next turn, if the canvas is seen."""
        canvas = self._canvas()
        if canvas is not None and canvas.isVisible():
            canvas.setUpdatesEnabled(False)
            self._turn.wait_first()

    def _draw(self) -> None:
        canvas = self._canvas()
        if canvas is not None:
            with suppress(RuntimeError):  # its window was closed
                canvas.setUpdatesEnabled(True)
                picture_of(canvas).repaint()
