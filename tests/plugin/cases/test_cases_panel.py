"""The panel `Cases` in a real window: a folder of CTs, opened one after the other."""

from __future__ import annotations

import gc
import json
import os
import shutil
import threading
import time
from weakref import ref

import comparing
import numpy as np
import pytest
from napari.layers import Surface
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox

from napari_abdoseg.image.nifti.volumes import read_labels, write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.shown_case import ShownCase
from napari_abdoseg.plugin.cases.sending_back import SendingBack
from napari_abdoseg.plugin.cases.widget import HINT
from napari_abdoseg.plugin.commands import case_before, next_case
from napari_abdoseg.plugin.correct.bench import bench
from napari_abdoseg.plugin.correct.brushes import ERASER
from napari_abdoseg.plugin.correct.pointer import pointer
from napari_abdoseg.plugin.four_panel.view import toggle_four_panel_view
from napari_abdoseg.plugin.layers import spare_layers
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.plugin.saving.label_maps import saving
from napari_abdoseg.plugin.saving.leaving import NAME, Leaving
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.viewing.panels import panels_of
from napari_abdoseg.plugin.widgets.panel import open_panel
from napari_abdoseg.worklist.opening.steps import DONE, SEND_BACK
from napari_abdoseg.worklist.records.case_record import CaseRecord, Status
from napari_abdoseg.worklist.records.changing import change_record, open_case, with_status
from napari_abdoseg.worklist.records.leases import DEAD_AFTER, holder_of
from napari_abdoseg.worklist.records.record_files import read_record, write_record
from napari_abdoseg.worklist.records.work_folder import WorkFolder

SPACING = (16.0, 12.0, 12.0)
NAMES = ("a", "b", "c")
SPLEEN = 3
LONG_MS = 600_000


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Three phantoms, of which the last has no masks, for tests to copy."""
    folder = WorkFolder.of(tmp_path_factory.mktemp("drawn") / "cts")
    for place in (folder.scans, folder.masks):
        place.mkdir()
    for seed, name in enumerate(NAMES):
        scan, labels = make_phantom(seed, SPACING)
        write_volume(folder.scans / f"{name}_0000.nii.gz", scan)
        if name != "c":
            write_labels(folder.labels_of(name), labels)
    return folder.scans.parent


@pytest.fixture
def folder(drawn, tmp_path):
    shutil.copytree(drawn, tmp_path, copy_function=shutil.copyfile, dirs_exist_ok=True)
    return WorkFolder.of(tmp_path / "cts")


@pytest.fixture
def panel(viewer):
    _, panel = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Cases")
    return panel


@pytest.fixture
def listed(panel, folder, qtbot):
    """The panel with the folder's cases."""
    panel.scans.value = folder.scans
    qtbot.waitUntil(lambda: len(panel.cases.rows) == len(NAMES))
    return panel


@pytest.fixture
def at(listed, qtbot):
    """A function that waits until a case is open."""

    def wait(name: str):
        qtbot.waitUntil(lambda: listed.cases.open is not None and listed.cases.open.name == name)
        qtbot.waitUntil(lambda: listed.cases.job is None)
        return listed.cases.open

    return wait


@pytest.fixture
def first(listed, at, qtbot):
    """The first case, opened by a double click."""
    comparing.click_row(qtbot, listed.table, 0, double=True)
    return at("a")


def press(viewer, qtbot, key) -> None:
    main, canvas = viewer.window._qt_window, viewer.window._qt_viewer.canvas.native
    main.activateWindow()
    qtbot.waitUntil(main.isActiveWindow)
    canvas.setFocus()
    qtbot.keyClick(canvas, key, Qt.KeyboardModifier.AltModifier)


def paint(layer) -> None:
    """A stroke of two voxels of the spleen."""
    layer.selected_label = SPLEEN
    layer.mode = "paint"
    layer.data_setitem(tuple(map(np.array, ([1, 1], [1, 1], [1, 2]))), SPLEEN)


def answer(viewer, qtbot, button) -> None:
    leaving = viewer.window._qt_window.findChild(Leaving, NAME)
    qtbot.waitUntil(lambda: leaving.question is not None)
    qtbot.mouseClick(leaving.question.button(button), Qt.MouseButton.LeftButton)


