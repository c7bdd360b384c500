"""A Labels layer and its copy: painted on in either, shown in both."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_abdoseg.plugin.four_panel.labels_copy import LabelsTwin
from napari_abdoseg.plugin.paint_events.shared_labels import MS_BETWEEN_REDRAWS


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def source(viewer):
    return viewer.add_labels(np.zeros((6, 8, 10), np.uint8))


@pytest.fixture
def twin(viewer, source):
    other = ViewerModel()
    twin = LabelsTwin(source)
    other.add_layer(twin.layer)
    other.dims.order = (1, 0, 2)
    viewer.dims.set_point(range(3), (3, 4, 5))
    other.dims.set_point(range(3), (3, 4, 5))
    return twin


@pytest.fixture
def drawn(source, twin):
    """Layers whose pictures were drawn anew, in order."""
    drawn = []
    for layer in (source, twin.layer):
        for event in (layer.events.set_data, layer.events.labels_update):
            event.connect(lambda event, layer=layer: drawn.append(layer))
    return drawn


@pytest.mark.parametrize("of_the_copy", [False, True])
def test_a_stroke_in_either_shows_in_both(source, twin, drawn, of_the_copy):
    painted = twin.layer if of_the_copy else source
    painted.paint((3, 4, 5), 2)
    assert source.data[3, 4, 5] == 2
    assert twin.layer.data is source.data
    assert set(drawn) == {source, twin.layer}


@pytest.mark.parametrize("painted_in_the_copy", [False, True])
@pytest.mark.parametrize("undone_in_the_copy", [False, True])
def test_there_is_one_undo_history(source, twin, drawn, painted_in_the_copy, undone_in_the_copy):
    painted = twin.layer if painted_in_the_copy else source
    undone = twin.layer if undone_in_the_copy else source
    painted.paint((3, 4, 5), 2)
    for step, label in ((undone.undo, 0), (undone.redo, 2)):
        drawn.clear()
        step()
        assert source.data[3, 4, 5] == label
        assert set(drawn) == {source, twin.layer}


def test_who_listens_to_the_source_hears_of_strokes_in_the_copy(source, twin):
    heard = []
    source.events.paint.connect(lambda event: heard.append(event.value))
    twin.layer.paint((3, 4, 5), 2)
    assert len(heard) == 1


def test_a_brush_that_is_still_moving_shows_in_the_other(source, twin, drawn, qtbot):
    with source.block_history():
        source.paint((3, 4, 5), 2)
        assert twin.layer not in drawn
        qtbot.waitUntil(lambda: twin.layer in drawn, timeout=100 * MS_BETWEEN_REDRAWS)


def test_voxels_that_a_script_has_changed_show_in_both(source, twin, drawn):
    source.data[3, 4, 5] = 2
    source.refresh()
    assert sorted(drawn, key=id) == sorted([source, twin.layer], key=id)


def test_scrolling_one_does_not_draw_the_other(source, twin, drawn, viewer):
    viewer.dims.set_current_step(0, 1)
    assert set(drawn) == {source}


def test_other_labels_begin_a_new_history_for_both(source, twin):
    source.paint((3, 4, 5), 2)
    source.data = np.zeros((6, 8, 10), np.uint8)
    twin.layer.undo()
    assert not source.data.any()
    twin.layer.paint((3, 4, 5), 3)
    source.undo()
    assert not source.data.any()


def test_a_closed_twin_shows_nothing_more(source, twin, drawn):
    twin.close()
    source.paint((3, 4, 5), 2)
    assert set(drawn) == {source}


def test_a_copy_of_an_outline_is_an_outline(viewer, source):
    source.contour = 1
    drawn = []
    source.events.set_data.connect(drawn.append)
    assert LabelsTwin(source).layer.contour == 1
    assert not drawn
