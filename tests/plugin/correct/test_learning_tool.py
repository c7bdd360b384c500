"""A fold learns from corrected slices in the window, and what it would change is offered."""

from __future__ import annotations

import numpy as np
import pytest
from mouse import Mouse
from napari.layers import Layer
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QPoint, Qt
from small_models import COARSE

from napari_abdoseg import load_ensemble, segmenting
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.inference.learning import tuning
from napari_abdoseg.plugin.correct import learning_tool
from napari_abdoseg.plugin.correct.bench import COMPUTING
from napari_abdoseg.plugin.correct.lessons import Lessons
from napari_abdoseg.plugin.correct.seeds import seeds_of
from napari_abdoseg.plugin.four_panel.view import canvases_of
from napari_abdoseg.plugin.layers.conversion import image_layer
from napari_abdoseg.plugin.paint_events.tool_edits import apply_edits
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.segment.found import Found
from napari_abdoseg.plugin.segment.result import show_result
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.panel import open_panel
from napari_abdoseg.progress import drain

LIVER, KIDNEY, SPLEEN = 1, 2, 3
NEVER = 1_000_000
"""Steps after which a lesson would end."""


@pytest.fixture
def scan(make_napari_viewer, phantom):
    """A CT in a window."""
    viewer = make_napari_viewer(show=True)
    return viewer, viewer.add_layer(Layer.create(*image_layer(phantom[0])))


@pytest.fixture
def case(scan, make_model, phantom, qtbot):
    """What a small untrained network has found, with its logits, as Segment shows it."""
    viewer, image = scan
    folder = make_model((0, 1), None, spacing=COARSE)
    ensemble = load_ensemble(folder, device="cpu")
    found = Found.here(drain(segmenting(phantom[0], ensemble, "exact", keep_logits=True)))
    made_with = {"name": str(folder), "folds": [], "preset": "exact"}
    layer = show_result(viewer, image, found.labels, found.known, None, made_with).layer
    layer.selected_label = LIVER
    bench = open_panel(viewer, "Correct").bench
    qtbot.waitUntil(lambda: bench.target().scene.is_current)
    yield viewer, layer, folder
    state_of(viewer, Lessons).stop()
    bench.leave()
    for each in unsaved_labels(viewer).layers:
        unsaved_labels(viewer).give_up(each)


def correct(layer, truth, organ, number, axis=0) -> None:
    """Give an organ its true outline in a slice, and background the rest of what it had."""
    at = [slice(None)] * 3
    at[axis] = slice(number, number + 1)
    now, should = layer.data[tuple(at)], truth.data[tuple(at)] == organ
    wanted = np.where(should, organ, np.where(now == organ, 0, now))
    places = list(np.nonzero(now != wanted))
    edit = now[tuple(places)], wanted[tuple(places)]
    places[axis] = places[axis] + number
    apply_edits(layer, [Edit(tuple(places), *edit)], "brush")