def said() -> str:
    return notification_manager.records[-1].message


def row(panel, name):
    return next(row for row in panel.cases.rows if row.name == name)


def test_it_tells_what_to_choose(panel):
    assert HINT in panel.words.text()
    assert not panel.table.isVisible()


def test_cases_are_listed_with_how_far_they_are(listed, qtbot):
    shown = [listed.table.cases.index(place, 0).data() for place in range(len(NAMES))]
    assert shown == list(NAMES)
    states = [listed.table.cases.index(place, 1).data() for place in range(len(NAMES))]
    assert states == ["predicted", "predicted", "to do"]
    assert "3 cases" in listed.words.text()
    qtbot.waitUntil(lambda: len(list(listed.cases.folder.masks.rglob("*.png"))) == len(NAMES))


def test_a_double_click_opens_a_case_and_nobody_else_has_it_then(first, names, folder):
    assert names() == ["a_0000", "a"]
    assert holder_of(folder.session_of("a")).process == os.getpid()


def test_keys_go_through_the_cases_and_what_one_works_with_stays(
    first, viewer, names, qtbot, at, folder
):
    first.scan.contrast_limits = (-90, 110)
    first.labels.selected_label, first.labels.brush_size = SPLEEN, 7
    first.labels.mode = "erase"
    press(viewer, qtbot, Qt.Key.Key_Right)
    now = at("b")
    assert names() == ["b_0000", "b"]
    assert tuple(now.scan.contrast_limits) == (-90, 110)
    assert (now.labels.selected_label, now.labels.brush_size) == (SPLEEN, 7)
    assert now.labels.mode == "erase"
    qtbot.waitUntil(lambda: holder_of(folder.session_of("a")) is None)
    press(viewer, qtbot, Qt.Key.Key_Left)
    at("a")


def test_the_organ_is_kept_by_its_name(first, viewer, qtbot, at, folder):
    _, labels = make_phantom(1, SPACING)
    swapped = labels.data.copy()
    swapped[labels.data == 1], swapped[labels.data == SPLEEN] = SPLEEN, 1
    names = {1: "spleen", SPLEEN: "liver"}
    organs = tuple(type(o)(o.value, names.get(o.value, o.name)) for o in labels.organs)
    write_labels(folder.labels_of("b"), type(labels)(swapped, labels.grid, organs))
    first.labels.selected_label = SPLEEN
    next_case(viewer)
    assert at("b").labels.selected_label == 1


def test_the_end_of_the_list_is_told(first, viewer, listed):
    case_before(viewer)
    assert "first case" in said()
    assert listed.cases.open is first


def test_a_case_with_strokes_is_saved_before_it_is_left(first, viewer, names, qtbot, at, folder):
    paint(first.labels)
    next_case(viewer)
    answer(viewer, qtbot, QMessageBox.StandardButton.Save)
    at("b")
    assert read_labels(folder.labels_of("a")).data[1, 1, 2] == SPLEEN
    record = read_record(folder.record_of("a"))
    assert record.status is Status.IN_PROGRESS
    assert record.user
    assert sum(record.voxels_changed["spleen"]) == 2
    assert names() == ["b_0000", "b"]


def test_who_cancels_stays(first, viewer, qtbot, listed):
    paint(first.labels)
    next_case(viewer)
    answer(viewer, qtbot, QMessageBox.StandardButton.Cancel)
    assert listed.cases.open is first
    assert listed.cases.job is None


def test_what_is_not_to_be_saved_is_not_asked_about_again(first, viewer, qtbot, at, folder):
    before = folder.labels_of("a").read_bytes()
    paint(first.labels)
    next_case(viewer)
    answer(viewer, qtbot, QMessageBox.StandardButton.Discard)
    at("b")
    qtbot.wait(100)
    assert viewer.window._qt_window.findChild(Leaving, NAME).question is None
    assert folder.labels_of("a").read_bytes() == before
    assert read_record(folder.record_of("a")) is None


