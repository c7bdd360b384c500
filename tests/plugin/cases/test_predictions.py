"""The panel `Cases` has cases without masks predicted while one works on others."""

from __future__ import annotations

import psutil
import pytest
from small_models import COARSE

from napari_abdoseg.image.nifti.volumes import read_labels, write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.plugin.cases.predictions import WAITS
from napari_abdoseg.plugin.segment.chosen_model import chosen_model
from napari_abdoseg.plugin.widgets.preferences import preferences
from napari_abdoseg.worklist.records.case_record import Status
from napari_abdoseg.worklist.records.work_folder import WorkFolder

SPACING = (20.0, 16.0, 16.0)
PATIENCE_MS = 60_000


@pytest.fixture
def folder(tmp_path):
    """Two phantoms, of which the second has no masks."""
    folder = WorkFolder.of(tmp_path / "cts")
    for place in (folder.scans, folder.masks):
        place.mkdir()
    for seed, name in enumerate("ab"):
        scan, labels = make_phantom(seed, SPACING)
        write_volume(folder.scans / f"{name}.nii.gz", scan)
        if name == "a":
            write_labels(folder.labels_of(name), labels)
    return folder


@pytest.fixture
def panel(viewer, folder, make_model, qtbot, monkeypatch):
    """The panel with the folder's cases, and a small model chosen."""
    model = make_model(folds=(0,), mirror_axes=None, spacing=COARSE)
    for name, value in (("model", str(model)), ("preset", "fast"), ("device", "cpu")):
        monkeypatch.setattr(preferences().segmenting, name, value)
    _, panel = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Cases")
    panel.scans.value = folder.scans
    qtbot.waitUntil(lambda: len(panel.cases.rows) == 2)
    return panel


def background_processes() -> list[psutil.Process]:
    return [each for each in psutil.Process().children() if _predicts(each)]


def _predicts(process: psutil.Process) -> bool:
    try:
        return "napari_abdoseg.worklist.predicting.background_process" in process.cmdline()
    except psutil.NoSuchProcess:  # it has just ended
        return False


def test_cases_without_masks_are_predicted_and_segmenting_goes_first(panel, viewer, folder, qtbot):
    row = panel.predictions
    assert row.box.text() == "Predict 1 case without masks meanwhile, with model"
    row.box.click()
    qtbot.waitUntil(lambda: len(background_processes()) == 1, timeout=PATIENCE_MS)
    chosen_model(viewer).begin()
    assert row.words.text() == WAITS
    qtbot.waitUntil(lambda: not background_processes(), timeout=PATIENCE_MS)
    chosen_model(viewer).rest()
    qtbot.waitUntil(
        lambda: panel.cases.row("b").record.status is Status.PREDICTED, timeout=PATIENCE_MS
    )
    assert read_labels(folder.labels_of("b")).organs
    qtbot.waitUntil(lambda: not row.isVisible() and not background_processes(), timeout=PATIENCE_MS)


def test_it_stops_when_it_is_wanted_no_more_and_tells_why_it_can_not(panel, qtbot, monkeypatch):
    row = panel.predictions
    row.box.click()
    qtbot.waitUntil(lambda: len(background_processes()) == 1, timeout=PATIENCE_MS)
    row.box.click()
    qtbot.waitUntil(lambda: not background_processes(), timeout=PATIENCE_MS)
    monkeypatch.setattr(preferences().segmenting, "model", "/no/such/model")
    row.box.click()
    qtbot.waitUntil(lambda: "/no/such/model" in row.words.text(), timeout=PATIENCE_MS)
    assert not row.box.isChecked()
