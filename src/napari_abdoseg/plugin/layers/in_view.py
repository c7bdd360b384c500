"""Which label map a user means."""

from __future__ import annotations

from napari.components import ViewerModel
from napari.layers import Labels

from napari_abdoseg.plugin.layers.conversion import label_layers
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view


def label_map_in_view(viewer: ViewerModel) -> Labels | None:
    """The label map that is selected, or the topmost one of the case in view."""
    layers = label_layers(viewer)
    active = viewer.layers.selection.active
    if active in layers:
        return active
    cases = cases_in_view(viewer)
    seen = [layer for layer in layers if cases.is_in_view(layer)]
    if not seen:
        return None
    return next((layer for layer in reversed(seen) if layer.visible), seen[-1])
