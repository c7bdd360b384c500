"""The model looks again in a box: from the button to the preview and the undo."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from vispy.scene.visuals import Line

from napari_abdoseg import load_ensemble, segment
from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.plugin.correct.box_shown import BoxOverlay, edges_of
from napari_abdoseg.plugin.correct.box_tool import ALL, AROUND, CORNERS, THIS, BoxRun
from napari_abdoseg.plugin.correct.change_cloud import ABOVE_ALL
from napari_abdoseg.plugin.four_panel.overlay import canvas_position
from napari_abdoseg.plugin.four_panel.view import canvases_of, scenes_of, toggle_four_panel_view
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.panel import open_panel
from napari_abdoseg.plugin.widgets.preferences import preferences

LIVER, KIDNEY = 1, 2


@pytest.fixture
def model(make_model):
    """A small model that is chosen in `Segment`."""
    folder = make_model((0, 1), None)
    preferences().segmenting.model = str(folder)
    preferences().segmenting.preset = "exact"
    return folder


@pytest.fixture
def bench(layer, panel, model):
    """With the tool chosen, beside the CT."""
    panel.buttons["Segment in a box"].click()
    panel.bench.set(box=AROUND, mm=10.0, organs=THIS)
    return panel.bench


def run(bench, qtbot) -> None:
    """Start what is offered, and wait for its preview."""
    qtbot.waitUntil(lambda: "press Enter to start" in bench.words)
    bench.take()
    qtbot.waitUntil(lambda: bench.proposal is not None)


def test_the_organ_is_found_again_in_its_box_as_one_step(bench, layer, model, phantom, qtbot):
    before = layer.data.copy()
    run(bench, qtbot)
    assert (layer.data == before).all()
    box = state_of(bench.viewer, BoxRun).found.box
    bench.take()
    whole = segment(phantom[0], load_ensemble(model, device="cpu"), "exact").data
    free = (before == 0) | (before == LIVER)
    wanted = np.where(free, np.where(whole == LIVER, LIVER, 0), before)
    expected = before.copy()
    expected[box.slices] = wanted[box.slices]
    np.testing.assert_array_equal(layer.data, expected)
    assert (layer.data != before).any()
    assert len(layer._undo_history) == 1
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


def test_a_box_of_two_clicks_and_all_organs(bench, layer, model, phantom, qtbot):
    before = layer.data.copy()
    bench.set(box=CORNERS, organs=ALL, mm=0.0)
    qtbot.waitUntil(lambda: "Click a corner" in bench.words)
    bench.tool._hear(bench, (30, 30, 50))
    assert "opposite corner" in bench.words
    bench.tool._hear(bench, (12, 10, 20))
    run(bench, qtbot)
    bench.take()
    whole = segment(phantom[0], load_ensemble(model, device="cpu"), "exact").data
    before[12:31, 10:31, 20:51] = whole[12:31, 10:31, 20:51]
    np.testing.assert_array_equal(layer.data, before)


@pytest.mark.slow
def test_the_box_is_drawn_in_all_panels_while_the_mouse_moves(viewer, bench, layer, qtbot):
    shown = state_of(bench.viewer, BoxRun).shown
    toggle_four_panel_view(viewer)
    qtbot.waitUntil(lambda: "press Enter to start" in bench.words)
    assert shown.box == bench.target().editable().around([LIVER], 10.0)
    qtbot.waitUntil(
        lambda: [boxes_over(canvas) for _, canvas in canvases_of(viewer)] == [1, 1, 1, 0]
    )
    ((_, scene),) = scenes_of(viewer)
    qtbot.waitUntil(lambda: len(edges_in(scene)) == 1)
    pale = edges_in(scene)[0].color
    viewer.theme = "light"
    assert edges_in(scene)[0].color != pale
    viewer.theme = "dark"
    bench.set(box=CORNERS, mm=0.0)
    assert shown.box is None
    assert not edges_in(scene)
    panel, canvas = canvases_of(viewer)[0]
    z, y, x = 20, 30, 40
    panel.dims.set_point(0, layer.data_to_world((z, y, x))[0])
    native, at = canvas, partial(place_of, panel, canvas, layer)
    move(native, at((z, y, x)))
    assert shown.box is None
    qtbot.mouseClick(native, Qt.MouseButton.LeftButton, pos=at((z, y, x)))
    assert shown.box == Box((z, y, x), (z + 1, y + 1, x + 1))
    move(native, at((z, y - 8, x - 9)))
    assert shown.box == Box((z, y - 8, x - 9), (z + 1, y + 1, x + 1))
    before = native.grab().toImage()
    move(native, at((z, y + 8, x + 12)))
    assert shown.box == Box((z, y, x), (z + 1, y + 9, x + 13))
    assert native.grab().toImage() != before
    bench.leave()
    assert shown.box is None
    assert not any(boxes_over(canvas) for _, canvas in canvases_of(viewer))


def place_of(panel, canvas, layer, voxel) -> QPoint:
    where = canvas_position(
        panel, tuple(layer.data_to_world(voxel)), canvas.width(), canvas.height()
    )
    return QPoint(*map(round, where))


def move(canvas, pixel) -> None:
    """Move the mouse, with no button pressed."""
    there, button = QPointF(canvas.mapToGlobal(pixel)), Qt.MouseButton.NoButton
    keys = Qt.KeyboardModifier.NoModifier
    QTest.qWait(20)  # a canvas does not hear of moves that are closer together
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(pixel), there, button, button, keys)
    QApplication.sendEvent(canvas, event)


def boxes_over(canvas) -> int:
    return sum(overlay.isVisibleTo(canvas) for overlay in canvas.findChildren(BoxOverlay))


def edges_in(scene) -> list[Line]:
    return [each for each in scene.children if isinstance(each, Line) and each.order == ABOVE_ALL]


def test_a_box_in_3d_has_twelve_edges_in_mm(layer):
    ends = edges_of(layer, Box((1, 2, 3), (4, 6, 5))).reshape(12, 2, 3)
    lengths = np.ptp(ends, axis=1)
    z, y, x = layer.scale
    assert sorted(map(tuple, lengths.tolist())) == pytest.approx(
        np.array(sorted([(0, 0, 2 * x), (0, 4 * y, 0), (3 * z, 0, 0)] * 4))
    )
    low = layer.data_to_world((0.5, 1.5, 2.5))
    assert ends.min(axis=(0, 1)) == pytest.approx(low)


@pytest.mark.slow
def test_other_settings_ask_again_and_the_same_box_does_not(bench, qtbot):
    run(bench, qtbot)
    bench.set(organs=ALL)
    qtbot.waitUntil(lambda: bench.proposal is not None)
    bench.set(mm=20.0)
    assert bench.proposal is None
    qtbot.waitUntil(lambda: "press Enter to start" in bench.words)


@pytest.mark.slow
def test_what_is_chosen_in_segment_is_followed(viewer, bench, layer, model, qtbot, phantom):
    """Its folds, preset and device: told before the run, and what the run is made with."""
    qtbot.waitUntil(lambda: "with all 2 folds, exact, on the best device" in bench.words)
    choice = open_panel(viewer, "Segment organs").choice
    choice.device.value = "cpu"
    choice.model.folds[0].value = False
    assert ", on cpu, looks at" in bench.words
    assert f"with fold {choice.model.folds[1].text} of 2, exact" in bench.words
    run(bench, qtbot)
    found = state_of(bench.viewer, BoxRun).found
    alone = load_ensemble(model, [choice.model.folds[1].text], "cpu")
    whole = segment(phantom[0], alone, "exact").data
    np.testing.assert_array_equal(found.labels, whole[found.box.slices])
    choice.preset.value = "fast"
    assert bench.proposal is None
    assert "exact" not in bench.words
    bench.leave()
    choice.device.value = "auto"
    assert bench.words == ""


def test_esc_stops_it_and_changes_nothing(bench, layer, qtbot):
    before = layer.data.copy()
    qtbot.waitUntil(lambda: "press Enter to start" in bench.words)
    bench.take()
    job = state_of(bench.viewer, BoxRun).job
    with qtbot.waitSignal(job.ended, timeout=60_000):
        bench.leave()
    assert job.cancelled
    assert bench.proposal is None
    assert (layer.data == before).all()


def test_what_can_not_be_is_said(bench, viewer, qtbot, tmp_path):
    qtbot.waitUntil(lambda: "press Enter to start" in bench.words)
    preferences().segmenting.model = str(tmp_path / "none")
    bench.set(mm=15.0)
    qtbot.waitUntil(lambda: bench.is_problem)
    assert "none" in bench.words
    viewer.layers.remove("CT")
    assert "No CT is open on the grid" in bench.words
