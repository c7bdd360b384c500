"""Edits are told, another look is not."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.colormaps import label_colormap

from napari_abdoseg.plugin.four_panel.mirror import Mirror
from napari_abdoseg.plugin.paint_events import shared_labels
from napari_abdoseg.plugin.paint_events.label_edits import EditWatch, LabelEdits
from napari_abdoseg.plugin.paint_events.paint_history import edits_of
from napari_abdoseg.plugin.painting.locks import Locks

SHAPE = 6, 8, 10

LOOKS = [
    {"contour": 1},
    {"visible": False},
    {"opacity": 0.4},
    {"blending": "additive"},
    {"selected_label": 3},
    {"show_selected_label": True},
    {"colormap": label_colormap(7)},
    {"rendering": "translucent"},
    {"iso_gradient_mode": "smooth"},
    {"scale": (2, 1, 1)},
    {"translate": (5, 0, 0)},
    {"rotate": 90},
    {"affine": np.diag((2, 1, 1, 1))},
    {"units": "mm"},
    {"mode": "paint"},
    {"name": "other"},
]


@pytest.fixture
def viewer(qapp):
    return ViewerModel()


@pytest.fixture
def layer(viewer):
    layer = viewer.add_labels(np.zeros(SHAPE, np.uint8))
    layer.brush_size = 1
    return layer


@pytest.fixture
def copy(viewer, layer):
    """The layer in a panel."""
    panel = ViewerModel()
    mirror = Mirror(viewer, panel)
    panel.dims.order = (1, 0, 2)
    panel.layers[0].brush_size = 1
    yield panel.layers[0]
    mirror.close()


@pytest.fixture
def told(viewer, layer):
    """What was told of the layer: labels before and after, or that something has changed."""
    edits, told = LabelEdits(viewer, layer), []
    edits.edited.connect(
        lambda news: told.extend((set(edit.before), set(edit.after)) for edit in news)
    )
    edits.changed.connect(lambda: told.append("changed"))
    yield told
    edits.close()


@pytest.mark.parametrize("look", LOOKS, ids=str)
@pytest.mark.parametrize("in_a_panel", [False, True])
def test_another_look_is_no_edit(layer, copy, told, look, in_a_panel):
    seen = copy if in_a_panel else layer
    for name, value in look.items():
        before = getattr(seen, name)
        setattr(seen, name, value)
        setattr(seen, name, before)
    assert told == []


def test_another_selection_is_no_edit_where_it_alone_is_shown(layer, copy, told):
    layer.show_selected_label = True
    layer.selected_label = copy.selected_label + 2
    assert told == []


def test_another_slice_is_no_edit(viewer, layer, copy, told):
    viewer.dims.set_point(0, 3)
    viewer.dims.margin_left = (1, 0, 0)
    viewer.dims.order = (2, 0, 1)
    viewer.dims.ndisplay = 3
    viewer.add_labels(np.zeros((9, 9, 9), np.uint8))
    viewer.layers.move(0, 1)
    viewer.reset_view()
    assert told == []


@pytest.mark.parametrize("options", [{}, {"extent": False}])
@pytest.mark.parametrize("look", [{}, *LOOKS[:6]], ids=str)
def test_voxels_that_a_script_has_changed_are_no_look(layer, told, look, options):
    for name, value in look.items():
        setattr(layer, name, value)
    layer.data[2] = 1
    layer.refresh(**options)
    assert told == ["changed"]


def test_undo_and_redo_of_a_hidden_layer_are_told(layer, copy, told):
    layer.paint((3, 4, 5), 2)
    layer.visible = False
    told.clear()
    copy.undo()
    layer.redo()
    assert told == [({2}, {0}), ({0}, {2})]


def test_a_stroke_after_an_undo_is_no_redo(layer, copy, told):
    for label in (1, 2):
        layer.paint((3, 4, 5), label)
    layer.undo()
    told.clear()
    with copy.block_history():
        copy.paint((3, 4, 5), 3)
        layer.contour = 1
        layer.contour = 0
    assert told == [({1}, {3})]


def test_what_was_painted_before_voxels_changed_otherwise_is_looked_at_when_it_is_undone(
    layer, told
):
    layer.paint((3, 4, 5), 1)
    layer.data[:] = 5
    layer.refresh()
    layer.paint((3, 4, 5), 2)
    told.clear()
    layer.undo()
    layer.undo()
    layer.redo()
    assert told == [({2}, {5}), "changed", "changed"]


def test_what_was_painted_before_anybody_listened_is_looked_at_when_it_is_undone(viewer, layer):
    layer.paint((3, 4, 5), 1)
    layer.data[:] = 5
    edits, told = LabelEdits(viewer, layer), []
    edits.edited.connect(told.append)
    edits.changed.connect(lambda: told.append("changed"))
    layer.undo()
    assert told == ["changed"]
    edits.close()


@pytest.mark.parametrize("in_a_panel", [False, True])
def test_a_step_back_in_the_middle_of_a_stroke_is_looked_at_and_so_is_the_stroke(
    layer, copy, told, in_a_panel
):
    layer.paint((3, 4, 5), 1)
    told.clear()
    painted = copy if in_a_panel else layer
    with painted.block_history():
        painted.paint((3, 4, 5), 2)
        layer.undo()
        painted.paint((3, 4, 6), 2)
    assert told == ["changed", "changed"]


def test_strokes_in_two_panels_at_once_are_looked_at(layer, copy, told):
    with layer.block_history():
        layer.paint((3, 4, 5), 1)
        copy.paint((3, 4, 5), 2)
    assert told == ["changed", "changed"]


def test_a_voxel_that_a_script_names_twice_or_from_the_end_is_told_once(viewer, layer):
    edits, heard = LabelEdits(viewer, layer), []
    edits.edited.connect(heard.extend)
    z = np.array([5, -1, 2])
    layer.data_setitem((z, np.array([1, 1, 0]), np.array([4, 4, 0])), np.array([2, 3, 6], np.uint8))
    (edit,) = heard
    assert [axis.tolist() for axis in edit.where] == [[2, 5], [0, 1], [0, 4]]
    assert edit.after.tolist() == [6, 3] == layer.data[edit.where].tolist()
    edits.close()


def test_locks_come_before_who_listens_whenever_either_began(viewer, layer, told):
    locks = Locks(layer)
    locks.lock(1, True)
    late, heard = LabelEdits(viewer, layer), []
    late.edited.connect(lambda news: heard.append(list(news)))
    layer.paint((3, 4, 5), 1)
    assert heard == [[]]
    assert told == []
    locks.close()
    late.close()


def test_a_layer_that_leaves_its_viewer_is_as_napari_made_it(viewer, layer, copy, told):
    assert "refresh" in vars(layer)
    viewer.layers.remove(layer)
    assert "refresh" not in vars(layer)
    assert "refresh" not in vars(copy)
    layer.paint((3, 4, 5), 2)
    assert told == []


def test_a_stroke_that_is_under_way_when_its_panel_closes_is_told(viewer, layer, told):
    panel = ViewerModel()
    mirror = Mirror(viewer, panel)
    copy = panel.layers[0]
    with copy.block_history():
        copy.paint((3, 4, 5), 2)
        mirror.close()
    assert told == [({0}, {2})]
    layer.undo()
    assert not layer.data.any()


def test_a_history_that_napari_begins_anew_is_shared(layer, copy, told):
    layer.paint((3, 4, 5), 2)
    copy.editable = False
    layer.editable = True
    copy.paint((3, 4, 5), 3)
    told.clear()
    layer.undo()
    assert told == [({3}, {2})]


def test_a_watch_notes_edits_until_it_is_closed(qapp):
    viewer = ViewerModel()
    layers = [viewer.add_labels(np.zeros((2, 2, 2), np.uint8), name=name) for name in "ab"]
    watch, closed = (EditWatch(viewer, layers) for _ in range(2))
    assert not watch.edited
    closed.close()
    layers[1].paint((0, 1, 1), 2)
    assert watch.edited
    assert not closed.edited


def test_all_who_listen_hear_the_same_edits_and_they_are_decoded_once(viewer, layer, monkeypatch):
    decoded = []

    def decode(*stroke):
        decoded.append(edits_of(*stroke))
        return decoded[-1]

    monkeypatch.setattr(shared_labels, "edits_of", decode)
    locks, listeners, heard = Locks(layer), [LabelEdits(viewer, layer) for _ in range(3)], []
    locks.lock(1, True)
    for each in listeners:
        each.edited.connect(heard.extend)
    layer.paint((3, 4, 5), 2)
    ((edit,),) = decoded
    assert all(each is edit for each in heard)
    assert len(heard) == 3
    for each in (*listeners, locks):
        each.close()


def test_a_stroke_that_a_lock_shortens_is_looked_at_where_voxels_changed_otherwise_meanwhile(
    layer, told
):
    locks = Locks(layer)
    locks.lock(1, True)
    layer.data[3, 4, 6] = 1
    with layer.block_history():
        layer.paint((3, 4, 5), 2)
        layer.data[2] = 5
        layer.refresh()
        layer.paint((3, 4, 6), 2)
    assert told == ["changed", "changed"]
    assert layer.data[3, 4, 5:7].tolist() == [2, 1]
    locks.close()