@pytest.mark.slow
def test_a_case_that_somebody_has_open_is_read_only_and_passed_over(listed, viewer, qtbot, at):
    folder = listed.cases.folder
    lease = open_case(folder, "b")
    told = json.loads(lease.path.read_text())
    lease.path.write_text(json.dumps({**told, "machine": "another"}))
    listed.cases.watch.look_again()
    qtbot.waitUntil(lambda: row(listed, "b").holder is not None)
    comparing.click_row(qtbot, listed.table, 1, double=True)
    opened = at("b")
    assert not opened.labels.editable
    assert "read-only" in listed.details.words.text()
    assert not listed.details.take_over.isVisible()
    before = folder.labels_of("b").read_bytes()
    with qtbot.waitSignal(saving(viewer).ended) as ended:
        saving(viewer).save(opened.labels)
    assert "read-only" in ended.args[1]
    assert folder.labels_of("b").read_bytes() == before
    case_before(viewer)
    at("a")
    next_case(viewer)
    at("c")
    lease.release()


def test_a_case_that_a_dead_session_left_is_taken_over(listed, names, qtbot, at):
    folder = listed.cases.folder
    open_case(folder, "b")
    place = folder.session_of("b")
    place.write_text(json.dumps({**json.loads(place.read_text()), "machine": "another"}))
    long_ago = time.time() - 2 * DEAD_AFTER
    os.utime(place, (long_ago, long_ago))
    listed.cases.watch.look_again()
    comparing.click_row(qtbot, listed.table, 1, double=True)
    at("b")
    assert listed.details.take_over.isVisible()
    qtbot.mouseClick(listed.details.take_over, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: listed.cases.open.claim.lease is not None)
    assert at("b").labels.editable
    assert names() == [at("b").scan.name, at("b").labels.name]
    assert not listed.details.take_over.isVisible()


def test_a_first_label_map_goes_to_the_masks_and_a_second_is_a_version(
    listed, viewer, qtbot, at, folder
):
    comparing.click_row(qtbot, listed.table, 2, double=True)
    at("c")
    _, truth = make_phantom(2, SPACING)
    data, options, _ = labels_layer(truth, "made here")
    layer = viewer.add_labels(data, **options)
    assert saving(viewer).place(layer) == folder.labels_of("c")
    with qtbot.waitSignal(saving(viewer).ended):
        saving(viewer).save(layer)
    again = viewer.add_labels(data.copy(), **{**options, "name": "made again"})
    paint(again)
    with qtbot.waitSignal(saving(viewer).ended):
        saving(viewer).save(again)
    record = read_record(folder.record_of("c"))
    assert record.current == "versions/c_2.nii.gz"
    assert (folder.masks / record.current).is_file()


def test_a_deleted_scan_lets_the_case_go(first, viewer, listed, qtbot, folder):
    viewer.layers.remove(first.scan)
    assert listed.cases.open is None
    qtbot.waitUntil(lambda: holder_of(folder.session_of("a")) is None)


def test_a_case_that_cannot_be_read_is_told_and_free(first, viewer, qtbot, listed, folder):
    folder.labels_of("b").write_bytes(b"no label map")
    next_case(viewer)
    qtbot.waitUntil(lambda: listed.cases.job is None)
    assert "b.nii.gz" in said()
    assert listed.cases.open is first
    assert holder_of(folder.session_of("b")) is None


def test_the_list_follows_what_others_do(listed, qtbot, folder, monkeypatch):
    change_record(folder, "b", lambda record: CaseRecord("b", status=Status.DONE, user="anna"))
    listed.cases.watch.look()
    qtbot.waitUntil(lambda: row(listed, "b").record.user == "anna")
    scan, _ = make_phantom(3, SPACING)
    write_volume(folder.scans / "d_0000.nii.gz", scan)
    listed.cases.watch.look()
    qtbot.waitUntil(lambda: len(listed.table.cases.rows) == len(NAMES) + 1)
    (folder.scans / "a_0000.nii.gz").unlink()
    folder.record_of("b").write_text("{")
    listed.cases.watch.look_again()
    qtbot.waitUntil(lambda: [each.name for each in listed.cases.rows] == ["b", "c", "d"])
    assert "damaged" in row(listed, "b").problem


