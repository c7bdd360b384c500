"""Locked organs: no stroke changes them, and undo stays exact."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_abdoseg.plugin.four_panel.mirror import Mirror
from napari_abdoseg.plugin.painting.locks import Locks

LOCKED, FREE, OTHER = 1, 2, 3


@pytest.fixture
def layer() -> Labels:
    """Two organs side by side in z, y and x, with background beyond."""
    data = np.zeros((4, 12, 12), np.uint8)
    data[:, 2:10, 0:4] = LOCKED
    data[:, 2:10, 4:8] = FREE
    layer = Labels(data)
    layer.brush_size = 5
    return layer


@pytest.fixture
def locks(layer) -> Locks:
    locks = Locks(layer)
    locks.lock(LOCKED, True)
    return locks


def _drag(layer, value, *points) -> None:
    """Several dabs that overlap, in one stroke."""
    with layer.block_history():
        for point in points:
            layer.paint(point, value)


def test_a_locked_organ_is_not_painted_over(layer, locks):
    before = layer.data.copy()
    _drag(layer, FREE, (1, 4, 3), (1, 4, 4), (1, 5, 8))
    np.testing.assert_array_equal(layer.data == LOCKED, before == LOCKED)
    assert (layer.data == FREE).sum() > (before == FREE).sum()


def test_a_locked_organ_is_not_erased(layer, locks):
    before = layer.data.copy()
    _drag(layer, 0, (1, 4, 3), (1, 5, 4))
    np.testing.assert_array_equal(layer.data == LOCKED, before == LOCKED)
    assert (layer.data == FREE).sum() < (before == FREE).sum()


def test_nothing_is_added_to_a_locked_organ(layer, locks):
    before = layer.data.copy()
    _drag(layer, LOCKED, (1, 4, 4), (1, 5, 9))
    np.testing.assert_array_equal(layer.data, before)


def test_undo_and_redo_of_what_was_left(layer, locks):
    before = layer.data.copy()
    _drag(layer, OTHER, (1, 4, 3), (1, 5, 4), (1, 5, 8))
    painted = layer.data.copy()
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)
    layer.redo()
    np.testing.assert_array_equal(layer.data, painted)
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


def test_a_stroke_of_which_nothing_is_left_is_no_step_of_undo(layer, locks):
    before = layer.data.copy()
    layer.paint((1, 5, 10), FREE)
    layer.paint((1, 5, 1), FREE)
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


def test_dabs_of_several_labels_in_one_stroke(layer, locks):
    """The second dab lies on what the first one would have painted."""
    before = layer.data.copy()
    with layer.block_history():
        layer.paint((1, 5, 9), LOCKED)
        layer.paint((1, 5, 9), OTHER)
    assert (layer.data == OTHER).any()
    np.testing.assert_array_equal(layer.data == LOCKED, before == LOCKED)
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


@pytest.mark.parametrize("value", [FREE, np.tile([FREE, OTHER, LOCKED, 0], 36)[:144]])
def test_voxels_set_by_a_script(layer, locks, value):
    before = layer.data.copy()
    plane = (np.ones(144, int), *np.divmod(np.arange(144), 12))
    layer.data_setitem(plane, value)
    np.testing.assert_array_equal(layer.data == LOCKED, before == LOCKED)
    assert not np.array_equal(layer.data, before)
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


def test_fill_and_polygon(layer, locks):
    before = layer.data.copy()
    layer.fill((1, 5, 1), FREE)
    np.testing.assert_array_equal(layer.data, before)
    layer.paint_polygon([(1, 0, 0), (1, 0, 11), (1, 11, 11), (1, 11, 0)], OTHER)
    np.testing.assert_array_equal(layer.data == LOCKED, before == LOCKED)
    assert (layer.data[1] == OTHER).sum() == (before[1] != LOCKED).sum()
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


def test_other_organs_are_painted_as_ever(layer, locks):
    said = []
    locks.held_back.connect(lambda *held: said.append(held))
    layer.paint((1, 5, 9), FREE)
    assert (layer.data[1, 3:8, 9] == FREE).all()
    assert said == []


def test_what_was_held_back_is_told(layer, locks):
    said = []
    locks.held_back.connect(lambda *held: said.append(held))
    layer.paint((1, 5, 4), FREE)
    layer.paint((1, 5, 4), OTHER)
    layer.paint((1, 5, 1), 0)
    assert said == [([LOCKED], False), ([LOCKED], True), ([LOCKED], False)]


def test_an_unlocked_organ_can_be_painted_again(layer, locks):
    locks.lock(LOCKED, False)
    assert not locks.is_locked(LOCKED)
    layer.paint((1, 5, 1), FREE)
    assert layer.data[1, 5, 1] == FREE


def test_a_layer_that_is_let_go_is_painted_as_ever(layer, locks):
    locks.close()
    layer.paint((1, 5, 1), FREE)
    assert layer.data[1, 5, 1] == FREE


def test_whoever_hears_of_a_stroke_later_hears_what_is_left(layer, locks):
    heard = []
    layer.events.paint.connect(lambda event: heard.append(event.value), position="first")
    layer.paint((1, 5, 1), FREE)
    assert heard == [[]]


@pytest.fixture
def coronal(layer, locks, qapp) -> Iterator[ViewerModel]:
    """A panel that shows coronal slices of the layer."""
    viewer, coronal = ViewerModel(), ViewerModel()
    viewer.add_layer(layer)
    mirror = Mirror(viewer, coronal)
    coronal.dims.order = (1, 0, 2)
    coronal.dims.set_point(1, 5)
    yield coronal
    mirror.close()


def test_a_stroke_in_another_panel(layer, coronal):
    copy, before = coronal.layers[0], layer.data.copy()
    _drag(copy, OTHER, (1, 5, 4), (2, 5, 5))
    np.testing.assert_array_equal(layer.data == LOCKED, before == LOCKED)
    assert (layer.data == OTHER).any()
    np.testing.assert_array_equal(copy._slice.image.raw, layer.data[:, 5])
    layer.undo()
    np.testing.assert_array_equal(copy.data, before)


def test_a_polygon_in_another_panel(layer, coronal):
    copy, before = coronal.layers[0], layer.data.copy()
    copy.paint_polygon([(0, 5, 0), (0, 5, 11), (3, 5, 11), (3, 5, 0)], OTHER)
    np.testing.assert_array_equal(layer.data == LOCKED, before == LOCKED)
    assert (layer.data[:, 5] == OTHER).sum() == (before[:, 5] != LOCKED).sum()
    np.testing.assert_array_equal(copy._slice.image.raw, layer.data[:, 5])
    copy.undo()
    np.testing.assert_array_equal(layer.data, before)
