"""Controls of a case's layers in napari's window, and the picture of a box."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Labels, Layer

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.plugin.layers.boxes import follow_boxes
from napari_abdoseg.plugin.layers.conversion import (
    add_beside,
    box_layer,
    image_layer,
    labels_layer,
)
from napari_abdoseg.plugin.layers.unseen_controls import make_controls_when_chosen
from napari_abdoseg.plugin.widgets.napari_window import own_canvas, own_controls

BOX = Box((1, 2, 2), (4, 20, 30))


@pytest.fixture
def viewer(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.add_layer(Labels(np.zeros((5, 40, 40), np.uint8), units="mm"))
    make_controls_when_chosen(viewer)
    return viewer


@pytest.fixture
def add_box(viewer, phantom):
    def add(name: str) -> Layer:
        box = box_layer(name, "#ff0000", BOX, phantom[1].grid)
        return add_beside(viewer, viewer.layers[0], box)

    return add


def test_controls_of_a_box_are_made_a_moment_after_it_is_chosen(viewer, add_box, qtbot):
    controls = own_controls(viewer)
    labels = viewer.layers[0]
    chosen, other = add_box("liver"), add_box("spleen")
    qtbot.wait(50)
    assert set(controls.widgets) == {labels}
    viewer.layers.selection = {chosen}
    assert controls.currentWidget() is controls.widgets[labels]
    qtbot.waitUntil(lambda: chosen in controls.widgets)
    assert set(controls.widgets) == {labels, chosen}
    assert controls.currentWidget() is controls.widgets[chosen]
    viewer.layers.selection = {labels}
    assert controls.currentWidget() is controls.widgets[labels]
    viewer.layers.selection = {chosen}
    assert controls.currentWidget() is controls.widgets[chosen]
    viewer.layers.remove(other)
    viewer.layers.remove(chosen)
    assert set(controls.widgets) == {labels}
    qtbot.waitUntil(lambda: controls.currentWidget() is controls.empty_widget)


def test_controls_of_a_scan_and_its_masks_are_made_when_they_are_chosen(viewer, phantom, qtbot):
    controls = own_controls(viewer)
    scan, truth = phantom
    viewer.layers.selection.events.changed.block()  # `add_layer` chooses what comes
    made = [viewer.add_layer(Layer.create(*image_layer(scan)))]
    viewer.layers.selection.events.changed.unblock()
    made.append(add_beside(viewer, made[0], labels_layer(truth)))
    qtbot.wait(50)
    assert not controls.widgets.keys() & set(made)
    for layer in reversed(made):
        viewer.layers.selection = {layer}
        qtbot.wait(50)
        assert controls.currentWidget().layer is layer
    points = viewer.add_points()  # of no case: as napari makes them, before it is chosen
    assert points in controls.widgets
    assert controls.currentWidget() is controls.widgets[points]


def test_controls_are_those_of_what_is_chosen_last(viewer, add_box, qtbot):
    controls = own_controls(viewer)
    labels, box = viewer.layers[0], add_box("liver")
    viewer.layers.selection = {box}
    viewer.layers.selection = {labels}
    qtbot.wait(50)
    assert controls.currentWidget() is controls.widgets[labels]
    assert set(controls.widgets) == {labels}
    viewer.layers.selection = {box}
    viewer.layers.selection = {box, labels}  # napari shows what both have
    qtbot.wait(50)
    assert controls.currentWidget() is controls.panel
    viewer.layers.selection = {box}
    viewer.layers.remove(box)
    qtbot.wait(50)
    assert set(controls.widgets) == {labels}


def test_controls_that_are_asked_for_are_there_at_once(viewer, add_box):
    box = add_box("liver")
    assert own_controls(viewer).widgets[box].layer is box


def test_a_window_can_be_closed_before_controls_come(viewer, add_box, qtbot):
    viewer.layers.selection = {add_box("liver")}
    viewer.close()
    qtbot.wait(50)


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