def test_filters_show_some_and_next_goes_through_those(listed, qtbot, at, viewer, folder):
    write_record(folder.record_of("b"), CaseRecord("b", "b_0000.nii.gz", comment="Stent"))
    listed.cases.watch.look_again()
    qtbot.waitUntil(lambda: row(listed, "b").record.comment == "Stent")
    qtbot.keyClicks(listed.filters.text, "stent")
    qtbot.waitUntil(lambda: [each.name for each in listed.cases.shown] == ["b"])
    next_case(viewer)
    at("b")
    listed.filters.text.clear()
    qtbot.waitUntil(lambda: len(listed.cases.shown) == len(NAMES))
    listed.filters.status.setCurrentText("to do")
    assert [each.name for each in listed.cases.shown] == ["c"]


@pytest.fixture
def readers(monkeypatch):
    """Scans that were read, and the threads that did so."""
    done = []
    really = ShownCase.read.__func__

    def read(cls, image, labels=None):
        done.append((image.name, threading.current_thread().name))
        return really(cls, image, labels)

    monkeypatch.setattr(ShownCase, "read", classmethod(read))
    return done


def test_cases_beside_the_open_one_are_read_before_they_are_opened(
    readers, first, viewer, qtbot, at, listed, folder
):
    def ahead():
        return {name for name, thread in readers if "reading ahead" in thread}

    qtbot.waitUntil(lambda: ahead() == {"b_0000.nii.gz"})
    press(viewer, qtbot, Qt.Key.Key_Right)
    opened = at("b")
    assert [name for name, _ in readers].count("b_0000.nii.gz") == 1
    assert np.array_equal(opened.labels.data, read_labels(folder.labels_of("b")).data)
    qtbot.waitUntil(lambda: ahead() == {"a_0000.nii.gz", "b_0000.nii.gz", "c_0000.nii.gz"})
    labels = read_labels(folder.labels_of("a"))
    labels.data[:2] = SPLEEN
    write_labels(folder.labels_of("a"), labels)
    press(viewer, qtbot, Qt.Key.Key_Left)
    assert (at("a").labels.data[:2] == SPLEEN).all()


def test_panels_keep_their_layers_and_show_the_next_case_in_them(first, viewer, qtbot, at, listed):
    toggle_four_panel_view(viewer)
    panels = [panel for panel in panels_of(viewer) if panel is not viewer]
    qtbot.waitUntil(lambda: all(len(panel.layers) >= 2 for panel in panels))
    before = [list(panel.layers)[:2] for panel in panels]
    press(viewer, qtbot, Qt.Key.Key_Right)
    opened = at("b")
    own = opened.scan.data, opened.labels.data
    for scan, labels in before:
        qtbot.waitUntil(lambda: scan.data is own[0] and labels.data is own[1])  # noqa: B023
    assert [list(panel.layers)[:2] for panel in panels] == before
    before[0][1].data_setitem(tuple(np.array([[1], [1], [1]])), SPLEEN)
    assert unsaved_labels(viewer).layers == [opened.labels]
    listed.cases.open.labels.undo()


@pytest.mark.slow
def test_organs_come_in_3d_though_no_panel_lists_them(first, viewer, qtbot, at, listed):
    organs = {organ.name for organ in first.case.labels.organs}

    def shown() -> set[str]:
        return {layer.name for layer in viewer.layers if isinstance(layer, Surface)}

    qtbot.waitUntil(lambda: shown() == {f"{name} surface" for name in organs})
    assert {f"{name} box" for name in organs} <= {layer.name for layer in viewer.layers}
    next_case(viewer)
    at("b")
    qtbot.waitUntil(lambda: shown() == {f"{name} surface" for name in organs})


