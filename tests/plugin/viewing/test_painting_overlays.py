"""Overlays of Labels layers are made when they are used first."""

from __future__ import annotations

import pytest

from napari_abdoseg.plugin.four_panel.view import four_panel_view, toggle_four_panel_view
from napari_abdoseg.plugin.layers.conversion import add_beside, labels_layer
from napari_abdoseg.plugin.viewing.painting_overlays import painting_overlays


def made(canvas, layer) -> set:
    """The overlays that a canvas has made for a layer."""
    return set(canvas._layer_overlay_to_visual[layer])


@pytest.mark.parametrize("in_panels", [False, True])
def test_canvases_make_an_overlay_when_it_is_used_first(viewer, phantom, qtbot, in_panels):
    if in_panels:
        toggle_four_panel_view(viewer)
    labels = add_beside(viewer, viewer.layers["CT"], labels_layer(phantom[1], "organs"))
    view = four_panel_view(viewer)
    shown, canvas = labels, viewer.window._qt_viewer.canvas
    if view is not None:
        qtbot.waitUntil(lambda: "organs" in view.axial.layers)
        shown, canvas = view.axial.layers["organs"], view.canvases[0].canvas
    polygon, stroke = painting_overlays(shown)
    assert made(canvas, shown) == set()
    used = {"paint": {stroke}, "pan_zoom": {stroke}, "polygon": {stroke, polygon}}
    for mode, expected in used.items():
        labels.mode = mode
        assert made(canvas, shown) == expected
    polygon.points = [[5, 2, 2], [5, 2, 9], [5, 9, 9], [5, 9, 9]]
    before = labels.data.copy()
    labels.selected_label = 3
    polygon.add_polygon_to_labels(shown)
    assert (labels.data != before).any()
    labels.undo()
    if in_panels:
        toggle_four_panel_view(viewer)
