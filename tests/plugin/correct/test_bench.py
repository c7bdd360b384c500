"""A tool shows what it would change; Enter takes that as one step of undo, Esc leaves it."""

from __future__ import annotations

import numpy as np
import pytest
from qtpy.QtCore import Qt
from vispy.scene.visuals import Markers

from napari_abdoseg.plugin.correct.change_overlay import ChangeOverlay
from napari_abdoseg.plugin.four_panel.view import (
    canvases_of,
    four_panel_view,
    scenes_of,
    toggle_four_panel_view,
)
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.paint_events.label_edits import LabelEdits
from napari_abdoseg.plugin.paint_events.shared_labels import shared_labels
from napari_abdoseg.plugin.viewing.panels import panels_of

LIVER, KIDNEY = 1, 2


def overlays(viewer) -> list[ChangeOverlay]:
    found = (canvas.findChildren(ChangeOverlay) for _, canvas in canvases_of(viewer))
    return [each for part in found for each in part if not each.isHidden()]


def press(viewer, qtbot, key) -> None:
    """Press a key where the user looks."""
    canvas = canvases_of(viewer)[0][1]
    main = viewer.window._qt_window
    main.activateWindow()
    qtbot.waitUntil(main.isActiveWindow)
    canvas.setFocus()
    qtbot.keyClick(canvas, key)


def test_enter_takes_a_preview_as_one_step(viewer, layer, proposed, qtbot):
    before = layer.data.copy()
    heard = []
    edits = LabelEdits(viewer, layer)
    edits.edited.connect(lambda told: heard.append((shared_labels(layer).tool, len(told))))
    bench = proposed("fill holes")
    assert bench.words.startswith("liver + ")
    assert (layer.data == before).all()
    assert len(overlays(viewer)) == 1
    press(viewer, qtbot, Qt.Key.Key_Return)
    assert set(before[layer.data != before]) == {0}
    assert set(layer.data[layer.data != before]) == {LIVER}
    assert layer.data[layer.metadata["middle"]] == LIVER
    assert heard == [("fill holes", 1)]
    assert bench.tool is None
    assert not overlays(viewer)
    layer.undo()
    assert (layer.data == before).all()


def test_esc_leaves_all_as_it_was(viewer, layer, panel, proposed, qtbot):
    before = layer.data.copy()
    bench = proposed("keep largest")
    press(viewer, qtbot, Qt.Key.Key_Escape)
    assert bench.tool is None
    assert bench.proposal is None
    assert not overlays(viewer)
    press(viewer, qtbot, Qt.Key.Key_Return)
    assert (layer.data == before).all()
    assert not layer._undo_history


def test_all_three_slices_show_it_and_any_of_them_undoes_it(viewer, layer, panel, proposed):
    toggle_four_panel_view(viewer)
    bench = proposed("fill holes")
    assert len(overlays(viewer)) == 3
    panel.go_to_button.click()
    shown = [round(each.dims.point[each.dims.not_displayed[0]]) for each in panels_of(viewer)[1:4]]
    place = layer.data_to_world(bench.proposal.changes.busiest)
    assert shown == [round(each) for each in place]
    bench.take()
    assert layer.data[layer.metadata["middle"]] == LIVER
    coronal = four_panel_view(viewer).coronal
    coronal.layers[layer.name].undo()
    assert layer.data[layer.metadata["middle"]] == 0
    toggle_four_panel_view(viewer)


def test_an_edit_while_a_preview_is_computed_is_in_the_next_one(
    viewer, layer, panel, proposed, qtbot
):
    bench = proposed("keep largest")
    layer.data_setitem(tuple(np.array([[0], [0], [4]])), LIVER)
    assert bench.proposal is None
    bench.take()
    assert layer.data[0, 0, 0] == LIVER
    qtbot.waitUntil(lambda: bench.proposal is not None)
    places = {tuple(place) for place in np.transpose(bench.proposal.edit.where).tolist()}
    assert {(0, 0, 0), (0, 0, 4)} <= places
    layer.data[0, 0, 0] = KIDNEY  # of which nobody is told
    bench.take()
    assert layer.data[0, 0, 0] == KIDNEY
    assert layer.data[0, 0, 4] == LIVER


def test_locked_organs_stay(viewer, layer, panel, proposed, qtbot):
    scene = organ_scene(viewer, layer)
    qtbot.waitUntil(lambda: scene.is_current)
    liver = scene.table.organs[0]
    scene.painting.lock(liver, True)
    bench = proposed("fill holes")
    assert bench.is_problem
    assert "liver is locked" in bench.words
    scene.painting.lock(liver, False)
    bench.leave()
    bench = proposed("swap")
    bench.set(other=KIDNEY)
    qtbot.waitUntil(lambda: bench.is_ready)
    scene.painting.lock(scene.table.organs[1], True)
    before = layer.data.copy()
    bench.take()
    assert (layer.data == before).all()
    qtbot.waitUntil(lambda: bench.is_problem)
    assert "kidney is locked" in bench.words
    assert not overlays(viewer)


