"""A viewer's own canvas, while something else is in its place, draws no new layers.

napari draws each layer for the first time as it comes, in hidden canvases too, which takes the
window's thread a while.
"""

from __future__ import annotations

from typing import Any

from napari import Viewer

from napari_abdoseg.plugin.widgets.napari_window import own_canvas


class UnseenCanvas:
    """Lets a viewer's own canvas, which is hidden, leave new layers until it is drawn.

    That is when it is shown again, or when somebody takes a picture of it meanwhile: then it has
    all layers as they are, and draws new ones as they come.

    Parameters
    ----------
    viewer : Viewer
    """

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        for emitter, callback in self._followed():
            emitter.block(callback)
        viewer.layers.events.removed.connect(self._remove)
        self._window.canvas.events.draw.connect(self.catch_up, position="first")

    @property
    def _window(self) -> Any:
        return own_canvas(self._viewer)

    def catch_up(self, event: Any = None) -> None:
        """Draw all layers from now on, if it does not yet."""
        window, events = self._window, self._viewer.layers.events
        if not events.inserted.blocked(window._on_add_layer_change):
            return
        for emitter, callback in self._followed():
            emitter.unblock(callback)
        events.removed.disconnect(self._remove)
        window.canvas.events.draw.disconnect(self.catch_up)
        for layer in self._viewer.layers:
            if layer not in window.canvas.layer_to_visual:
                window._add_layer(layer)

    def _followed(self) -> tuple[tuple[Any, Any], ...]:
        """What a canvas does when layers come and go."""
        window, events = self._window, self._viewer.layers.events
        return (
            (events.inserted, window._on_add_layer_change),
            (events.removed, window.canvas._remove_layer),
            (events.begin_batch, window.canvas._pause_scene_graph_update),
            (events.end_batch, window.canvas._resume_scene_graph_update),
        )

    def _remove(self, event: Any) -> None:
        canvas = self._window.canvas
        if event.value in canvas.layer_to_visual:
            canvas._remove_layer(event)
