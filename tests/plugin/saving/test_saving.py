"""Saving label maps from the window, and what is asked before they are lost."""

from __future__ import annotations

import json
from pathlib import Path

import napari
import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QCoreApplication, QEvent, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog, QMessageBox
from some_logits import kept_of

from napari_abdoseg.batch.case_logits import logits_of_case
from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume, write_labels, write_volume
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.logits.file import LogitsFileError, logits_path, write_logits
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer, volume_of
from napari_abdoseg.plugin.organs.widget import OrgansWidget
from napari_abdoseg.plugin.saving import label_maps as saving_module
from napari_abdoseg.plugin.saving.claim_of import CLAIM
from napari_abdoseg.plugin.saving.label_maps import saving
from napari_abdoseg.plugin.saving.leaving import Leaving, guard_unsaved, leave_saved
from napari_abdoseg.plugin.saving.logits_beside import KEY, UnsavedLogits, logits_beside
from napari_abdoseg.plugin.saving.row import SaveRow
from napari_abdoseg.plugin.saving.scan_of import scan_path
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.segment.result import show_result
from napari_abdoseg.plugin.writer import write_labels_layer
from napari_abdoseg.worklist.opening.claims import Claim
from napari_abdoseg.worklist.records.work_folder import HIDDEN, WorkFolder
from napari_abdoseg.worklist.versions.uncorrected import uncorrected_of

Button = QMessageBox.StandardButton


@pytest.fixture
def labels(phantom) -> LabelMap:
    _, truth = phantom
    return LabelMap(truth.data.copy(), truth.grid, truth.organs)


@pytest.fixture
def case(phantom, labels, tmp_path) -> Path:
    """The file of a label map beside its CT."""
    write_volume(tmp_path / "ct_0000.nii.gz", phantom[0])
    write_labels(tmp_path / "truth.nii.gz", labels)
    return tmp_path / "truth.nii.gz"


@pytest.fixture
def model(case, qtbot):
    """A viewer without a window that shows a CT and its label map."""
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*image_layer(read_volume(case.with_name("ct_0000.nii.gz")))))
    viewer.add_layer(Layer.create(*labels_layer(read_labels(case))))
    guard_unsaved(viewer)
    yield viewer
    viewer.layers.clear()
    qtbot.wait(1)


def _save(viewer: ViewerModel, layer: Labels, qtbot) -> str:
    with qtbot.waitSignal(saving(viewer).ended) as ended:
        saving(viewer).save(layer)
    return ended.args[1]


def test_undo_back_to_what_is_saved_and_redo(model, qtbot):
    layer, unsaved = model.layers["truth"], unsaved_labels(model)
    assert unsaved.layers == []
    layer.paint((20, 30, 30), 3)
    assert unsaved.layers == [layer]
    assert _save(model, layer, qtbot) == ""
    assert unsaved.layers == []
    layer.undo()
    assert unsaved.layers == [layer]
    layer.redo()
    assert unsaved.layers == []
    layer.undo()
    layer.paint((22, 30, 30), 2)
    assert unsaved.layers == [layer]


def test_more_strokes_than_can_be_undone(model):
    layer, unsaved = model.layers["truth"], unsaved_labels(model)
    for stroke in range(layer._history_limit + 1):
        layer.data_setitem((np.array([0]), np.array([0]), np.array([0])), 1 + stroke % 4)
    for _ in range(layer._history_limit):
        layer.undo()
    assert unsaved.layers == [layer]


def test_a_change_without_undo_is_not_taken_for_what_is_saved(model):
    layer, unsaved = model.layers["truth"], unsaved_labels(model)
    layer.data = np.zeros_like(layer.data)
    assert unsaved.layers == [layer]


def test_a_file_is_saved_to_itself_with_a_backup(model, case, qtbot):
    layer = model.layers["truth"]
    before = case.read_bytes()
    layer.data_setitem((np.array([0]), np.array([0]), np.array([0])), 4)
    assert _save(model, layer, qtbot) == ""
    assert case.with_name("truth.nii.gz.bak").read_bytes() == before
    assert read_labels(case).data[0, 0, 0] == 4


