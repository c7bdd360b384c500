"""napari's own painting, which is private to it and put aside here alone.

In a mode that paints, napari has a callback of its own in a layer, and overlays that look for
the mouse; both come back with the next mode.
"""

from __future__ import annotations

from napari.layers import Labels

from napari_abdoseg.plugin.viewing.painting_overlays import painting_overlays


def leave_painting_to_others(layer: Labels) -> None:
    """Let napari paint nothing in a layer until its next mode is chosen."""
    own = layer._drag_modes[layer._mode]
    if own in layer.mouse_drag_callbacks:
        layer.mouse_drag_callbacks.remove(own)
    for overlay in painting_overlays(layer):
        if overlay.enabled:
            overlay.enabled = False
