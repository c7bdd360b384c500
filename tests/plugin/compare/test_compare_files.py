"""The panel `Compare with labels` on files and folders: cases, corrections, bad input."""

from __future__ import annotations

import comparing
import nibabel as nib
import numpy as np
import pytest
from comparing import LIVER, MEAN, PANCREAS, compare, dsc, errors
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt

from napari_abdoseg.evaluation.cohort import evaluating
from napari_abdoseg.evaluation.tolerance import FLARE21
from napari_abdoseg.image.nifti.volumes import write_labels
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.compare.choice import FILES, FOLDERS
from napari_abdoseg.plugin.compare.widget import CompareWidget
from napari_abdoseg.plugin.compare.work import comparing_files
from napari_abdoseg.progress import drain


@pytest.fixture
def viewer(make_napari_viewer):
    return make_napari_viewer(show=True)


@pytest.fixture
def widget(viewer) -> CompareWidget:
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Compare with labels")
    return widget


@pytest.fixture
def folders(tmp_path, phantom):
    """Predictions, references and scans: ``bad`` and ``good``, and what goes wrong beside them."""
    scan, truth = phantom
    predictions, references, scans = (tmp_path / name for name in ("found", "truth", "scans"))
    for folder in (predictions, references, scans):
        folder.mkdir()
    write_labels(predictions / "bad.nii.gz", comparing.damaged(truth))
    write_labels(predictions / "good.nii.gz", truth)
    for case in ("bad", "good"):
        write_labels(references / f"{case}.nii.gz", truth)
        as_labels = np.clip(scan.data, 0, 200).astype(np.uint8)
        write_labels(scans / f"{case}_0000.nii.gz", LabelMap(as_labels, scan.grid, truth.organs))
    return predictions, references, scans


def choose(widget: CompareWidget, source: str, *paths) -> None:
    """Choose files or folders in the form."""
    widget.choice.source.value = source
    edits = widget.choice.files if source == FILES else widget.choice.folders
    for edit, path in zip(edits, paths):
        edit.value = path


def said() -> str:
    return notification_manager.records[-1].message


def cases(widget: CompareWidget) -> list[tuple[str, str]]:
    """Names of the cases and their mean DSC, from top to bottom."""
    model = widget.cases.table.model()
    return [tuple(model.index(row, i).data() for i in (0, 1)) for row in range(model.rowCount())]


def open_row(widget: CompareWidget, qtbot, row: int) -> None:
    comparing.click_row(qtbot, widget.cases.table, row, double=True)
    qtbot.waitUntil(lambda: widget.job is None, timeout=60_000)


def names(viewer) -> list[str]:
    return [layer.name for layer in viewer.layers]


def test_two_files_are_opened_and_compared(widget, viewer, qtbot, folders):
    choose(widget, FILES, *(folder / "bad.nii.gz" for folder in folders[:2]))
    compare(widget, qtbot)
    assert names(viewer) == ["bad reference", "bad prediction agreement", "bad prediction"]
    assert float(dsc(widget, MEAN)) < 1
    assert ("liver", "false negative") in errors(widget)


def test_a_scan_comes_with_the_files_and_other_layers_are_hidden(widget, viewer, qtbot, folders):
    other = viewer.add_image(np.zeros((4, 5, 6)), units="mm", name="other")
    scan = folders[2] / "bad_0000.nii.gz"
    choose(widget, FILES, *(folder / "bad.nii.gz" for folder in folders[:2]), scan)
    compare(widget, qtbot)
    assert "bad_0000" in names(viewer)
    assert not other.visible


def test_corrections_of_an_opened_file_are_scored(widget, viewer, qtbot, folders, phantom):
    choose(widget, FILES, *(folder / "bad.nii.gz" for folder in folders[:2]))
    compare(widget, qtbot)
    layer, truth = viewer.layers["bad prediction"], phantom[1]
    layer.data_setitem(np.nonzero((truth.data == 1) & (layer.data == 0)), 1)
    qtbot.waitUntil(lambda: dsc(widget, LIVER).startswith("1.0000\n+"))


