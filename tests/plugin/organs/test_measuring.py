"""Measures that follow each stroke."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_abdoseg.anatomy.measure import measure_organs
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.four_panel.mirror import Mirror
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.organs import measuring as measuring_module
from napari_abdoseg.plugin.organs.measuring import Measuring, count_layer


@pytest.fixture
def labels(phantom) -> LabelMap:
    _, truth = phantom
    return LabelMap(truth.data.copy(), truth.grid, truth.organs)


@pytest.fixture
def viewer(phantom, qapp):
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    return viewer


@pytest.fixture
def layer(viewer, labels):
    return viewer.add_layer(Layer.create(*labels_layer(labels, "organs")))


@pytest.fixture
def tables(viewer, layer, phantom, qtbot):
    """Tables in the order in which they came; one at least."""
    tables = []
    measuring = Measuring(viewer, layer)
    measuring.measured.connect(tables.append)
    measuring.scan = phantom[0]
    qtbot.waitUntil(lambda: bool(tables))
    qtbot.waitUntil(lambda: not measuring._counting.is_busy)
    yield tables
    measuring.close()


def _is_right(table, labels, scan) -> bool:
    expected = measure_organs(labels, scan)
    return table.measures.keys() == expected.keys() and all(
        found.box == expected[organ].box
        and found.voxels == expected[organ].voxels
        and found.mean_hu == pytest.approx(expected[organ].mean_hu)
        for organ, found in table.measures.items()
    )


def _paint(layer):
    layer.paint((20, 10, 12), 3)


def _drag(layer):
    with layer.block_history():
        for x in range(10, 20):
            layer.paint((20, 12, x), 2)


def _paint_a_ball(layer):
    layer.n_edit_dimensions = 3
    _drag(layer)


def _fill(layer):
    layer.fill(tuple(np.argwhere(layer.data == 1)[0]), 3)


def _polygon(layer):
    layer.paint_polygon(np.array([[20, 5, 5], [20, 5, 20], [20, 20, 20]]), 4)


def _script(layer):
    layer.data_setitem(np.nonzero(layer.data == 3), 0)


EDITS = [_paint, _drag, _paint_a_ball, _fill, _polygon, _script]


@pytest.mark.parametrize("edit", EDITS)
def test_they_are_right_at_once_after_an_edit_its_undo_and_its_redo(
    layer, labels, tables, phantom, edit
):
    layer.brush_size = 6
    before = labels.data.copy()
    for step in (lambda: edit(layer), layer.undo, layer.redo, layer.undo):
        known = len(tables)
        step()
        assert len(tables) == known + 1
        assert _is_right(tables[-1], labels, phantom[0])
    np.testing.assert_array_equal(labels.data, before)


@pytest.mark.parametrize("edit", EDITS)
def test_they_are_right_at_once_after_an_edit_in_another_panel(
    viewer, layer, labels, tables, phantom, edit
):
    panel = ViewerModel()
    mirror = Mirror(viewer, panel)
    panel.dims.order = (1, 0, 2)
    painted = panel.layers["organs"]
    for step in (lambda: edit(painted), painted.undo, layer.redo, painted.undo):
        known = len(tables)
        step()
        assert len(tables) == known + 1
        assert _is_right(tables[-1], labels, phantom[0])
    mirror.close()


def test_a_stroke_that_takes_its_time_in_another_panel_is_counted_once(
    viewer, layer, labels, tables, phantom, qtbot
):
    panel = ViewerModel()
    mirror = Mirror(viewer, panel)
    painted = panel.layers["organs"]
    known = len(tables)
    with painted.block_history():
        painted.paint((20, 10, 12), 3)
        qtbot.wait(400)
        painted.paint((20, 10, 13), 3)
    assert len(tables) == known + 1
    assert _is_right(tables[-1], labels, phantom[0])
    mirror.close()


def test_scrolling_measures_nothing(viewer, layer, tables, qtbot):
    known = len(tables)
    viewer.dims.set_current_step(0, 3)
    qtbot.wait(300)
    assert len(tables) == known


def test_voxels_that_a_script_has_changed_are_counted_in_a_while(
    layer, labels, tables, phantom, qtbot
):
    labels.data[labels.data == 1] = 0
    layer.refresh()
    qtbot.waitUntil(lambda: _is_right(tables[-1], labels, phantom[0]))


def test_a_stroke_while_a_thread_is_counting_is_not_lost(layer, labels, tables, phantom, qtbot):
    layer.refresh()
    qtbot.wait(160)
    _paint(layer)
    qtbot.waitUntil(lambda: _is_right(tables[-1], labels, phantom[0]))


@pytest.fixture
def measuring(viewer, layer, qtbot):
    """It has counted all, without a scan."""
    measuring, tables = Measuring(viewer, layer), []
    measuring.measured.connect(tables.append)
    measuring.start()
    qtbot.waitUntil(lambda: bool(tables) and not measuring._counting.is_busy)
    yield measuring
    measuring.close()


def test_a_stroke_between_a_count_and_its_result_is_counted_once(
    monkeypatch, measuring, layer, labels, qtbot
):
    right, counted, go_on = [], threading.Event(), threading.Event()

    def count_and_wait(*arguments):
        result = count_layer(*arguments)
        counted.set()
        go_on.wait()
        return result

    monkeypatch.setattr(measuring_module, "count_layer", count_and_wait)
    measuring.measured.connect(lambda table: right.append(_is_right(table, labels, None)))
    measuring.start()
    qtbot.waitUntil(counted.is_set)
    _drag(layer)
    go_on.set()
    qtbot.waitUntil(lambda: not measuring._counting.is_busy)
    assert right
    assert all(right)


def test_a_count_in_the_middle_of_a_stroke_counts_no_voxel_twice(
    measuring, viewer, layer, labels, qtbot
):
    panel, tables = ViewerModel(), []
    mirror = Mirror(viewer, panel)
    measuring.measured.connect(tables.append)
    painted = panel.layers["organs"]
    with painted.block_history():
        painted.paint((20, 10, 12), 3)
        measuring.start()
        qtbot.waitUntil(lambda: bool(tables) and not measuring._counting.is_busy)
        painted.paint((20, 10, 13), 3)
    qtbot.waitUntil(lambda: not measuring._counting.is_busy)
    assert _is_right(tables[-1], labels, None)
    mirror.close()


def test_voxels_that_a_script_has_changed_in_silence_are_counted_when_they_are_painted_over(
    layer, labels, tables, phantom, qtbot
):
    labels.data[20] = 4
    layer.brush_size = 20
    _paint(layer)
    qtbot.waitUntil(lambda: _is_right(tables[-1], labels, phantom[0]))


def test_a_label_that_is_new_in_a_layer_without_names_is_listed(viewer, qtbot):
    layer = viewer.add_labels(np.ones((4, 5, 6), np.uint8))
    measuring, tables = Measuring(viewer, layer), []
    measuring.measured.connect(tables.append)
    measuring.start()
    qtbot.waitUntil(lambda: bool(tables) and not measuring._counting.is_busy)
    layer.paint((1, 2, 3), 7)
    qtbot.waitUntil(lambda: 7 in {organ.value for organ in tables[-1].measures})
    measuring.close()


def test_other_labels_are_counted(layer, labels, tables, qtbot):
    layer.data = np.where(labels.data == 2, labels.data, 0)
    qtbot.waitUntil(lambda: [organ.name for organ in tables[-1].measures] == ["kidney"])