def test_in_a_work_list_the_label_map_from_before_is_kept_at_the_first_save(model, case, qtbot):
    (case.parent / HIDDEN).mkdir()
    layer, before = model.layers["truth"], case.read_bytes()
    for value in (4, 3):
        layer.data_setitem((np.array([0]), np.array([0]), np.array([0])), value)
        assert _save(model, layer, qtbot) == ""
    kept = uncorrected_of(WorkFolder(case.parent / "scans", case.parent), case)
    assert kept.read_bytes() == before


def test_strokes_meanwhile_are_not_half_in(model, case, qtbot):
    layer = model.layers["truth"]
    layer.data_setitem((np.array([0]), np.array([0]), np.array([0])), 4)
    saved = layer.data.copy()
    with qtbot.waitSignal(saving(model).ended):
        saving(model).save(layer)
        layer.data_setitem(np.nonzero(layer.data == 1), 0)
    assert np.array_equal(read_labels(case).data, saved)
    assert unsaved_labels(model).layers == [layer]


def test_what_is_asked_for_while_it_is_saved_is_saved_after(model, case, qtbot):
    layer = model.layers["truth"]
    with qtbot.waitSignal(saving(model).ended):
        saving(model).save(layer)
        layer.data_setitem((np.array([0]), np.array([0]), np.array([0])), 4)
        saving(model).save(layer)
    assert read_labels(case).data[0, 0, 0] == 4
    assert unsaved_labels(model).layers == []


def test_what_is_asked_for_while_a_save_begins_is_saved_after(model, case, qtbot, monkeypatch):
    """A job's bar lets napari handle events, such as the keys that are pressed meanwhile."""
    layer, job, begun = model.layers["truth"], saving_module.Job, []

    def pressed_again(*arguments):
        if not begun:
            begun.append(True)
            layer.data_setitem((np.array([0]), np.array([0]), np.array([0])), 4)
            saving(model).save(layer)
        return job(*arguments)

    monkeypatch.setattr(saving_module, "Job", pressed_again)
    with qtbot.waitSignal(saving(model).ended):
        saving(model).save(layer)
    assert read_labels(case).data[0, 0, 0] == 4
    assert unsaved_labels(model).layers == []


def test_a_failure_is_told_and_nothing_is_lost(model, case, qtbot, monkeypatch):
    def fail(path: Path, *_: object, **__: object) -> None:
        raise SaveError(f"{path} was not saved: the disk is full.")

    monkeypatch.setattr(saving_module, "write_labels", fail)
    layer, before = model.layers["truth"], case.read_bytes()
    layer.paint((20, 30, 30), 3)
    panel = OrgansWidget(model)
    qtbot.addWidget(panel)
    assert "disk is full" in _save(model, layer, qtbot)
    assert "disk is full" in panel.save.words.text()
    assert unsaved_labels(model).layers == [layer]
    assert case.read_bytes() == before


def test_a_place_that_is_not_chosen_is_told(qtbot, labels, monkeypatch):
    asked: list[str] = []

    def cancel(window, title, proposed, filter):
        asked.append(proposed)
        return "", ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", cancel)
    viewer = ViewerModel()
    layer = viewer.add_layer(Layer.create(*labels_layer(labels, "mine: 1/2")))
    assert saving(viewer).place(layer) is None
    with qtbot.waitSignal(saving(viewer).ended) as ended:
        saving(viewer).save(layer)
    assert ended.args == [layer, saving_module.NOT_CHOSEN]
    assert asked == ["mine_ 1_2.nii.gz"]