def test_two_folders_give_a_table_of_cases_the_worst_first(widget, qtbot, folders):
    choose(widget, FOLDERS, *folders)
    compare(widget, qtbot)
    cohort = drain(evaluating(*folders[:2]))
    bad = np.mean([score.dsc for score in cohort.cases[0].scores])
    assert cases(widget) == [("bad", f"{bad:.4f}"), ("good", "1.0000")]
    header = widget.cases.table.header()
    assert header.sortIndicatorOrder() == Qt.SortOrder.AscendingOrder
    widget.cases.table.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert [case for case, _ in cases(widget)] == ["good", "bad"]


def test_a_double_click_opens_a_case_and_then_another_one(widget, viewer, qtbot, folders):
    choose(widget, FOLDERS, *folders)
    compare(widget, qtbot)
    open_row(widget, qtbot, 0)
    assert widget.findings.title.text().startswith("<b>bad</b>")
    assert {"bad_0000", "bad prediction", "bad reference"} <= set(names(viewer))
    assert errors(widget)
    open_row(widget, qtbot, 1)
    assert widget.findings.title.text().startswith("<b>good</b>")
    assert errors(widget) == []
    assert not any(name.startswith("bad") for name in names(viewer))


def test_a_corrected_case_is_kept_when_another_one_is_opened(widget, viewer, qtbot, folders):
    choose(widget, FOLDERS, *folders)
    compare(widget, qtbot)
    open_row(widget, qtbot, 0)
    viewer.layers["bad prediction"].paint((3, 3, 3), 1)
    open_row(widget, qtbot, 1)
    assert not viewer.layers["bad prediction"].visible
    assert "bad prediction was corrected and is kept" in said()


def test_cases_that_can_not_be_compared_are_named(widget, qtbot, folders, phantom):
    predictions, references, _ = folders
    (predictions / "broken.nii.gz").write_bytes(b"no scan")
    write_labels(references / "broken.nii.gz", phantom[1])
    write_labels(references / "without.nii.gz", phantom[1])
    write_labels(predictions / "alone.nii.gz", phantom[1])
    choose(widget, FOLDERS, predictions, references)
    compare(widget, qtbot)
    assert cases(widget)[0] == ("broken", "failed")
    reason = widget.cases.table.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "broken.nii.gz" in reason
    words = widget.cases.heading.text()
    assert "2 cases" in words
    assert "1 failed" in words
    assert "Without prediction: without." in words
    assert "Without reference: alone." in words
    comparing.click_row(qtbot, widget.cases.table, 0, double=True)
    assert widget.job is None


def test_a_case_whose_file_is_gone_is_told(widget, qtbot, folders):
    choose(widget, FOLDERS, *folders)
    compare(widget, qtbot)
    (folders[0] / "bad.nii.gz").unlink()
    open_row(widget, qtbot, 0)
    assert "The files of bad are gone" in said()
    assert widget.cases.isVisibleTo(widget)


def test_a_scan_of_another_grid_is_told(widget, qtbot, folders, write_other_grid):
    choose(widget, FILES, *(f / "bad.nii.gz" for f in folders[:2]), write_other_grid)
    compare(widget, qtbot)
    assert "is not on the grid of" in said()
    assert "choose the CT that the labels are of" in said()


@pytest.fixture
def write_other_grid(tmp_path, phantom):
    """A file whose shape is another one."""
    truth = phantom[1]
    path = tmp_path / "other.nii.gz"
    grid = type(truth.grid).from_spacing((5, 6, 7), (2.0, 2.0, 2.0))
    write_labels(path, LabelMap(np.ones((5, 6, 7), np.uint8), grid, (Organ(1, "liver"),)))
    return path


def test_files_of_other_shapes_are_told(widget, qtbot, folders, write_other_grid):
    choose(widget, FILES, write_other_grid, folders[1] / "bad.nii.gz")
    compare(widget, qtbot)
    assert "other.nii.gz is not on the grid of" in said()
    assert "its shape is" in said()


def test_files_without_a_common_organ_are_told(widget, qtbot, folders, phantom, tmp_path):
    heart = LabelMap((phantom[1].data > 0).astype(np.uint8), phantom[1].grid, (Organ(1, "heart"),))
    write_labels(tmp_path / "heart.nii.gz", heart)
    choose(widget, FILES, tmp_path / "heart.nii.gz", folders[1] / "bad.nii.gz")
    compare(widget, qtbot)
    assert "no organ is in both" in said()


