"""Pictures as radiologists look at them."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_abdoseg.plugin.layers.conversion import image_layer
from napari_abdoseg.plugin.viewing.orientation import (
    keep_head_up,
    letters_of,
    look_from_the_front,
    picture_directions,
)

AXIAL, CORONAL, SAGITTAL = (0, 1, 2), (1, 0, 2), (2, 0, 1)


@pytest.fixture
def viewer(phantom):
    viewer = ViewerModel()
    data, options, _ = image_layer(phantom[0])
    viewer.add_image(data, **options)
    return viewer


def _letters(viewer):
    right, down = picture_directions(viewer)
    return [letters_of(direction) for direction in (-right, right, -down, down)]


@pytest.mark.parametrize(
    ("order", "vertical"),
    [(AXIAL, "down"), (CORONAL, "up"), (SAGITTAL, "up"), ((0, 2, 1), "down")],
)
def test_the_head_is_up(viewer, order, vertical):
    keep_head_up(viewer)
    viewer.dims.order = order
    camera = viewer.scene.camera
    assert [str(direction) for direction in camera.orientation2d] == [vertical, "right"]
    viewer.dims.ndisplay = 3
    viewer.dims.order = AXIAL
    viewer.dims.ndisplay = 2
    assert str(viewer.scene.camera.orientation2d[0]) == "down"


def test_nothing_is_turned_any_more_once_it_is_stopped(viewer):
    stop = keep_head_up(viewer)
    stop()
    viewer.dims.order = CORONAL
    assert str(viewer.scene.camera.orientation2d[0]) == "down"


@pytest.mark.parametrize(
    ("order", "letters"), [(AXIAL, "RLAP"), (CORONAL, "RLSI"), (SAGITTAL, "APSI")]
)
def test_the_sides_of_a_slice(viewer, order, letters):
    keep_head_up(viewer)
    viewer.dims.order = order
    assert "".join(_letters(viewer)) == letters


def test_the_sides_of_a_slice_among_time_points():
    viewer = ViewerModel()
    viewer.add_image(np.zeros((2, 4, 5, 6)))
    keep_head_up(viewer)
    assert "".join(_letters(viewer)) == "RLAP"


def test_from_the_front_the_left_is_on_the_right(viewer):
    keep_head_up(viewer)
    viewer.dims.ndisplay = 3
    look_from_the_front(viewer)
    assert "".join(_letters(viewer)) == "RLSI"


def test_an_oblique_direction_has_two_letters():
    assert letters_of(np.array([0.1, -0.6, 0.8])) == "LA"


def test_3d_is_no_mirror_image(make_napari_viewer, phantom, qtbot):
    """Where napari really draws a place, its letter says it is."""
    viewer = make_napari_viewer()
    data, options, _ = image_layer(phantom[0])
    viewer.add_image(data, visible=False, **options)
    viewer.dims.ndisplay = 3
    keep_head_up(viewer)
    viewer.scene.camera.angles = (20, 30, 40)
    qtbot.wait(50)
    view = viewer.window._qt_viewer.canvas.view
    to_canvas = view.transform * view.scene.transform

    def pixels(spl):
        mapped = to_canvas.map([*spl[::-1], 1])
        return mapped[:2] / mapped[3]

    origin = np.zeros(3)
    for axis in np.eye(3):
        moved = pixels(origin + axis) - pixels(origin)
        expected = picture_directions(viewer) @ axis
        np.testing.assert_allclose(moved, expected * viewer.scene.camera.zoom, atol=1e-3)


def test_in_3d_the_patient_is_first_seen_from_the_front(viewer):
    keep_head_up(viewer)
    viewer.dims.ndisplay = 3
    front = viewer.scene.camera.angles
    assert _letters(viewer) == ["R", "L", "S", "I"]
    viewer.reset_view()
    assert np.allclose(viewer.scene.camera.angles, front)
    viewer.scene.camera.angles = (10, 20, 30)
    viewer.dims.ndisplay = 2
    viewer.dims.ndisplay = 3
    assert viewer.scene.camera.angles != front


def test_another_scan_is_seen_from_the_front_too(viewer, phantom):
    keep_head_up(viewer)
    viewer.dims.ndisplay = 3
    viewer.layers.clear()
    data, options, _ = image_layer(phantom[0])
    viewer.add_image(data, **options)
    assert _letters(viewer) == ["R", "L", "S", "I"]