@pytest.mark.slow
def test_boxes_and_surfaces_become_those_of_the_next_case(
    viewer, panel, folder, qtbot, at, monkeypatch
):
    monkeypatch.setattr(spare_layers, "WAIT_MS", LONG_MS)

    def linked():
        return {each.name: each for each in viewer.layers if {"box", "surface"} & {*each.metadata}}

    open_panel(viewer, "Organs")
    panel.scans.value = folder.scans
    qtbot.waitUntil(lambda: len(panel.cases.rows) == len(NAMES))
    next_case(viewer)
    at("a")
    qtbot.waitUntil(lambda: len(linked()) == 8)
    before = linked()
    next_case(viewer)
    opened = at("b")
    qtbot.waitUntil(lambda: all(layer.visible for layer in before.values()))
    assert linked() == before
    assert list(viewer.layers)[:2] == [opened.scan, opened.labels]
    grids = {id(layer.metadata["grid"]) for layer in before.values()}
    assert grids == {id(opened.labels.metadata["grid"])}
    next_case(viewer)
    at("c")
    qtbot.waitUntil(lambda: not any(layer.visible for layer in linked().values()))


def test_what_is_said_of_a_case_is_kept(listed, qtbot, folder):
    listed.table.go_to("b")
    qtbot.keyClicks(listed.details.comment, "late contrast")
    qtbot.keyPress(listed.details.comment, Qt.Key.Key_Return)
    qtbot.keyClicks(listed.details.flags, "stent late")
    listed.table.go_to("a")  # what was typed is of the case before
    qtbot.waitUntil(lambda: row(listed, "b").record.flags == ("late", "stent"))
    assert row(listed, "b").record.comment == "late contrast"
    assert listed.details.comment.text() == ""
    assert read_record(folder.record_of("a")) is None


def test_a_case_that_is_done_is_saved_before(first, listed, qtbot, folder):
    paint(first.labels)
    qtbot.mouseClick(listed.details.steps[DONE], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: row(listed, "a").record.status is Status.DONE)
    assert read_labels(folder.labels_of("a")).data[1, 1, 2] == SPLEEN
    assert listed.whole.export.isEnabled()


@pytest.mark.slow
def test_a_reviewer_sends_a_case_back_to_a_place_that_is_shown(
    first, listed, viewer, qtbot, at, folder
):
    listed.cases.change([row(listed, "a")], with_status(Status.NEEDS_REVIEW))
    qtbot.waitUntil(lambda: row(listed, "a").record.status is Status.NEEDS_REVIEW)
    place = tuple(first.scan.data_to_world((9, 8, 7)))
    viewer.dims.set_point(range(3), place)
    qtbot.mouseClick(listed.details.steps[SEND_BACK], Qt.MouseButton.LeftButton)
    question = listed.findChild(SendingBack)
    assert not question.send.isEnabled()
    qtbot.keyClicks(question.comment, "the dome is missing")
    qtbot.mouseClick(question.send, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: row(listed, "a").is_sent_back)
    back = read_record(folder.record_of("a")).verdicts[-1]
    assert back.comment == "the dome is missing"
    grid = first.case.scan.grid
    assert np.allclose(grid.screen_index(back.place.voxel), (9, 8, 7))
    next_case(viewer)
    at("b")
    case_before(viewer)
    at("a")
    assert viewer.dims.point == pytest.approx(place)
    assert "the dome is missing" in listed.details.words.text()
    viewer.dims.set_point(range(3), tuple(first.scan.data_to_world((2, 2, 2))))
    qtbot.mouseClick(listed.details.place, Qt.MouseButton.LeftButton)
    assert viewer.dims.point == pytest.approx(place)


def test_what_cannot_be_changed_is_told(listed, qtbot, folder):
    folder.records.mkdir(parents=True)
    folder.record_of("b").write_text("{")
    listed.table.go_to("b")
    qtbot.mouseClick(listed.details.steps[DONE], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "damaged" in said())
    assert folder.record_of("b").read_text() == "{"


def test_of_cases_that_are_done_those_without_a_label_map_are_told(listed, qtbot, folder):
    listed.table.go_to("c")
    qtbot.mouseClick(listed.details.steps[DONE], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: said().startswith("c has no label map: "))
    listed.table.selectAll()
    qtbot.mouseClick(listed.details.steps[DONE], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(listed.cases.done) == 2)
    assert said().startswith("1 of 3 cases stay as they are. c has no label map: ")
    assert row(listed, "c").record.status is Status.TO_DO


