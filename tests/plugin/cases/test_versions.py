"""Versions of a case in the panel `Cases`: which counts, and how any two are compared."""

from __future__ import annotations

import comparing
import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMessageBox

from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.plugin.cases.version_choice import COUNTS, READ_ONLY
from napari_abdoseg.plugin.saving.leaving import NAME, Leaving
from napari_abdoseg.plugin.widgets.panel import open_panel
from napari_abdoseg.worklist.records.case_record import CaseRecord, Version
from napari_abdoseg.worklist.records.changing import open_case
from napari_abdoseg.worklist.records.leases import holder_of
from napari_abdoseg.worklist.records.record_files import read_record, write_record
from napari_abdoseg.worklist.records.work_folder import WorkFolder

SPACING = (16.0, 12.0, 12.0)
SPLEEN = 3
ANNA = Version("versions/a_2.nii.gz", "correction", "anna", "2026-03-03T10:00:00+00:00")
MODEL = Version(".worklist/models/m/a.nii.gz", "prediction", "m", "2026-04-03T10:00:00+00:00")


@pytest.fixture
def folder(tmp_path):
    """Two phantoms, the first of which has a label map of its own and two versions."""
    folder = WorkFolder.of(tmp_path / "cts")
    folder.scans.mkdir()
    scan, labels = make_phantom(0, SPACING)
    for name in "ab":
        write_volume(folder.scans / f"{name}_0000.nii.gz", scan)
    for place in (folder.labels_of("a"), *(folder.masks / each.file for each in (ANNA, MODEL))):
        place.parent.mkdir(parents=True, exist_ok=True)
        write_labels(place, labels)
    write_labels(folder.labels_of("b"), labels)
    folder.records.mkdir(parents=True)
    write_record(folder.record_of("a"), CaseRecord("a", "a_0000.nii.gz", versions=(ANNA, MODEL)))
    return folder


@pytest.fixture
def listed(viewer, folder, qtbot):
    """The panel with the first case selected, and its versions known."""
    _, panel = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Cases")
    panel.scans.value = folder.scans
    qtbot.waitUntil(lambda: len(panel.cases.rows) == 2)
    panel.table.go_to("a")
    qtbot.waitUntil(panel.details.versions.isVisible)
    return panel


@pytest.fixture
def choice(listed):
    return listed.details.versions


@pytest.fixture
def opened(listed, qtbot):
    comparing.click_row(qtbot, listed.table, 0, double=True)
    qtbot.waitUntil(lambda: listed.cases.open is not None and listed.cases.job is None)
    return listed.cases.open


def place_of(choice, version: Version) -> int:
    files = [choice.versions.itemData(n).file for n in range(choice.versions.count())]
    return files.index(version.file)


def choose(choice, version: Version) -> None:
    choice.versions.setCurrentIndex(place_of(choice, version))


def press(qtbot, button) -> None:
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def current(folder) -> str:
    return read_record(folder.record_of("a")).current


def test_versions_are_told_where_there_are_several(listed, choice):
    told = [choice.versions.itemText(place) for place in range(choice.versions.count())]
    assert told[0] == COUNTS.format("a.nii.gz")
    assert "correction by anna, 3 Mar 2026" in told[1]
    assert "prediction by m, 3 Apr 2026" in told[2]
    assert choice.versions.currentIndex() == 0
    assert not choice.use.isEnabled()
    choose(choice, MODEL)
    listed.cases.listed.emit()  # what is chosen stays as the list follows others
    assert choice.chosen == MODEL
    listed.table.go_to("b")
    assert not choice.isVisible()


def test_another_version_counts_once_it_is_used(listed, choice, folder, qtbot):
    choose(choice, ANNA)
    press(qtbot, choice.use)
    qtbot.waitUntil(lambda: choice.versions.currentText().startswith(COUNTS.format("correction")))
    assert current(folder) == ANNA.file
    model = listed.table.cases
    header = [model.headerData(n, Qt.Orientation.Horizontal) for n in range(model.columnCount())]
    told = [model.index(place, header.index("Version")).data() for place in range(2)]
    assert told == ["anna", ""]
    choice.versions.setCurrentIndex(0)  # the label map of the case's own name
    press(qtbot, choice.use)
    qtbot.waitUntil(lambda: current(folder) == "")


def test_a_version_that_is_gone_does_not_count(listed, choice, folder, qtbot):
    (folder.masks / ANNA.file).unlink()
    choose(choice, ANNA)
    with qtbot.waitSignal(listed.cases.changes.made):
        press(qtbot, choice.use)
    assert current(folder) == ""