@pytest.mark.parametrize(
    ("value", "words"), [(77, "There is no label 77"), (0, "No organ is chosen")]
)
def test_what_is_not_there_is_told_in_a_sentence(layer, panel, proposed, value, words):
    before = layer.data.copy()
    layer.selected_label = value
    bench = proposed("smooth")
    assert bench.is_problem
    assert bench.words.startswith(words)
    assert (layer.data == before).all()


def test_a_step_is_told_voxel_by_voxel_while_the_own_canvas_is_hidden(viewer, request, qtbot):
    toggle_four_panel_view(viewer)
    layer = request.getfixturevalue("layer")  # which that canvas has never drawn
    told, doubtful = [], []
    labels = shared_labels(layer)
    labels.edited.connect(lambda edits, how: told.append((how, labels.tool, len(edits))))
    labels.changed.connect(lambda: doubtful.append(True))
    request.getfixturevalue("proposed")("fill holes").take()
    layer.undo()
    assert told == [("do", "fill holes", 1), ("undo", "brush", 1)]
    assert not doubtful
    toggle_four_panel_view(viewer)


def test_keys_choose_tools_while_a_label_map_is_selected(viewer, layer, panel, qtbot):
    bench = panel.bench
    press(viewer, qtbot, Qt.Key.Key_H)
    assert bench.tool.name == "fill holes"
    press(viewer, qtbot, Qt.Key.Key_S)
    assert bench.tool.name == "smooth"
    amount = panel.form.rows["mm"]
    amount.setFocus()
    amount.selectAll()
    qtbot.keyClicks(amount, "5")
    assert bench.values["mm"] == 5.0
    qtbot.waitUntil(lambda: bench.is_ready)
    before = layer.data.copy()
    qtbot.keyClick(amount, Qt.Key.Key_Return)
    assert (layer.data != before).any()
    viewer.layers.selection = {viewer.layers[0]}
    press(viewer, qtbot, Qt.Key.Key_H)
    assert bench.tool is None


def test_enter_chooses_an_organ_whose_name_is_typed_and_takes_nothing(
    viewer, layer, panel, proposed, qtbot
):
    bench = proposed("fill holes")
    before = layer.data.copy()
    press(viewer, qtbot, Qt.Key.Key_Shift)  # the window is active
    line = panel.organ.lineEdit()
    line.setFocus()
    line.selectAll()
    qtbot.keyClicks(line, "pancreas")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    assert layer.selected_label == 4
    assert (layer.data == before).all()
    assert bench.tool.name == "fill holes"
    assert not line.hasFocus()


def test_changes_are_points_in_3d(viewer, layer, proposed, qtbot):
    toggle_four_panel_view(viewer)
    bench = proposed("fill holes")
    ((_, scene),) = scenes_of(viewer)
    qtbot.waitUntil(lambda: points_in(scene) > 0)
    assert points_in(scene) == bench.proposal.edit.before.size
    bench.leave()
    assert points_in(scene) == 0
    toggle_four_panel_view(viewer)


def test_the_viewers_own_slices_and_3d_show_a_preview_in_turn(viewer, layer, proposed, qtbot):
    viewer.dims.ndisplay = 3
    bench = proposed("fill holes")
    ((_, scene),) = scenes_of(viewer)
    qtbot.waitUntil(lambda: points_in(scene) == bench.proposal.edit.before.size)
    viewer.dims.ndisplay = 2
    qtbot.waitUntil(lambda: len(overlays(viewer)) == 1)
    assert points_in(scene) == 0


def points_in(scene) -> int:
    clouds = [child for child in scene.children if isinstance(child, Markers)]
    return sum(len(cloud._data) for cloud in clouds)


def test_a_preview_goes_over_to_panels_that_are_opened(viewer, layer, proposed, qtbot):
    proposed("fill holes")
    toggle_four_panel_view(viewer)
    qtbot.waitUntil(lambda: len(overlays(viewer)) == 3)
    toggle_four_panel_view(viewer)
    qtbot.waitUntil(lambda: len(overlays(viewer)) == 1)


def test_a_label_map_that_is_removed_takes_its_preview_along(viewer, layer, proposed):
    bench = proposed("fill holes")
    viewer.layers.remove(layer)
    assert not overlays(viewer)
    assert bench.tool is None
    assert bench.words.startswith("There is no label map in view")
    bench.take()


def test_a_preview_is_not_taken_in_another_label_map(viewer, layer, panel, proposed, add_damaged):
    other = add_damaged(viewer)
    viewer.layers.move(2, 1)
    viewer.layers.selection.active = layer
    bench = proposed("fill holes")
    viewer.layers.selection.active = viewer.layers["CT"]
    assert bench.is_ready
    layer.visible = False
    assert bench.target().layer is other
    before = other.data.copy()
    bench.take()
    assert (other.data == before).all()
    assert not layer._undo_history


def test_a_panel_that_is_closed_leaves_no_keys_behind(viewer, layer, panel, qtbot):
    panel.buttons["Scribble"].click()
    viewer.window.remove_dock_widget(panel)
    qtbot.wait(20)  # Qt deletes what is closed when it comes to that
    press(viewer, qtbot, Qt.Key.Key_Backspace)
    assert panel.bench.words == ""
