"""A viewer's own canvas that is hidden behind the four panels."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Layer

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.four_panel.view import toggle_four_panel_view
from napari_abdoseg.plugin.layers.boxes import box_display, follow_boxes
from napari_abdoseg.plugin.layers.conversion import box_layer, image_layer, labels_layer

SMALL, LARGE = Box((1, 2, 2), (4, 6, 6)), Box((1, 2, 2), (4, 20, 30))


@pytest.fixture
def viewer(make_napari_viewer, phantom):
    scan, truth = phantom
    viewer = make_napari_viewer(show=True)
    follow_boxes(viewer)
    viewer.add_layer(Layer.create(*image_layer(scan)))
    labels = LabelMap(truth.data.copy(), truth.grid, truth.organs)
    viewer.add_layer(Layer.create(*labels_layer(labels, "organs")))
    viewer.add_layer(Layer.create(*box_layer("liver", "#ff0000", SMALL, truth.grid)))
    viewer.dims.set_current_step(0, 2)
    return viewer


def _edit(viewer):
    """Change all that napari may draw anew; gives a function that changes it back."""
    scan, labels, box = viewer.layers["CT"], viewer.layers["organs"], viewer.layers["liver box"]
    grid = box.metadata["grid"]
    labels.brush_size = 8
    labels.paint((2, 12, 12), 3)
    box_display(viewer, box).box = LARGE
    scan.bounding_box.visible = True
    scan.contrast_limits = (0.0, 50.0)
    labels.opacity = 0.9
    viewer.add_layer(
        Layer.create(*box_layer("kidney", "#00ff00", Box((0, 9, 9), (5, 30, 30)), grid))
    )
    viewer.layers.move(2, 1)

    def change_back():
        viewer.layers.move(1, 2)
        viewer.layers.remove("kidney box")
        labels.undo()
        box_display(viewer, box).box = SMALL
        scan.bounding_box.visible = False
        scan.contrast_limits = (-200.0, 300.0)
        labels.opacity = 0.5

    return change_back


def _picture(viewer):
    return viewer.screenshot(canvas_only=True, flash=False)


def _drawn(viewer):
    return set(viewer.window._qt_viewer.canvas.layer_to_visual)


def test_it_shows_what_has_changed_behind_panels_when_it_is_seen_again(viewer):
    change_back = _edit(viewer)
    edited = _picture(viewer)
    change_back()
    plain = _picture(viewer)
    assert (edited != plain).any()
    toggle_four_panel_view(viewer)
    _edit(viewer)
    toggle_four_panel_view(viewer)
    np.testing.assert_array_equal(_picture(viewer), edited)


def test_behind_panels_it_draws_no_new_layer_and_lets_others_go(viewer, phantom):
    before = set(viewer.layers)
    toggle_four_panel_view(viewer)
    new = viewer.add_layer(Layer.create(*labels_layer(phantom[1], "new")))
    gone = viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    assert _drawn(viewer) == before
    new.visible = not new.visible
    viewer.layers.remove(gone)
    viewer.layers.remove("organs")
    viewer.layers.move(0, 2)
    assert _drawn(viewer) == set(viewer.layers) - {new}
    toggle_four_panel_view(viewer)
    _picture(viewer)
    assert _drawn(viewer) == set(viewer.layers)
    viewer.layers.clear()
    assert not _drawn(viewer)


@pytest.mark.slow
def test_who_takes_a_picture_of_it_behind_panels_sees_all_from_then_on(viewer, phantom):
    for _ in range(2):  # after which the window has its sizes
        toggle_four_panel_view(viewer)
    plain = _picture(viewer)
    toggle_four_panel_view(viewer)
    new = viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    new.contrast_limits = (0.0, 50.0)
    assert (_picture(viewer) != plain).any()
    new.visible = False
    np.testing.assert_array_equal(_picture(viewer), plain)
    for _ in range(3):  # closed, opened and closed without being drawn
        toggle_four_panel_view(viewer)
    viewer.layers.remove(new)
    np.testing.assert_array_equal(_picture(viewer), plain)
