"""Slices the way radiologists look at them."""

from __future__ import annotations

from napari.components import ViewerModel

SUPERIOR = 0
"""The axis of (z, y, x) that points to the head."""


def keep_head_up(viewer: ViewerModel) -> None:
    """Show coronal and sagittal slices head up, and axial ones anterior side up."""

    def turn() -> None:
        vertical = viewer.dims.displayed[0] - (viewer.dims.ndim - 3)
        if viewer.dims.ndisplay == 2:
            viewer.scene.camera.orientation2d = ("up" if vertical == SUPERIOR else "down", "right")

    viewer.dims.events.order.connect(turn)
    viewer.dims.events.ndisplay.connect(turn)
    turn()