def test_a_file_that_can_not_be_read_is_told(widget, viewer, qtbot, folders):
    (folders[0] / "bad.nii.gz").write_bytes(b"no scan")
    choose(widget, FILES, *(folder / "bad.nii.gz" for folder in folders[:2]))
    compare(widget, qtbot)
    assert "bad.nii.gz" in said()
    assert names(viewer) == []
    assert widget.choice.isEnabled()


def test_nothing_chosen_is_told(widget, qtbot, folders):
    choose(widget, FILES)
    compare(widget, qtbot)
    assert said() == "There is no prediction: choose one."
    choose(widget, FOLDERS, folders[0])
    compare(widget, qtbot)
    assert said() == "There is no reference: choose one."


def test_an_empty_folder_is_told(widget, qtbot, folders, tmp_path):
    (tmp_path / "empty").mkdir()
    choose(widget, FOLDERS, tmp_path / "empty", folders[1])
    compare(widget, qtbot)
    assert "empty" in said()
    assert not widget.cases.isVisibleTo(widget)


def test_a_case_that_is_there_twice_is_told(widget, qtbot, folders, phantom):
    write_labels(folders[0] / "bad_0000.nii.gz", phantom[1])
    choose(widget, FOLDERS, *folders)
    compare(widget, qtbot)
    assert "are both the case 'bad'" in said()


def test_a_folder_in_place_of_a_file_is_told(widget, viewer, qtbot, folders):
    file = folders[0] / "bad.nii.gz"
    for paths in (folders[:2], (file, folders[1]), (file, file, folders[2])):
        choose(widget, FILES, *paths)
        compare(widget, qtbot)
        assert "is a folder: choose a file, or compare two folders." in said()
    assert names(viewer) == []


def test_a_file_in_place_of_a_folder_is_told(widget, qtbot, folders):
    choose(widget, FOLDERS, folders[0] / "bad.nii.gz", folders[1])
    compare(widget, qtbot)
    assert "compare two folders or two files" in said()


def test_what_is_not_there_is_told(widget, qtbot, tmp_path):
    for source in (FILES, FOLDERS):
        choose(widget, source, tmp_path / "no.nii.gz", tmp_path / "nothing")
        compare(widget, qtbot)
        assert str(tmp_path / "no.nii.gz") in said()


@pytest.mark.slow
def test_the_pancreas_of_another_case_is_not_kept(widget, qtbot, folders):
    choose(widget, FOLDERS, *folders)
    compare(widget, qtbot)
    open_row(widget, qtbot, 0)
    comparing.click_row(qtbot, widget.findings.score_table, PANCREAS)
    open_row(widget, qtbot, 1)
    assert widget.findings.heading.text().startswith("<b>Errors of all organs</b> (0)")


def test_what_files_say_of_their_place_is_told(tmp_path, phantom):
    truth = phantom[1]
    for name in ("found.nii", "truth.nii"):
        write_labels(tmp_path / name, truth)
    move_qform(tmp_path / "found.nii")
    work = comparing_files(tmp_path / "found.nii", tmp_path / "truth.nii", None, FLARE21)
    told = [progress.notice for progress in work if progress.notice]
    assert len(told) == 1
    assert told[0].startswith("found.nii: Its qform and sform disagree")


def test_what_files_of_folders_say_of_their_place_is_told(widget, qtbot, folders, phantom):
    predictions, references, _ = folders
    (predictions / "good.nii.gz").unlink()
    write_labels(predictions / "good.nii", phantom[1])
    move_qform(predictions / "good.nii")
    choose(widget, FOLDERS, predictions, references)
    compare(widget, qtbot)
    assert "Notes on 1: point at one to read them." in widget.cases.heading.text()
    model = widget.cases.table.model()
    bad, good = (model.index(row, 0).data(Qt.ItemDataRole.ToolTipRole) for row in (0, 1))
    assert "qform and sform disagree" in good
    assert "qform" not in bad


def move_qform(path) -> None:
    """Let a file's two forms disagree."""
    raw = bytearray(path.read_bytes())
    header = nib.Nifti1Header(bytes(raw[:348]), check=False)
    header["qoffset_x"] += 50
    raw[:348] = header.binaryblock
    path.write_bytes(raw)