def slices_of(truth, organ):
    there = np.unique(np.argwhere(truth.data == organ)[:, 0])
    return [int(there[len(there) * part // 4]) for part in (1, 2, 3)]


def press(viewer, qtbot, key) -> None:
    main = viewer.window._qt_window
    main.activateWindow()
    qtbot.waitUntil(main.isActiveWindow)
    canvas = canvases_of(viewer)[0][1]
    canvas.setFocus()
    qtbot.keyClick(canvas, key)


def told(bench, qtbot, words="") -> str:
    qtbot.waitUntil(lambda: bench.words not in ("", COMPUTING) and words in bench.words)
    return bench.words


def steps(layer) -> int:
    return len(layer._undo_history)


def test_places_are_taken_left_and_seen_again_and_undone(case, phantom, qtbot, monkeypatch):
    monkeypatch.setattr(tuning, "STEPS", 12)
    viewer, layer, _ = case
    truth, numbers = phantom[1], slices_of(phantom[1], LIVER)
    panel = open_panel(viewer, "Correct")
    bench = panel.bench
    panel.buttons["Learn from this case"].click()
    assert "correct a few first" in told(bench, qtbot)
    for number in numbers[:2]:
        correct(layer, truth, LIVER, number)
    assert f"axial slices {numbers[0]}, {numbers[1]}" in told(bench, qtbot, "Enter to start")
    assert "The ensemble's DSC is 0." in bench.words
    monkeypatch.setattr(learning_tool, "FAIR", 0.0)
    panel.form.rows["mark"].click()
    (here,) = {*seeds_of(layer).across(0, [LIVER])} - {*numbers}
    assert str(here) in told(bench, qtbot, f"axial slices {min(here, numbers[0])}, ")
    panel.form.rows["mark"].click()
    told(bench, qtbot, "Follow slices brings as much, and sooner. Press Enter to start")
    corrected, row = layer.data.copy(), panel.form.rows["places"]
    standing = bench.target().scene.painting.standing
    by_hand, kept = standing.by_hand() > 0, layer.metadata["logits"].logits.copy()
    press(viewer, qtbot, Qt.Key.Key_Return)
    assert row.bar.isVisibleTo(panel)
    press(viewer, qtbot, Qt.Key.Key_Escape)
    lessons = state_of(viewer, Lessons)
    qtbot.waitUntil(lambda: lessons.job is None)
    said = notification_manager.records[-1].message
    assert said.startswith("A fold has learnt from the liver: choose Learn from this case")
    panel.buttons["Learn from this case"].click()
    row, first = panel.form.rows["places"], told(bench, qtbot, "Place 1 of ")
    assert (layer.data == corrected).all()
    assert not row.bar.isVisibleTo(panel)
    changes = bench.proposal.changes
    shown = [panel.dims.point[-3:] for panel in (viewer, *(p for p, _ in canvases_of(viewer)))]
    place = layer.data_to_world(changes.busiest)
    assert all(np.allclose(each, place, atol=max(layer.scale)) for each in shown)
    count = int(first.split(":")[0].split()[3].rstrip(","))
    assert count > 1
    edit = bench.proposal.edit
    assert not by_hand[edit.where].any()
    assert standing.learnt(LIVER) is None
    press(viewer, qtbot, Qt.Key.Key_Return)
    told(bench, qtbot, "Place 2 of ")
    changed = layer.data != corrected
    assert steps(layer) == 3
    assert np.count_nonzero(changed) == edit.after.size
    assert not standing.by_hand()[changed].any()
    assert standing.learnt(LIVER).shape == kept.shape[1:]
    assert standing.learnt(KIDNEY) is None
    left = bench.proposal.edit
    press(viewer, qtbot, Qt.Key.Key_Delete)
    told(bench, qtbot, "Place 3 of " if count > 2 else "All 2 places")
    row.back.click()
    told(bench, qtbot, "Place 2 of ")
    assert (bench.proposal.edit.where[0] == left.where[0]).all()
    layer.undo()
    qtbot.waitUntil(lambda: bench.proposal is not None)
    assert (layer.data == corrected).all()
    assert standing.learnt(LIVER) is None
    row.back.click()
    told(bench, qtbot, "Place 1 of ")
    layer.selected_label = KIDNEY
    assert "The kidney" not in bench.words
    told(bench, qtbot, "slices of the kidney")
    layer.selected_label = LIVER
    told(bench, qtbot, "Place 1 of ")
    mine = tuple(axis[: edit.after.size // 2] for axis in edit.where)
    other = np.where(layer.data[mine] == SPLEEN, KIDNEY, SPLEEN)
    apply_edits(layer, [Edit(mine, layer.data[mine], other)], "brush")
    before = layer.data.copy()
    qtbot.waitUntil(lambda: bench.proposal is not None)
    assert bench.proposal.edit.after.size == edit.after.size - mine[0].size
    row.all.click()
    told(bench, qtbot, f"All {count} places seen.")
    assert steps(layer) == 4
    assert (layer.data[mine] == other).all()
    assert (layer.data == LIVER).sum() != (before == LIVER).sum()
    layer.undo()
    assert (layer.data == before).all()
    assert (layer.metadata["logits"].logits == kept).all()
    told(bench, qtbot, "Back shows what was left")
    assert not row.again.isVisibleTo(panel)
    correct(layer, truth, LIVER, numbers[2])
    assert str(numbers[2]) in told(bench, qtbot, "Enter to start")


@pytest.mark.slow
def test_a_lesson_goes_on_meanwhile_and_stops_at_once(case, phantom, qtbot, monkeypatch):
    monkeypatch.setattr(tuning, "STEPS", NEVER)
    viewer, layer, _ = case
    panel, lessons = open_panel(viewer, "Correct"), state_of(viewer, Lessons)
    bench = panel.bench
    for number in slices_of(phantom[1], LIVER):
        correct(layer, phantom[1], LIVER, number)
    panel.buttons["Learn from this case"].click()
    told(bench, qtbot, "Enter to start")
    before = layer.data.copy()
    bench.take()
    told(bench, qtbot, "The liver: learning from slices")
    job, ended = lessons.job, []
    job.ended.connect(lambda: ended.append(1))
    layer.selected_label = SPLEEN
    assert "The liver: " in bench.words
    panel.buttons["Brush"].click()
    assert lessons.job is job
    mouse = Mouse(viewer, layer, 0)
    mouse.drag([mouse.canvas.rect().center(), mouse.canvas.rect().center() + QPoint(9, 0)])
    assert (layer.data != before).any()
    layer.selected_label = LIVER
    panel.buttons["Learn from this case"].click()
    told(bench, qtbot, "The liver: learning from slices")
    row = panel.form.rows["places"]
    row.stop.click()
    assert lessons.job is None
    assert job.cancelled
    assert not row.bar.isVisibleTo(panel)
    told(bench, qtbot, "Enter to start")
    qtbot.waitUntil(lambda: len(ended) == 1)
    assert lessons.job is None
    told(bench, qtbot, "Enter to start")
    bench.take()
    job = lessons.job
    job.ended.connect(lambda: ended.append(2))
    told(bench, qtbot, "The liver: learning from slices")
    unsaved_labels(viewer).give_up(layer)
    viewer.layers.remove(layer)
    assert lessons.job is None
    assert job.cancelled
    qtbot.waitUntil(lambda: len(ended) == 2)


def test_what_can_not_be_learnt_is_told_in_a_sentence(case, phantom, qtbot):
    viewer, layer, folder = case
    panel, image = open_panel(viewer, "Correct"), viewer.layers[0]
    bench = panel.bench
    for number in slices_of(phantom[1], LIVER):
        correct(layer, phantom[1], LIVER, number)
    panel.buttons["Learn from this case"].click()
    told(bench, qtbot, "Enter to start")
    seeds, number = seeds_of(layer), slices_of(phantom[1], LIVER)[0] + 1
    before = seeds.across(0, [LIVER])
    flat = tuple(np.array(axis) for axis in ([number] * 4, [30, 30, 31, 31], [40, 41, 40, 41]))
    bench.apply(Edit(flat, layer.data[flat], (layer.data[flat] + 1) % 4))
    for change in (layer.undo, layer.redo):
        assert seeds.across(0, [LIVER, KIDNEY, SPLEEN]) == before
        change()
    told(bench, qtbot, "Enter to start")
    folder.rename(folder.with_name("moved"))
    bench.take()
    told(bench, qtbot, "not installed here")
    assert bench.is_problem
    assert state_of(viewer, Lessons).job is None
    logits = layer.metadata.pop("logits")
    layer.metadata.pop("unsaved_logits")
    bench.tool.renew(bench)
    told(bench, qtbot, "no logits of an ensemble")
    layer.metadata["logits"] = logits
    bench.tool.renew(bench)
    told(bench, qtbot, "Enter to start")
    bench.take()
    told(bench, qtbot, "isn't known which model")
    painting = bench.target().scene.painting
    liver = next(organ for organ in painting.organs if organ.value == LIVER)
    painting.lock(liver, True)
    bench.tool.renew(bench)
    told(bench, qtbot, "The liver is locked")
    painting.lock(liver, False)
    viewer.layers.remove(image)
    bench.tool.renew(bench)
    told(bench, qtbot, "No CT is open")
