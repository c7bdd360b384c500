"""Viewers that zoom together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari.components import ViewerModel


class LinkedZoom:
    """Keeps viewers at the same number of pixels a millimetre while it is on.

    Parameters
    ----------
    viewers : sequence of ViewerModel
    """

    def __init__(self, viewers: Sequence[ViewerModel]) -> None:
        self._cameras = [viewer.scene.camera for viewer in viewers]
        self._on = True
        for camera in self._cameras:
            camera.events.zoom.connect(self._pass_on)

    @property
    def on(self) -> bool:
        """Whether the viewers zoom together."""
        return self._on

    @on.setter
    def on(self, on: bool) -> None:
        self._on = on
        if on:
            self.zoom_out_to_the_widest()

    def zoom_out_to_the_widest(self) -> None:
        """Give all viewers the zoom of the one that shows most."""
        smallest = min(camera.zoom for camera in self._cameras)
        for camera in self._cameras:
            camera.zoom = smallest

    def close(self) -> None:
        """Let the viewers go."""
        for camera in self._cameras:
            camera.events.zoom.disconnect(self._pass_on)

    def _pass_on(self, event: Any) -> None:
        if self._on:
            for camera in self._cameras:
                if camera.zoom != event.value:
                    camera.zoom = event.value