def test_a_folder_that_cannot_be_listed_is_told_in_the_panel(panel, qtbot, tmp_path):
    (tmp_path / "empty").mkdir()
    panel.scans.value = tmp_path / "empty"
    qtbot.waitUntil(lambda: str(tmp_path / "empty") in panel.cases.words)
    assert panel.cases.words in panel.words.text()
    assert not panel.table.isVisible()


def test_the_worst_are_one_click_away(listed, qtbot, folder):
    for name, expected in (("a", 0.9), ("b", 0.7)):
        told = {"value": 1, "name": "liver", "agreement": expected, "expected_dsc": None}
        report = folder.masks / f"{name}.json"
        report.write_text(json.dumps({"expected_quality": {"organs": [told]}}))
    listed.cases.watch.look()
    qtbot.waitUntil(listed.filters.worst.isVisible)
    qtbot.mouseClick(listed.filters.worst, Qt.MouseButton.LeftButton)
    assert [each.name for each in listed.cases.shown] == ["b"]
    qtbot.mouseClick(listed.filters.worst, Qt.MouseButton.LeftButton)
    assert [each.name for each in listed.cases.shown] == ["b", "a", "c"]


@pytest.mark.slow
def test_nothing_of_a_case_is_left_in_memory_when_it_was_left(first, viewer, qtbot, at):
    toggle_four_panel_view(viewer)
    press(viewer, qtbot, Qt.Key.Key_Right)
    opened = at("b")
    open_panel(viewer, "Correct").buttons["Too small or large"].click()
    left = [ref(each) for layer in (opened.scan, opened.labels) for each in (layer, layer.data)]
    del opened
    press(viewer, qtbot, Qt.Key.Key_Right)
    at("c")

    def is_gone():
        gc.collect()
        return not any(each() is not None for each in left)

    qtbot.waitUntil(is_gone)


def test_a_save_is_scored_where_the_data_set_has_a_reference(panel, viewer, qtbot, tmp_path):
    folder = WorkFolder.of(tmp_path / "Dataset001_X")
    scan, truth = make_phantom(0, SPACING)
    for part in (folder.scans / "imagesTr", folder.scans / "labelsTr", folder.masks):
        part.mkdir(parents=True)
    write_volume(folder.scans / "imagesTr" / "a_0000.nii.gz", scan)
    write_labels(folder.scans / "labelsTr" / "a.nii.gz", truth)
    write_labels(folder.labels_of("a"), truth)
    panel.scans.value = folder.scans
    qtbot.waitUntil(lambda: bool(panel.table.cases.rows))
    comparing.click_row(qtbot, panel.table, 0, double=True)
    qtbot.waitUntil(lambda: panel.cases.open is not None and panel.cases.job is None)
    paint(panel.cases.open.labels)
    saving(viewer).save(panel.cases.open.labels)
    qtbot.waitUntil(lambda: bool(row(panel, "a").record.dsc))
    assert row(panel, "a").record.dsc["spleen"][0] == 1
    assert 0.9 < row(panel, "a").dsc < 1
    model = panel.table.cases
    header = [model.headerData(n, Qt.Orientation.Horizontal) for n in range(model.columnCount())]
    told = [model.index(0, header.index(name)).data() for name in ("DSC", "NSD")]
    assert all(words.startswith("1.00 → ") for words in told)
    assert row(panel, "a").record.nsd_tolerance_mm == 1


@pytest.mark.slow
def test_the_tool_is_kept_also_over_a_case_that_is_read_only(first, listed, viewer, at, folder):
    open_panel(viewer, "Correct")
    at_bench = bench(viewer)
    at_bench.choose(ERASER)
    lease = open_case(folder, "b")
    next_case(viewer)
    assert at("b").labels.mode == "pan_zoom"
    assert at_bench.tool is None
    case_before(viewer)
    layer = at("a").labels
    assert at_bench.tool is ERASER
    assert (layer.mode, pointer(viewer).layer) == ("erase", layer)
    at_bench.leave()
    lease.release()
