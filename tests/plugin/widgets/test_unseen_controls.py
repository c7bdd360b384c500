"""Boxes and surfaces in napari's window: their controls and their picture."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels, Layer

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.plugin.layers.boxes import follow_boxes
from napari_abdoseg.plugin.layers.conversion import box_layer
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.widgets.napari_window import own_canvas, own_controls

BOX = Box((1, 2, 2), (4, 20, 30))


@pytest.fixture
def viewer(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    organ_scene(viewer, viewer.add_layer(Labels(np.zeros((5, 40, 40), np.uint8), units="mm")))
    return viewer


@pytest.fixture
def add_box(viewer, phantom):
    def add(name: str) -> Layer:
        return viewer.add_layer(Layer.create(*box_layer(name, "#ff0000", BOX, phantom[1].grid)))

    return add


def test_controls_of_a_box_are_made_when_it_is_chosen(viewer, add_box):
    controls = own_controls(viewer)
    labels = viewer.layers[0]
    viewer.layers.selection.events.changed.block()  # `add_layer` chooses what comes
    chosen, other = add_box("liver"), add_box("spleen")
    viewer.layers.selection.events.changed.unblock()
    assert set(controls.widgets) == {labels}
    viewer.layers.selection = {labels}
    viewer.layers.selection = {chosen}
    assert set(controls.widgets) == {labels, chosen}
    assert controls.currentWidget() is controls.widgets[chosen]
    chosen.opacity = 0.5
    assert controls.currentWidget().layer is chosen
    viewer.layers.remove(other)
    viewer.layers.remove(chosen)
    assert set(controls.widgets) == {labels}
    viewer.layers.selection = {labels}
    assert controls.currentWidget() is controls.widgets[labels]


def test_a_box_looks_the_same_without_what_is_not_drawn(viewer, add_box, phantom):
    follow_boxes(viewer)
    box = add_box("liver")
    viewer.dims.set_point(0, BOX.centre(phantom[1].grid)[0])
    viewer.fit_to_view()
    node = own_canvas(viewer).canvas.layer_to_visual[box].node
    parts = node.shape_highlights, node.highlight_lines, node.highlight_vertices, node.text
    assert not any(part.visible for part in parts)
    bare = viewer.screenshot(canvas_only=True, flash=False)
    for part in parts:
        part.visible = True
    np.testing.assert_array_equal(viewer.screenshot(canvas_only=True, flash=False), bare)
    box.visible = False
    assert (viewer.screenshot(canvas_only=True, flash=False) != bare).any()
