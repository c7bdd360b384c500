"""Journals of label maps on the screen: what is painted is in them, what they hold is offered."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from napari.utils.notifications import notification_manager
from qtpy.QtWidgets import QLabel, QPushButton

from napari_abdoseg.anatomy.tally import Edit, NamesEdit
from napari_abdoseg.correction.journal.changes_picture import changes_picture
from napari_abdoseg.correction.journal.places import CaseFiles, journals_folder, journals_of
from napari_abdoseg.correction.journal.recorded_labels import begun_with, labels_of
from napari_abdoseg.correction.journal.records import Content, read_journal
from napari_abdoseg.image.files.saving import backup_of
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume, write_labels, write_volume
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.paint_events.tool_edits import apply_edits, apply_names
from napari_abdoseg.plugin.saving import recovery_offers
from napari_abdoseg.plugin.saving.journals import Offer, journals
from napari_abdoseg.plugin.saving.label_maps import saving
from napari_abdoseg.plugin.saving.leaving import Leaving, guard_unsaved
from napari_abdoseg.plugin.saving.recovery_offers import (
    BRING_BACK,
    DECLINE,
    LATER,
    RecoveryOffers,
    RecoveryQuestion,
    _words,
)
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.segment.result import show_result

CT, MASKS = "ct_0000.nii.gz", "masks.nii.gz"
ENOUGH = 20_000


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))


@pytest.fixture
def case(phantom, tmp_path) -> Path:
    write_volume(tmp_path / CT, phantom[0])
    write_labels(tmp_path / MASKS, phantom[1])
    return tmp_path


@pytest.fixture
def opened(qtbot):
    """A function that opens a case, or its CT alone, in a viewer without a window."""
    viewers = []

    def open_case(case: Path, masks: str | None = MASKS) -> ViewerModel:
        viewer = ViewerModel()
        viewers.append(viewer)
        guard_unsaved(viewer)
        viewer.add_layer(Layer.create(*image_layer(read_volume(case / CT))))
        if masks:
            labels = read_labels(case / masks)
            viewer.add_layer(Layer.create(*labels_layer(labels)))
        return viewer

    yield open_case
    for viewer in viewers:
        journals(viewer).close()
        viewer.layers.clear()
    qtbot.wait(1)


def crash(viewer: ViewerModel) -> None:
    """Have written what was asked for, and let go of all, as the system does after a crash."""
    for journal in journals(viewer)._journals.values():
        journal.close()
    journals(viewer)._journals.clear()


def files(case: Path, masks: str | None = MASKS) -> CaseFiles:
    grid = read_volume(case / CT).grid
    return CaseFiles(case / masks if masks else None, case / CT, grid)


def offers(viewer: ViewerModel, qtbot) -> list[Offer]:
    """What is offered in a viewer; there must be something."""
    found: list[Offer] = []
    journals(viewer).offered.connect(found.append)
    qtbot.waitUntil(lambda: bool(found), timeout=ENOUGH)
    return found


def paint(layer: Labels, value: int = 4, corner: int = 0) -> None:
    where = tuple(axis + corner for axis in np.indices((3, 4, 5)).reshape(3, -1))
    layer.data_setitem(where, value)


def content_of(viewer: ViewerModel, layer: Labels, case: CaseFiles) -> Content:
    """What the one journal of a case holds, once all is written."""
    journals(viewer).of(layer).mark().result()
    journals(viewer).of(layer).forget_mark()
    (path,) = journals_of(case)
    return read_journal(path)


def test_strokes_undo_tools_and_scripts_are_in_the_journal(case, opened, qtbot):
    viewer = opened(case)
    layer = viewer.layers["masks"]
    assert journals_of(files(case)) == []
    paint(layer)
    paint(layer, 3, 7)
    layer.undo()
    where = tuple(np.array([30, 31]) for _ in range(3))
    apply_edits(layer, [Edit(where, layer.data[where], np.array([2, 2], np.uint8))], "grow")
    content = content_of(viewer, layer, files(case))
    assert (labels_of(content) == layer.data).all()
    assert (len(content.history.done), len(content.history.undone)) == (2, 0)
    assert content.tools == {"brush": 2, "grow": 1}
    layer.data[5:9] = 1
    layer.refresh()
    paint(layer, 2, 3)
    content = content_of(viewer, layer, files(case))
    assert (labels_of(content) == layer.data).all()
    assert len(content.history.done) == 1
    layer.data[9:12] = 2
    layer.refresh()
    qtbot.waitUntil(
        lambda: bool((labels_of(content_of(viewer, layer, files(case))) == layer.data).all()),
        timeout=ENOUGH,
    )


def test_a_new_name_outlives_a_crash_and_is_undone_after_it(case, opened, qtbot):
    viewer = opened(case)
    layer = viewer.layers["masks"]
    before = layer.metadata["organs"]
    named = (Organ(1, "left liver"), *before[1:])
    apply_names(layer, NamesEdit.of(before, named), "rename")
    assert layer.metadata["organs"] == named
    assert layer in unsaved_labels(viewer).layers
    assert content_of(viewer, layer, files(case)).tools == {"rename": 1}
    crash(viewer)
    viewer = opened(case)
    (offer,) = offers(viewer, qtbot)
    assert "Organs that were renamed or added: left liver." in _words(offer)
    layer = journals(viewer).bring_back(offer)
    assert layer is viewer.layers["masks"]
    assert layer.metadata["organs"] == named
    layer.undo()
    assert layer.metadata["organs"] == before
    assert layer.features["organ"].tolist()[1:] == [organ.name for organ in before]
    assert content_of(viewer, layer, files(case)).subject.organs == before


def test_new_organs_have_their_names_again(case, opened, qtbot):
    viewer = opened(case)
    layer = viewer.layers["masks"]
    paint(layer)
    layer.metadata["organs"] = (*layer.metadata["organs"], Organ(9, "cyst"))
    paint(layer, 9, 5)
    content = content_of(viewer, layer, files(case))
    assert content.subject.organs[-1] == Organ(9, "cyst")
    crash(viewer)

    again = opened(case)
    (offer,) = offers(again, qtbot)
    layer = journals(again).bring_back(offer)
    assert layer.metadata["organs"][-1] == Organ(9, "cyst")
    assert layer.features["organ"].tolist()[-1] == "cyst"


def test_what_was_painted_comes_back_with_its_undo_history(case, opened, qtbot):
    viewer = opened(case)
    layer = viewer.layers["masks"]
    first = layer.data.copy()
    paint(layer)
    paint(layer, 3, 6)
    voxels = layer.data.copy()
    paint(layer, 1, 9)
    layer.undo()
    crash(viewer)

    again = opened(case)
    (offer,) = offers(again, qtbot)
    layer = journals(again).bring_back(offer)
    assert layer is again.layers["masks"]
    assert np.array_equal(layer.data, voxels)
    assert unsaved_labels(again).layers == [layer]
    layer.redo()
    for _ in range(3):
        layer.undo()
    assert np.array_equal(layer.data, first)
    content = content_of(again, layer, files(case))
    assert (len(content.history.done), len(content.history.undone)) == (0, 3)
    crash(again)


def test_a_duplicate_of_a_layer_is_kept_as_it_is(case, opened, qtbot):
    viewer = opened(case)
    layer = viewer.layers["masks"]
    data, options, kind = layer.as_layer_data_tuple()
    data = data.copy()
    data[:3] = 4
    copy = viewer.add_layer(Layer.create(data, {**options, "name": "copy"}, kind))
    paint(copy, 2, 9)
    content = content_of(viewer, copy, files(case))
    assert (labels_of(content) == copy.data).all()
    assert content.whole


def test_what_is_painted_before_the_answer_is_not_painted_over(case, opened, qtbot):
    viewer = opened(case)
    paint(viewer.layers["masks"])
    voxels = viewer.layers["masks"].data.copy()
    crash(viewer)

    again = opened(case)
    (offer,) = offers(again, qtbot)
    painted = again.layers["masks"]
    paint(painted, 2, 9)
    others = painted.data.copy()
    layer = journals(again).bring_back(offer)
    assert layer.name == "masks (recovered)"
    assert np.array_equal(layer.data, voxels)
    assert np.array_equal(painted.data, others)
    assert set(unsaved_labels(again).layers) == {painted, layer}
    paint(layer, 1, 12)
    voxels = layer.data.copy()
    crash(again)

    once_more = opened(case)
    found = offers(once_more, qtbot)
    qtbot.waitUntil(lambda: len(found) == 2, timeout=ENOUGH)
    assert any(np.array_equal(each.recovery.labels, voxels) for each in found)
    assert any(np.array_equal(each.recovery.labels, others) for each in found)
    for each in found:
        journals(once_more).leave(each)


def test_organs_that_were_never_saved_come_back_with_their_scan(case, opened, qtbot, phantom):
    viewer = opened(case, masks=None)
    scan = viewer.layers["ct_0000"]
    truth = phantom[1]
    labels = LabelMap(truth.data.copy(), scan.metadata["grid"], truth.organs)
    data, options, kind = labels_layer(labels, "ct organs")
    options["metadata"] |= {"scan": case / CT}
    layer = viewer.add_layer(Layer.create(data, options, kind))
    unsaved_labels(viewer).add(layer)
    journals(viewer).begin(layer)
    paint(layer)
    voxels = layer.data.copy()
    crash(viewer)

    again = opened(case, masks=None)
    (offer,) = offers(again, qtbot)
    layer = journals(again).bring_back(offer)
    assert np.array_equal(layer.data, voxels)
    assert layer.metadata["organs"] == truth.organs
    with qtbot.waitSignal(saving(again).ended, timeout=ENOUGH) as ended:
        saving(again).save(layer)
    assert ended.args[1] == ""
    assert layer.metadata["path"] == case / "ct_organs.nii.gz"
    paint(layer, 2, 8)
    content = content_of(again, layer, files(case, "ct_organs.nii.gz"))
    assert not content.whole
    assert len(content.history.done) == 2
    assert (labels_of(content) == layer.data).all()
    assert not list(journals_folder().glob("*.journal"))


def test_what_is_painted_while_voxels_are_copied_is_a_step(case, opened, qtbot, monkeypatch):
    monkeypatch.setattr("napari_abdoseg.anatomy.box.SLAB_VOXELS", 1)
    monkeypatch.setattr("napari_abdoseg.plugin.saving.snapshot.TURN_SECONDS", 0)
    viewer = opened(case)
    layer = viewer.layers["masks"]
    before = layer.data.copy()
    journals(viewer).begin(layer)
    journal = journals(viewer).of(layer)
    qtbot.waitUntil(lambda: journal._copied is not None)
    layer.data_setitem(tuple(np.array([[0, size - 1] for size in layer.data.shape])), 4)
    content = content_of(viewer, layer, files(case))
    assert np.array_equal(begun_with(content), before)
    assert np.array_equal(labels_of(content), layer.data)
    assert len(content.history.done) == 1


def test_a_save_empties_the_journal_and_tells_who_has_corrected_what(case, opened, qtbot):
    viewer = opened(case)
    layer = viewer.layers["masks"]
    (case / "masks.json").write_text(json.dumps({"case": "masks", "models": ["m"]}))
    before = layer.data.copy()
    paint(layer)
    with qtbot.waitSignal(saving(viewer).ended, timeout=ENOUGH):
        saving(viewer).save(layer)
    told = json.loads((case / "masks.json").read_text())
    assert told["models"] == ["m"]
    (entry,) = told["corrections"]
    assert entry["strokes"] == {"brush": 1}
    changed = (before != layer.data) & (layer.data == 4)
    assert entry["voxels"]["pancreas"] == {"added": changed.sum(), "removed": 0}
    content = content_of(viewer, layer, files(case))
    assert content.history.unsaved is None
    assert len(content.history.done) == 1
    viewer.layers.remove(layer)
    qtbot.waitUntil(lambda: not journals_of(files(case)), timeout=ENOUGH)


def test_a_file_that_others_have_saved_since_is_told_and_kept(case, opened, qtbot):
    viewer = opened(case)
    layer = viewer.layers["masks"]
    paint(layer)
    labels_of(content_of(viewer, layer, files(case)))
    theirs = read_labels(case / MASKS)
    write_labels(case / MASKS, LabelMap(theirs.data * 0, theirs.grid, theirs.organs))
    kept = (case / MASKS).read_bytes()
    notification_manager.records.clear()
    with qtbot.waitSignal(saving(viewer).ended, timeout=ENOUGH):
        saving(viewer).save(layer)
    told = [record.message for record in notification_manager.records]
    assert any("had been replaced since it was opened" in words for words in told)
    assert backup_of(case / MASKS).read_bytes() == kept


def test_what_could_not_be_saved_stays_in_the_journal(case, opened, qtbot):
    viewer = opened(case)
    layer = viewer.layers["masks"]
    paint(layer)
    with qtbot.waitSignal(saving(viewer).ended, timeout=ENOUGH) as ended:
        saving(viewer).save_in(layer, case / "gone" / MASKS)
    assert "its folder does not exist" in ended.args[1]
    assert (labels_of(content_of(viewer, layer, files(case))) == layer.data).all()


def test_a_layer_that_code_removes_has_its_journal_until_it_is_given_up(case, opened, qtbot):
    viewer = opened(case)
    layer = viewer.layers["masks"]
    paint(layer)
    content_of(viewer, layer, files(case))
    viewer.layers.remove(layer)
    qtbot.wait(50)
    assert len(journals_of(files(case))) == 1
    journals(viewer).give_up([layer])
    qtbot.waitUntil(lambda: not journals_of(files(case)), timeout=ENOUGH)
    assert len(list(case.glob(".*.aside"))) == 1


def _crash_two(case: Path, second: LabelMap, opened) -> None:
    write_labels(case / "second.nii.gz", second)
    for name in ("masks", "second"):
        viewer = opened(case, f"{name}.nii.gz")
        paint(viewer.layers[name])
        crash(viewer)


def _reopened_window(case: Path, make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    guard_unsaved(viewer)
    viewer.open([case / CT, case / MASKS], plugin="napari-abdoseg")
    offers = viewer.window.main_menu.window().findChild(RecoveryOffers)
    qtbot.waitUntil(lambda: offers.question is not None, timeout=ENOUGH)
    return viewer, offers


def _press(offers: RecoveryOffers, words: str) -> None:
    buttons = offers.question.findChildren(QPushButton)
    next(button for button in buttons if button.text() == words).click()


def test_a_window_asks_until_it_has_an_answer(case, opened, make_napari_viewer, qtbot):
    viewer = opened(case)
    paint(viewer.layers["masks"])
    voxels = viewer.layers["masks"].data.copy()
    crash(viewer)
    window, offers = _reopened_window(case, make_napari_viewer, qtbot)
    _press(offers, LATER)
    assert offers.question is None
    window.layers.clear()
    window.open([case / CT, case / MASKS], plugin="napari-abdoseg")
    qtbot.waitUntil(lambda: offers.question is not None, timeout=ENOUGH)
    _press(offers, BRING_BACK)
    layer = window.layers["masks"]
    assert np.array_equal(layer.data, voxels)
    layer.undo()
    assert unsaved_labels(window).layers == [layer]
    crash(window)
    unsaved_labels(window).give_up(layer)


def test_one_label_map_after_the_other_is_asked_about_and_drawn_in_a_thread(
    case, phantom, opened, make_napari_viewer, monkeypatch, qtbot
):
    threads = []

    def drawn(*arguments: Any) -> Any:
        threads.append(threading.current_thread())
        return changes_picture(*arguments)

    monkeypatch.setattr(recovery_offers, "changes_picture", drawn)
    _crash_two(case, phantom[1], opened)
    window, offers = _reopened_window(case, make_napari_viewer, qtbot)
    window.open(case / "second.nii.gz", plugin="napari-abdoseg")
    names = set()
    for _ in range(2):
        qtbot.waitUntil(lambda: offers.question is not None, timeout=ENOUGH)
        assert len(offers.question.findChildren(QLabel)) > 2
        names |= {name for name in ("masks", "second") if name in _words_of(offers.question)}
        _press(offers, LATER)
    assert names == {"masks", "second"}
    assert len(threads) == 2
    assert threading.main_thread() not in threads


def test_what_left_before_it_was_asked_about_is_offered_again(
    case, opened, make_napari_viewer, qtbot
):
    viewer = opened(case)
    paint(viewer.layers["masks"])
    crash(viewer)
    window = make_napari_viewer(show=True)
    guard_unsaved(window)
    offers = window.window.main_menu.window().findChild(RecoveryOffers)

    def leave_meanwhile(_: Offer) -> None:
        window.layers.clear()

    journals(window).offered.connect(leave_meanwhile)
    window.open([case / CT, case / MASKS], plugin="napari-abdoseg")
    qtbot.waitUntil(lambda: not window.layers, timeout=ENOUGH)
    journals(window).offered.disconnect(leave_meanwhile)
    qtbot.waitUntil(lambda: not offers._drawing.is_busy, timeout=ENOUGH)
    assert offers.question is None
    window.open([case / CT, case / MASKS], plugin="napari-abdoseg")
    qtbot.waitUntil(lambda: offers.question is not None, timeout=ENOUGH)
    _press(offers, LATER)


def test_what_can_not_be_drawn_is_offered_again(
    case, opened, make_napari_viewer, monkeypatch, qtbot
):
    def fail(*_: Any) -> None:
        raise MemoryError

    viewer = opened(case)
    paint(viewer.layers["masks"])
    crash(viewer)
    monkeypatch.setattr(recovery_offers, "changes_picture", fail)
    window = make_napari_viewer(show=True)
    guard_unsaved(window)
    asked = window.window.main_menu.window().findChild(RecoveryOffers)
    with qtbot.capture_exceptions() as raised:
        window.open([case / CT, case / MASKS], plugin="napari-abdoseg")
        qtbot.waitUntil(lambda: bool(raised) and not asked._waiting, timeout=ENOUGH)
        qtbot.wait(200)
    assert len(raised) == 1
    (offer,) = offers(opened(case), qtbot)
    offer.recovery.leave()


def test_a_window_that_closes_leaves_what_waits(case, phantom, opened, make_napari_viewer, qtbot):
    _crash_two(case, phantom[1], opened)
    window, asked = _reopened_window(case, make_napari_viewer, qtbot)
    with qtbot.waitSignal(journals(window).offered, timeout=ENOUGH):
        window.open(case / "second.nii.gz", plugin="napari-abdoseg")
    window.close()
    qtbot.waitUntil(lambda: not asked._waiting, timeout=ENOUGH)
    for name in ("masks", "second"):  # of which nobody may have the lock
        (offer,) = offers(opened(case, f"{name}.nii.gz"), qtbot)
        offer.recovery.leave()


def _words_of(question: RecoveryQuestion) -> str:
    return " ".join(label.text() for label in question.findChildren(QLabel))


def test_a_window_puts_aside_what_is_declined(case, opened, make_napari_viewer, qtbot):
    viewer = opened(case)
    paint(viewer.layers["masks"])
    voxels = viewer.layers["masks"].data.copy()
    crash(viewer)
    window, offers = _reopened_window(case, make_napari_viewer, qtbot)
    _press(offers, DECLINE)
    assert journals_of(files(case)) == []
    (kept,) = case.glob(".*.aside")
    assert unsaved_labels(window).layers == []
    (layer,) = window.open(kept, plugin="napari-abdoseg")
    assert np.array_equal(layer.data, voxels)
    assert layer.name == "masks [1]"
    assert layer.metadata["grid"].matches(window.layers["ct_0000"].metadata["grid"])


def test_a_result_is_kept_from_its_first_moment(viewer, phantom, qtbot):
    scan = viewer.layers["CT"]
    truth = phantom[1]
    labels = LabelMap(truth.data.copy(), truth.grid, truth.organs)
    made_with = {"name": "demo", "folds": ["0"]}
    layer = show_result(viewer, scan, labels, made_with=made_with).layer
    nameless = CaseFiles(None, None, truth.grid)
    content = content_of(viewer, layer, nameless)
    assert (content.base == truth.data).all()
    assert content.subject.origin == made_with
    leaving = viewer.window.main_menu.window().findChild(Leaving)
    viewer.layers.selection = {layer}
    viewer.layers.remove_selected()
    qtbot.waitUntil(lambda: leaving.question is not None, timeout=ENOUGH)
    discard = leaving.question.button(leaving.question.StandardButton.Discard)
    discard.click()
    qtbot.waitUntil(lambda: not journals_of(nameless), timeout=ENOUGH)
    assert len(list(journals_folder().glob("*.aside"))) == 1


SCRIPT = """
import numpy as np
from napari import Viewer
from napari.layers import Layer
from pathlib import Path
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.plugin.saving.leaving import guard_unsaved

viewer = Viewer()
guard_unsaved(viewer)
layer = viewer.add_layer(Layer.create(*labels_layer(read_labels(Path({path!r})))))
layer.data[3:5] = 1
layer.refresh()
"""


@pytest.mark.slow
def test_a_script_that_ends_without_closing_leaves_its_changes_in_the_journal(case):
    code = SCRIPT.format(path=str(case / MASKS))
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=100
    )
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr
    (journal,) = journals_of(files(case))
    changed = labels_of(read_journal(journal))
    assert (changed[3:5] == 1).all()
    assert (changed[5:] == read_labels(case / MASKS).data[5:]).all()