def test_what_is_no_label_map_is_told(model, case, qtbot):
    flat = model.add_labels(np.zeros((4, 4), np.uint8), name="flat")
    with qtbot.waitSignal(saving(model).ended) as ended:
        saving(model).save_in(flat, case.with_name("flat.nii.gz"))
    assert ended.args[0] is flat
    assert "flat" in ended.args[1]
    assert not case.with_name("flat.nii.gz").exists()


def test_its_ct_is_found_among_other_pictures(model, case):
    model.add_image(np.zeros((4, 4)), name="flat")
    model.layers.move(model.layers.index("flat"), 0)
    layer = model.layers["truth"]
    assert scan_path(model, layer) == case.with_name("ct_0000.nii.gz")
    layer.metadata.pop("grid")
    assert scan_path(model, layer) is None


def test_the_panel_says_where_and_whether(model, case, qtbot):
    panel = OrgansWidget(model)
    qtbot.addWidget(panel)
    row, layer = panel.save, model.layers["truth"]
    assert (row.button.text(), row.words.text()) == ("Save", "Saved in")
    assert row.path.text() == str(case)
    layer.paint((20, 30, 30), 3)
    assert row.button.text() == "• Save"
    assert row.words.text().startswith("Not saved yet")
    with qtbot.waitSignal(saving(model).ended):
        row.button.click()
    assert (row.button.text(), row.words.text()) == ("Save", "Saved in")


def test_the_writer_adds_a_missing_suffix(model, tmp_path):
    data, attributes, _ = model.layers["truth"].as_layer_data_tuple()
    (path,) = write_labels_layer(str(tmp_path / "mine"), data, attributes)
    assert path == str(tmp_path / "mine.nii.gz")
    assert np.array_equal(read_labels(path).data, data)


def test_logits_of_a_result_are_written_beside_it_when_that_is_asked_for(model, case, qtbot):
    layer, scan = model.layers["truth"], volume_of(model.layers["ct_0000"])
    row = SaveRow(model)
    row.follow(layer)
    assert row.with_logits.isHidden()
    layer.metadata["origin"] = {"name": "demo"}
    layer.metadata[KEY] = UnsavedLogits(kept_of((4, 5, 6)), scan, lambda: "a" * 64)
    row.follow(layer)
    assert not row.with_logits.isHidden()
    assert _save(model, layer, qtbot) == ""
    path = logits_path(case)
    assert not path.exists()
    row.with_logits.setChecked(True)
    assert _save(model, layer, qtbot) == ""
    volume = read_volume(case.with_name("ct_0000.nii.gz"))
    assert logits_of_case(case, volume).shape == (4, 5, 6)
    assert logits_beside(layer, scan).shape == (4, 5, 6)
    written = path.stat().st_mtime_ns
    row.with_logits.setChecked(False)
    layer.paint((20, 30, 30), 3)
    assert _save(model, layer, qtbot) == ""
    assert path.stat().st_mtime_ns == written
    assert logits_of_case(case, volume) is not None  # of a corrected label map they are, too
    layer.metadata[KEY] = UnsavedLogits(kept_of(), scan, lambda: "b" * 64)
    assert _save(model, layer, qtbot) == ""
    with pytest.raises(LogitsFileError, match="another model"):
        logits_beside(layer, scan)


def test_logits_of_a_case_of_a_work_list_are_those_beside_its_own_label_map(model, case, qtbot):
    layer, scan = model.layers["truth"], read_volume(case.with_name("ct_0000.nii.gz"))
    assert logits_beside(layer, scan) is None
    folder = WorkFolder.of(case.parent)
    folder.masks.mkdir()
    write_logits(logits_path(folder.labels_of("ct")), kept_of((4, 5, 6)), scan, "a" * 64)
    assert logits_beside(layer, scan) is None
    layer.metadata[CLAIM] = Claim(folder, "ct", None)
    assert logits_beside(layer, scan).shape == (4, 5, 6)
    case.with_name("truth.json").write_text(json.dumps({"models": [{"sha256": "b" * 64}]}))
    with pytest.raises(LogitsFileError, match="another model"):
        logits_beside(layer, scan)
    del layer.metadata[CLAIM], layer.metadata["path"]
    assert logits_beside(layer, scan) is None