def test_a_case_that_somebody_else_has_open_is_left_alone(listed, choice, folder, qtbot):
    lease = open_case(folder, "a")
    listed.cases.watch.look()
    qtbot.waitUntil(lambda: listed.cases.row("a").holder is not None)
    choose(choice, ANNA)
    assert not choice.use.isEnabled()
    assert choice.use.toolTip() == READ_ONLY
    lease.release()


@pytest.mark.slow
def test_the_case_that_is_open_is_saved_and_opened_with_the_version(
    listed, choice, opened, viewer, names, folder, qtbot
):
    opened.scan.contrast_limits = (-90, 110)
    opened.labels.selected_label = SPLEEN
    opened.labels.data_setitem(tuple(np.array([[1], [1], [1]])), SPLEEN)
    choose(choice, ANNA)
    press(qtbot, choice.use)
    leaving = viewer.window._qt_window.findChild(Leaving, NAME)
    qtbot.waitUntil(lambda: leaving.question is not None)
    save = leaving.question.button(QMessageBox.StandardButton.Save)
    qtbot.mouseClick(save, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: listed.cases.open is not opened and listed.cases.job is None)
    now = listed.cases.open
    assert now.labels.metadata["path"] == folder.masks / ANNA.file
    assert (now.labels.data[1, 1, 1], now.labels.selected_label) == (0, SPLEEN)
    assert tuple(now.scan.contrast_limits) == (-90, 110)
    assert names() == ["a_0000", "a"]
    assert current(folder) == ANNA.file
    assert now.claim.lease.is_held
    viewer.layers.clear()
    qtbot.waitUntil(lambda: holder_of(folder.session_of("a")) is None)


def test_a_version_that_cannot_be_read_leaves_the_open_case_as_it_is(
    listed, choice, opened, folder, qtbot
):
    (folder.masks / ANNA.file).write_bytes(b"no label map")
    choose(choice, ANNA)
    press(qtbot, choice.use)
    qtbot.waitUntil(lambda: listed.cases.job is None)
    assert listed.cases.open is opened
    assert opened.claim.lease.is_held
    assert current(folder) == ""


def compare(choice, version: Version, other: Version) -> None:
    """Compare one version with another one, chosen from the menu."""
    choose(choice, version)
    words = f"with {choice.versions.itemText(place_of(choice, other))}"
    next(each for each in choice.others.actions() if each.text() == words).trigger()


def paths(viewer) -> list:
    """The files of what the panel Compare compares."""
    chosen = open_panel(viewer, "Compare with labels").choice.layers()
    return [layer.metadata["path"] for layer in chosen]


@pytest.mark.slow
def test_any_two_versions_of_the_open_case_are_compared(
    listed, choice, opened, viewer, names, folder, qtbot
):
    own = Version("a.nii.gz", "prediction")
    for pair in ((ANNA, own), (MODEL, ANNA), (own, MODEL)):  # the last ones are open by then
        with qtbot.waitSignal(listed.comparing.opened):
            compare(choice, *pair)
        qtbot.waitUntil(lambda: listed.comparing.job is None)
        assert paths(viewer) == [folder.masks / each.file for each in pair]
    assert names() == ["a_0000", "a", "a by anna", "a by m"]
    assert listed.cases.open is opened
    listed.cases.leave()
    assert not names()


@pytest.mark.slow
def test_versions_of_a_case_that_is_not_open_are_compared_in_it(
    listed, choice, viewer, names, folder, qtbot
):
    comparing.click_row(qtbot, listed.table, 1, double=True)
    qtbot.waitUntil(lambda: listed.cases.open is not None and listed.cases.job is None)
    listed.table.go_to("a")
    qtbot.waitUntil(choice.isVisible)
    with qtbot.waitSignal(listed.comparing.opened):
        compare(choice, ANNA, MODEL)
    assert paths(viewer) == [folder.masks / each.file for each in (ANNA, MODEL)]
    assert names() == ["a_0000", "a", "a by anna", "a by m"]
    assert listed.cases.open.claim.lease is not None


def test_of_two_versions_one_is_compared_with_the_other_at_once(
    listed, choice, viewer, folder, qtbot
):
    write_record(folder.record_of("a"), CaseRecord("a", versions=(ANNA,), revision=1))
    listed.cases.watch.look()
    qtbot.waitUntil(lambda: choice.versions.count() == 2)
    assert choice.compare.menu() is None
    with qtbot.waitSignal(listed.comparing.opened):
        press(qtbot, choice.compare)
    assert paths(viewer) == [folder.labels_of("a"), folder.masks / ANNA.file]
