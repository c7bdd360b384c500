"""A scale bar that leaves room for the letters at the edges of a picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari.components import ViewerModel

LENGTHS_MM = (1, 2, 5, 10, 20, 50, 100, 200, 500)
SHARE_OF_WIDTH = 0.3
"""Of a picture that the bar takes at most, unless that is less than the shortest bar."""


def show_scale_bar(viewer: ViewerModel) -> Callable[[], None]:
    """Show a scale bar in mm, as long as fits into a corner of the picture.

    Returns
    -------
    callable
        Stops it.
    """
    bar, zoom, size = (
        viewer.canvas.overlays.scale_bar,
        viewer.scene.camera.events.zoom,
        viewer.canvas.events.size,
    )

    def fit(event: Any = None) -> None:
        length = fitting_length(viewer.canvas.size[1], viewer.scene.camera.zoom)
        if length != bar.length:
            bar.length = length
            # napari has drawn the bar at this zoom already, and draws no other length at it.
            bar.events.font_size.emit(bar.font_size)

    zoom.connect(fit)
    size.connect(fit)
    fit()
    bar.visible = True

    def stop() -> None:
        zoom.disconnect(fit)
        size.disconnect(fit)

    return stop


def fitting_length(width: float, zoom: float) -> float:
    """Longest bar in mm that fits into a picture ``width`` pixels wide, at ``zoom`` pixels a mm."""
    room = SHARE_OF_WIDTH * width / zoom
    return max((length for length in LENGTHS_MM if length <= room), default=LENGTHS_MM[0])
