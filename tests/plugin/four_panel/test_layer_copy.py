"""A layer and its copy in another viewer."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels, Points, Shapes, Vectors

from napari_abdoseg.plugin.four_panel.layer_copy import LabelsCopy, LayerCopy
from napari_abdoseg.plugin.paint_events.shared_labels import MS_BETWEEN_REDRAWS

SQUARE = np.array([[0, 0, 0], [0, 0, 9], [0, 9, 9], [0, 9, 0]], float)


@pytest.mark.parametrize(
    "source",
    [
        Image(np.zeros((4, 5, 6), np.int16)),
        Labels(np.zeros((4, 5, 6), np.uint8)),
    ],
)
def test_voxels_are_shared_and_not_copied(source):
    assert LayerCopy(source).layer.data is source.data


@pytest.mark.parametrize(
    ("layer", "changes"),
    [
        (
            Image(np.zeros((4, 5, 6))),
            {"contrast_limits": [0.2, 0.7], "gamma": 0.5, "visible": False, "name": "other"},
        ),
        (
            Labels(np.zeros((4, 5, 6), np.uint8)),
            {"brush_size": 3, "selected_label": 4, "mode": "paint", "contour": 2, "opacity": 0.3},
        ),
        (Points(np.zeros((2, 3))), {"symbol": "star", "blending": "additive"}),
    ],
)
@pytest.mark.parametrize("of_the_copy", [False, True])
def test_a_change_of_either_is_a_change_of_both(layer, changes, of_the_copy):
    copied = LayerCopy(layer)
    one, other = (copied.layer, layer) if of_the_copy else (layer, copied.layer)
    for name, value in changes.items():
        setattr(one, name, value)
        assert np.array_equal(getattr(other, name), getattr(one, name)), name
    copied.close()


def test_colours_of_masks_are_shared():
    source = Labels(np.zeros((4, 5, 6), np.uint8))
    copied = LayerCopy(source)
    source.colormap = {0: "transparent", 1: "red", None: "gray"}
    np.testing.assert_array_equal(copied.layer.colormap.map(1), source.colormap.map(1))
    copied.layer.colormap = {0: "transparent", 1: "blue", None: "gray"}
    np.testing.assert_array_equal(source.get_color(1), [0, 0, 1, 1])


def test_what_is_kept_apart_is_not_shared():
    source = Image(np.zeros((4, 5, 6)))
    copied = LayerCopy(source, frozenset({"visible"}))
    source.visible = False
    assert copied.layer.visible


def test_points_that_are_added_to_the_copy_are_in_both():
    source = Points(np.zeros((1, 3)), face_color="red")
    copied = LayerCopy(source)
    copied.layer.current_face_color = "blue"
    copied.layer.add([1, 2, 3])
    np.testing.assert_array_equal(source.data, [[0, 0, 0], [1, 2, 3]])
    np.testing.assert_array_equal(source.face_color, [[1, 0, 0, 1], [0, 0, 1, 1]])


def test_a_shape_keeps_its_kind_in_the_copy():
    source = Shapes([SQUARE], shape_type="polygon", ndim=3)
    copied = LayerCopy(source)
    source.add_ellipses([SQUARE])
    assert copied.layer.shape_type == ["polygon", "ellipse"]


def test_other_layers_share_their_data_too():
    source = Vectors(np.zeros((1, 2, 3)))
    copied = LayerCopy(source)
    source.data = np.ones((2, 2, 3))
    np.testing.assert_array_equal(copied.layer.data, source.data)


def test_new_voxels_are_shared():
    source = Image(np.zeros((4, 5, 6)))
    copied = LayerCopy(source)
    source.data = np.ones((4, 5, 6))
    assert copied.layer.data is source.data


def test_a_key_that_is_bound_later_works_in_the_copy():
    source = Labels(np.zeros((4, 5, 6), np.uint8))
    copied = LayerCopy(source)
    source.bind_key("K", lambda layer: None)
    assert copied.layer.keymap.keys() == source.keymap.keys() != set()


def test_a_closed_twin_follows_no_longer():
    source = Image(np.zeros((4, 5, 6)))
    copied = LayerCopy(source)
    before = sum(len(emitter.callbacks) for emitter in source.events.emitters.values())
    copied.close()
    after = sum(len(emitter.callbacks) for emitter in source.events.emitters.values())
    source.opacity = 0.1
    assert copied.layer.opacity == 1
    assert before > after


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def source(viewer):
    return viewer.add_labels(np.zeros((6, 8, 10), np.uint8))


@pytest.fixture
def copied(viewer, source):
    other = ViewerModel()
    copied = LabelsCopy(source)
    other.add_layer(copied.layer)
    other.dims.order = (1, 0, 2)
    viewer.dims.set_point(range(3), (3, 4, 5))
    other.dims.set_point(range(3), (3, 4, 5))
    return copied


@pytest.fixture
def drawn(source, copied):
    """Layers whose pictures were drawn anew, in order."""
    drawn = []
    for layer in (source, copied.layer):
        for event in (layer.events.set_data, layer.events.labels_update):
            event.connect(lambda event, layer=layer: drawn.append(layer))
    return drawn


@pytest.mark.parametrize("of_the_copy", [False, True])
def test_a_stroke_in_either_shows_in_both(source, copied, drawn, of_the_copy):
    painted = copied.layer if of_the_copy else source
    painted.paint((3, 4, 5), 2)
    assert source.data[3, 4, 5] == 2
    assert copied.layer.data is source.data
    assert set(drawn) == {source, copied.layer}


@pytest.mark.parametrize("painted_in_the_copy", [False, True])
@pytest.mark.parametrize("undone_in_the_copy", [False, True])
def test_there_is_one_undo_history(source, copied, drawn, painted_in_the_copy, undone_in_the_copy):
    painted = copied.layer if painted_in_the_copy else source
    undone = copied.layer if undone_in_the_copy else source
    painted.paint((3, 4, 5), 2)
    for step, label in ((undone.undo, 0), (undone.redo, 2)):
        drawn.clear()
        step()
        assert source.data[3, 4, 5] == label
        assert set(drawn) == {source, copied.layer}


def test_who_listens_to_the_source_hears_of_strokes_in_the_copy(source, copied):
    heard = []
    source.events.paint.connect(lambda event: heard.append(event.value))
    copied.layer.paint((3, 4, 5), 2)
    assert len(heard) == 1


def test_a_brush_that_is_still_moving_shows_in_the_other(source, copied, drawn, qtbot):
    with source.block_history():
        source.paint((3, 4, 5), 2)
        assert copied.layer not in drawn
        qtbot.waitUntil(lambda: copied.layer in drawn, timeout=100 * MS_BETWEEN_REDRAWS)


def test_voxels_that_a_script_has_changed_show_in_both(source, copied, drawn):
    source.data[3, 4, 5] = 2
    source.refresh()
    assert sorted(drawn, key=id) == sorted([source, copied.layer], key=id)


def test_scrolling_one_does_not_draw_the_other(source, copied, drawn, viewer):
    viewer.dims.set_current_step(0, 1)
    assert set(drawn) == {source}


def test_other_labels_begin_a_new_history_for_both(source, copied):
    source.paint((3, 4, 5), 2)
    source.data = np.zeros((6, 8, 10), np.uint8)
    copied.layer.undo()
    assert not source.data.any()
    copied.layer.paint((3, 4, 5), 3)
    source.undo()
    assert not source.data.any()


def test_a_closed_twin_shows_nothing_more(source, copied, drawn):
    copied.close()
    source.paint((3, 4, 5), 2)
    assert set(drawn) == {source}


def test_a_copy_of_an_outline_is_an_outline(viewer, source):
    source.contour = 1
    drawn = []
    source.events.set_data.connect(drawn.append)
    assert LabelsCopy(source).layer.contour == 1
    assert not drawn
