"""One place that several viewers look at."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_abdoseg.plugin.viewing.shared_cursor import SharedCursor


def _viewer(order, shape=(10, 20, 30)):
    viewer = ViewerModel()
    viewer.add_labels(np.zeros(shape, np.uint8), scale=(1,) * len(shape))
    viewer.dims.order = order
    return viewer


@pytest.fixture
def axial():
    return _viewer((0, 1, 2))


@pytest.fixture
def coronal():
    return _viewer((1, 0, 2))


@pytest.fixture
def cursor(axial, coronal):
    cursor = SharedCursor((4.0, 5.0, 6.0))
    cursor.join(axial)
    cursor.join(coronal)
    return cursor


def _mouse(kind, position=(0.0, 0.0, 0.0), pos=(50, 50), button=1, modifiers=()):
    return SimpleNamespace(
        type=kind, position=position, pos=np.array(pos), button=button, modifiers=modifiers
    )


def _click(viewer, position, released_at=(50, 50), **keywords):
    callback = viewer.mouse_drag_callbacks[-1]
    event = _mouse("mouse_press", position, **keywords)
    drag = callback(viewer, event)
    next(drag)
    if released_at != (50, 50):
        event.type, event.pos = "mouse_move", np.array(released_at)
        next(drag)
    event.type = "mouse_release"
    with pytest.raises(StopIteration):
        next(drag)


def test_who_joins_is_sliced_there(cursor, axial, coronal):
    assert axial.dims.point[0] == 4
    assert coronal.dims.point[1] == 5


def test_scrolling_moves_it(cursor, axial):
    axial.dims.set_current_step(0, 7)
    assert cursor.position == (7, 5, 6)


def test_a_click_moves_the_other_slices(cursor, axial, coronal):
    _click(axial, (4.0, 12.0, 25.0))
    assert cursor.position == (4, 12, 25)
    assert coronal.dims.point[1] == 12


def test_a_drag_does_not_move_it(cursor, axial):
    _click(axial, (4.0, 12.0, 25.0), released_at=(90, 50))
    assert cursor.position == (4, 5, 6)


def test_the_right_button_does_not_move_it(cursor, axial):
    _click(axial, (4.0, 12.0, 25.0), button=2)
    assert cursor.position == (4, 5, 6)


def test_a_click_paints_and_moves_nothing_while_the_brush_is_on(cursor, axial):
    axial.layers[0].mode = "paint"
    _click(axial, (4.0, 12.0, 25.0))
    assert cursor.position == (4, 5, 6)


def test_the_shift_key_moves_it_with_the_mouse_also_while_the_brush_is_on(cursor, axial):
    axial.layers[0].mode = "paint"
    callback = axial.mouse_move_callbacks[-1]
    callback(axial, _mouse("mouse_move", (4.0, 9.0, 8.0)))
    assert cursor.position == (4, 5, 6)
    callback(axial, _mouse("mouse_move", (4.0, 9.0, 8.0), modifiers=("Shift",)))
    assert cursor.position == (4, 9, 8)
    callback(axial, _mouse("mouse_move", (4.0, 7.0, 7.0), modifiers=("Shift", "Control")))
    assert cursor.position == (4, 9, 8)


def test_a_viewer_in_3d_follows_without_moving_it(cursor, axial):
    axial.dims.ndisplay = 3
    _click(axial, (4.0, 12.0, 25.0))
    assert cursor.position == (4, 5, 6)


def test_time_is_no_part_of_it():
    viewer = _viewer((0, 1, 2, 3), (3, 10, 20, 30))
    cursor = SharedCursor((4.0, 5.0, 6.0))
    cursor.join(viewer)
    viewer.dims.set_current_step(0, 2)
    assert cursor.position == (4, 5, 6)
    viewer.dims.set_current_step(1, 8)
    assert cursor.position == (8, 5, 6)


def test_nobody_follows_once_it_is_closed(cursor, axial, coronal):
    callbacks = len(axial.mouse_drag_callbacks), len(axial.mouse_move_callbacks)
    cursor.close()
    axial.dims.set_current_step(0, 9)
    assert cursor.position == (4, 5, 6)
    after = len(axial.mouse_drag_callbacks), len(axial.mouse_move_callbacks)
    assert after == tuple(count - 1 for count in callbacks)
