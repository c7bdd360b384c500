"""What napari draws while a Labels layer is painted on, made when that is done first.

napari makes a polygon and a circle on each canvas for each Labels layer that comes, which takes
the window's thread longer than all the rest of the layer.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from napari.layers import Labels, Layer

OVERLAYS = ("polygon", "brush_stroke")


def painting_overlays(layer: Labels) -> list[Any]:
    """What napari draws while a layer is painted on, each enabled in one mode."""
    found = (layer._overlays.get(name) for name in OVERLAYS)
    return [overlay for overlay in found if overlay is not None]


def make_overlays_when_used(layer: Layer) -> None:
    """Hide a layer's overlays until they are enabled: napari makes nothing of hidden ones.

    Parameters
    ----------
    layer : Layer
        In no viewer yet. Only Labels layers have such overlays.
    """
    if not isinstance(layer, Labels):
        return
    for overlay in painting_overlays(layer):
        if not overlay.enabled:
            overlay.visible = False
            overlay.events.enabled.connect(partial(_show, overlay))


def _show(overlay: Any, enabled: bool) -> None:
    if enabled:
        overlay.visible = True