def test_a_label_map_is_saved_though_its_logits_can_not_be(model, case, qtbot, monkeypatch):
    layer, scan = model.layers["truth"], volume_of(model.layers["ct_0000"])
    logits = UnsavedLogits(kept_of((4, 5, 6)), scan, lambda: "a" * 64, are_wanted=True)
    layer.metadata[KEY] = logits
    monkeypatch.setattr("napari_abdoseg.logits.file.LARGEST", 100)
    notification_manager.records.clear()
    assert _save(model, layer, qtbot) == ""
    assert any("The logits are not kept" in note.message for note in notification_manager.records)
    assert not logits_path(case).exists()


@pytest.fixture
def window_of_module(window_of_test):
    """Each test has a window of its own, which it may close."""
    return window_of_test


@pytest.fixture
def viewer(make_napari_viewer, case) -> napari.Viewer:
    viewer = make_napari_viewer(show=True)
    viewer.add_layer(Layer.create(*image_layer(read_volume(case.with_name("ct_0000.nii.gz")))))
    return viewer


@pytest.fixture
def layer(viewer, labels, qtbot) -> Labels:
    """A new result, which no file holds."""
    return show_result(viewer, viewer.layers["ct_0000"], labels).layer


def _press_save(window, qtbot) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)


def _question(window, qtbot) -> QMessageBox:
    leaving = window.findChild(Leaving)
    qtbot.waitUntil(lambda: leaving.question is not None and leaving.question.isVisible())
    return leaving.question


def _answer(window, button, qtbot) -> None:
    QTest.mouseClick(_question(window, qtbot).button(button), Qt.MouseButton.LeftButton)


def test_ctrl_s_saves_a_result_beside_its_ct(viewer, layer, case, qtbot):
    window = viewer.window.main_menu.window()
    with qtbot.waitSignal(saving(viewer).ended):
        _press_save(window, qtbot)
    path = case.with_name("ct_organs.nii.gz")
    assert np.array_equal(read_labels(path).data, layer.data)
    assert layer.metadata["path"] == path
    assert read_volume(case.with_name("ct_0000.nii.gz")).data.dtype == np.int16


@pytest.mark.parametrize(
    ("name", "kind", "saved"),
    [
        ("mine", "NIfTI (*.nii.gz *.nii)", "mine.nii.gz"),
        ("mine", "3D Slicer segmentation (*.seg.nrrd)", "mine.seg.nrrd"),
        ("mine.mha", "NIfTI (*.nii.gz *.nii)", "mine.mha"),
        ("ct_organs.nii.gz", "NRRD (*.nrrd)", "ct_organs.nrrd"),
    ],
)
def test_the_menu_proposes_nifti_and_adds_the_suffix_that_was_chosen(
    viewer, layer, case, qtbot, monkeypatch, name, kind, saved
):
    asked: list[str] = []

    def choose(parent, title, proposed, kinds):
        asked.append(proposed)
        assert kinds.startswith("NIfTI (*.nii.gz *.nii);;")
        assert kind in kinds.split(";;")
        return str(case.with_name(name)), kind

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    entries = viewer.window.file_menu.actions()
    entry = next(each for each in entries if each.text() == "Save Selected Layers...")
    with qtbot.waitSignal(saving(viewer).ended):
        entry.trigger()
    assert asked == [str(case.with_name("ct_organs.nii.gz"))]
    assert np.array_equal(read_labels(case.with_name(saved)).data, layer.data)


def test_other_layers_are_left_to_napari(viewer, layer, qtbot, monkeypatch):
    window = viewer.window.main_menu.window()
    asked: list[str] = []

    def choose(self, parent, title, proposed, **_):
        asked.append(title)
        return "", ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    viewer.layers.selection = {viewer.layers["ct_0000"]}
    _press_save(window, qtbot)
    assert asked == ["Save selected layers"]


