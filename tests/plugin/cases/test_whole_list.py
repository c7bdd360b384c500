"""What the panel `Cases` makes of all cases: a data set, tables with pages, cases to look at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtGui import QDesktopServices
from qtpy.QtWidgets import QFileDialog

from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.plugin.cases.new_model_question import NewModelQuestion
from napari_abdoseg.plugin.cases.people_question import PeopleQuestion
from napari_abdoseg.plugin.cases.whole_list_row import NONE_DONE
from napari_abdoseg.plugin.segment.model_choice import MORE
from napari_abdoseg.plugin.widgets.panel import open_panel
from napari_abdoseg.worklist.records.case_record import CaseRecord, Status, Version
from napari_abdoseg.worklist.records.record_files import read_record, write_record
from napari_abdoseg.worklist.records.work_folder import WorkFolder

SPACING = (16.0, 12.0, 12.0)
NAMES = "abc"
LIVER = 1


def cut(labels, planes):
    """Without the first planes of the liver."""
    data = labels.data.copy()
    first = np.flatnonzero((data == LIVER).any(axis=(1, 2)))[:planes]
    data[first] = np.where(data[first] == LIVER, 0, data[first])
    return replace(labels, data=data)


@pytest.fixture
def folder(tmp_path):
    """Three cases that are done; ben has drawn less and less of the liver, and so says a model."""
    folder = WorkFolder.of(tmp_path / "cts")
    folder.scans.mkdir()
    folder.records.mkdir(parents=True)
    people = tuple(Version(f"{who}/{{}}.nii.gz", "correction", who) for who in ("anna", "ben"))
    for seed, name in enumerate(NAMES):
        scan, labels = make_phantom(seed, SPACING)
        write_volume(folder.scans / f"{name}_0000.nii.gz", scan)
        versions = [replace(each, file=each.file.format(name)) for each in people]
        places = [folder.labels_of(name), *(folder.masks / each.file for each in versions)]
        for place in (*places, tmp_path / "new" / f"{name}.nii.gz"):
            place.parent.mkdir(parents=True, exist_ok=True)
            write_labels(place, labels if place in places[:2] else cut(labels, seed))
        record = CaseRecord(name, status=Status.DONE, versions=tuple(versions))
        write_record(folder.record_of(name), record)
    return folder


@pytest.fixture
def listed(viewer, folder, qtbot):
    _, panel = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Cases")
    panel.scans.value = folder.scans
    qtbot.waitUntil(lambda: len(panel.cases.rows) == len(NAMES))
    return panel


@pytest.fixture
def row(listed):
    return listed.whole


def end(row, qtbot) -> str:
    """What came of the work."""
    assert not row.effort.isEnabled()
    qtbot.waitUntil(lambda: row.work.job is None)
    return row.words.text()


def choose(monkeypatch, path) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: (str(path), ""))


def press(qtbot, button) -> None:
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.mark.slow
def test_cases_that_are_done_become_a_data_set(row, qtbot, tmp_path, monkeypatch):
    target = tmp_path / "Dataset018_Corrected"
    choose(monkeypatch, target)
    row.export.trigger()
    assert "3 cases" in end(row, qtbot)
    assert {path.name[0] for path in (target / "labelsTr").iterdir()} == set(NAMES)
    assert not row.look.isVisible()


def test_the_work_on_cases_is_written_and_its_page_can_be_looked_at(
    row, qtbot, tmp_path, monkeypatch
):
    seen = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: seen.append(url.toLocalFile()))
    choose(monkeypatch, tmp_path / "effort.csv")
    row.effort.trigger()
    assert "0 corrected cases" in end(row, qtbot)
    press(qtbot, row.look)
    assert seen == [str(tmp_path / "effort.html")]
    assert (tmp_path / "effort.csv").is_file()
    press(qtbot, row.close_words)
    assert not row.isVisible()


def test_what_can_not_be_written_is_said_in_the_panel(row, qtbot, tmp_path, monkeypatch):
    choose(monkeypatch, tmp_path / "effort.html")
    row.effort.trigger()
    assert "name a .csv file" in end(row, qtbot)
    assert not row.look.isVisible()


@pytest.mark.slow
@pytest.mark.parametrize("in_folders", [False, True])
def test_people_are_compared_by_versions_or_in_folders(
    row, listed, folder, qtbot, tmp_path, monkeypatch, in_folders
):
    row.raters.trigger()
    question = listed.findChild(PeopleQuestion)
    output = tmp_path / "cts" / ".." / "who"
    question.output.line_edit.value = str(output)
    if in_folders:
        question.in_folders.setChecked(True)
        assert not question.compare.isEnabled()  # one person alone
        ben = str(folder.masks / "ben")
        monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: ben)
        press(qtbot, question.add)
        press(qtbot, question.add)
        question.folders.setCurrentRow(2)
        press(qtbot, question.remove)
    press(qtbot, question.compare)
    assert end(row, qtbot).startswith("3 cases drawn by several people")
    table = (output / "agreement.csv").read_text()
    assert ("liver,anna,ben,3" in table) is not in_folders
    assert ("ben,cts_masks,3" in table) is in_folders
    assert row.look.isVisible()


def test_cases_that_a_model_would_change_most_become_the_list(row, listed, folder, qtbot, tmp_path):
    listed.cases.go_to(listed.cases.row("c"))  # it is open here, and flagged all the same
    qtbot.waitUntil(lambda: listed.cases.open is not None and listed.cases.job is None)
    row.changed_by.trigger()
    question = listed.findChild(NewModelQuestion)
    question.predictions.line_edit.value = str(tmp_path / "new")
    question.percent.setValue(50)
    press(qtbot, question.compare)
    assert "2 of 3 cases to look at again, flagged changed-by-demo: c, b." in end(row, qtbot)
    qtbot.waitUntil(lambda: [each.name for each in listed.cases.shown] == ["b", "c"])
    record = read_record(folder.record_of("c"))
    assert (record.status, record.current) == (Status.DONE, "")
    assert record.versions[-1].by == "demo"
    assert listed.filters.flag.currentText() == "changed-by-demo"


def test_who_looks_for_more_models_is_led_to_them(row, listed, viewer, qtbot):
    row.changed_by.trigger()
    question = listed.findChild(NewModelQuestion)
    question.model.name.value = MORE
    assert not question.isVisible()
    assert open_panel(viewer, "Models").isVisible()
    assert row.work.job is None


def test_a_model_that_predicts_is_cancelled_and_nothing_is_flagged(row, listed, folder, qtbot):
    row.changed_by.trigger()
    press(qtbot, listed.findChild(NewModelQuestion).compare)
    press(qtbot, row.cancel)
    assert end(row, qtbot) == "Cancelled."
    assert not row.cancel.isVisible()
    assert not any(read_record(folder.record_of(name)).flags for name in NAMES)


@pytest.mark.slow
def test_what_is_being_made_goes_on_when_the_panel_is_closed(
    row, listed, viewer, qtbot, tmp_path, monkeypatch
):
    choose(monkeypatch, tmp_path / "Dataset018_Corrected")
    row.export.trigger()
    work = row.work
    viewer.window.remove_dock_widget(listed)
    qtbot.waitUntil(lambda: work.job is None)
    assert "3 cases" in work.words
    panel = open_panel(viewer, "Cases")
    assert panel.whole.words.text() == work.words


def test_what_needs_cases_that_are_done_says_so(row, listed, folder, qtbot):
    for name in NAMES:
        write_record(folder.record_of(name), CaseRecord(name, revision=1))
    listed.cases.watch.look()
    qtbot.waitUntil(lambda: not listed.cases.done)
    assert not row.export.isEnabled()
    assert row.changed_by.toolTip() == NONE_DONE
    assert row.raters.isEnabled()