def test_the_list_of_layers_marks_what_is_not_saved(viewer, layer, qtbot):
    window = viewer.window.main_menu.window()
    from napari._qt.containers import QtLayerList
    from qtpy.QtWidgets import QStyleOptionViewItem

    view = window.findChild(QtLayerList)

    def texts() -> list[str]:
        shown = []
        for row in range(view.model().rowCount()):
            option = QStyleOptionViewItem()
            view.itemDelegate().initStyleOption(option, view.model().index(row, 0))
            shown.append(option.text)
        return shown

    assert "• ct_0000 organs" in texts()
    assert "ct_0000" in texts()
    _save(viewer, layer, qtbot)
    assert "ct_0000 organs" in texts()


def test_closing_asks_and_cancel_keeps_the_window(viewer, layer, qtbot):
    window = viewer.window.main_menu.window()
    assert not window.close()
    QTest.keyClick(_question(window, qtbot), Qt.Key.Key_Escape)
    assert window.isVisible()
    assert layer in viewer.layers


def test_closing_saves_and_closes(viewer, layer, case, qtbot):
    window = viewer.window.main_menu.window()
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # to look at it after
    window.close()
    _answer(window, Button.Save, qtbot)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert case.with_name("ct_organs.nii.gz").exists()


def test_closing_stays_if_it_can_not_be_saved(viewer, layer, case, qtbot, monkeypatch):
    window = viewer.window.main_menu.window()

    def fail(path: Path, *_: object, **__: object) -> None:
        raise SaveError(f"{path} was not saved.")

    monkeypatch.setattr(saving_module, "write_labels", fail)
    window.close()
    with qtbot.waitSignal(saving(viewer).ended):
        _answer(window, Button.Save, qtbot)
    qtbot.wait(50)
    assert window.isVisible()
    assert "was not saved" in notification_manager.records[-1].message


def test_closing_without_saving(viewer, layer, case, qtbot):
    window = viewer.window.main_menu.window()
    window.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)  # to look at it after
    window.close()
    _answer(window, Button.Discard, qtbot)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert not case.with_name("ct_organs.nii.gz").exists()


def test_the_delete_key_asks_first(viewer, layer, qtbot):
    window = viewer.window.main_menu.window()
    view = viewer.window._qt_viewer.layers
    QTest.keyClick(view, Qt.Key.Key_Delete)
    QTest.keyClick(_question(window, qtbot), Qt.Key.Key_Escape)
    assert layer in viewer.layers
    QTest.keyClick(view, Qt.Key.Key_Delete)
    _answer(window, Button.Discard, qtbot)
    assert layer not in viewer.layers
    assert window.findChild(Leaving).question is None


def test_a_question_outlives_what_its_button_does(viewer, layer, qtbot):
    window = viewer.window.main_menu.window()
    seen = []

    def leave() -> None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        seen.append(question.text())

    leave_saved(viewer, [layer], leave)
    question = _question(window, qtbot)
    question.button(Button.Discard).click()
    assert seen


def test_what_is_saved_is_deleted_without_a_question(viewer, layer, qtbot):
    _save(viewer, layer, qtbot)
    viewer.layers.selection = {layer}
    QTest.keyClick(viewer.window._qt_viewer.layers, Qt.Key.Key_Delete)
    assert layer not in viewer.layers


def test_what_code_removes_can_still_be_saved(viewer, layer, case, qtbot):
    window = viewer.window.main_menu.window()
    viewer.layers.clear()
    assert layer not in viewer.layers
    with qtbot.waitSignal(saving(viewer).ended):
        _answer(window, Button.Save, qtbot)
    assert np.array_equal(read_labels(case.with_name("ct_organs.nii.gz")).data, layer.data)


def test_code_that_closes_the_viewer_is_not_asked(viewer, layer, qtbot):
    viewer.close()
    assert viewer not in napari.Viewer._instances
