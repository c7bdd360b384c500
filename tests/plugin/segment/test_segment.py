"""The dock widget `Segment organs` in a real viewer, with real networks."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import torch
from napari.layers import Labels, Shapes
from napari.utils.progress import progress as activities
from qtpy.QtCore import QObject, Qt, Signal
from segmenting import PATIENCE, press, said, wait_for_end, wait_for_segmenting
from small_models import COARSE

from napari_abdoseg.errors import DeviceError
from napari_abdoseg.image.nifti.volumes import read_labels, write_volume
from napari_abdoseg.inference.balanced import early_stopping
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.network.network import Network
from napari_abdoseg.inference.preset import PRESETS
from napari_abdoseg.inference.segmentation import segment
from napari_abdoseg.plugin.four_panel.view import four_panel_view
from napari_abdoseg.plugin.layers.conversion import label_map_of
from napari_abdoseg.plugin.layers.kept_logits import logits_of
from napari_abdoseg.plugin.segment.choice import FOLDER
from napari_abdoseg.plugin.segment.preflight_line import PreflightLine
from napari_abdoseg.plugin.segment.widget import SegmentWidget

PREVIEW = "CT organs (preview, 1 of 2 folds)"


@pytest.fixture
def widget(viewer, make_model) -> SegmentWidget:
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Segment organs")
    widget.choice.model.choose(make_model(mirror_axes=(2,), spacing=COARSE))
    return widget


@pytest.fixture
def slow_passes(monkeypatch, widget, make_model):
    """Few passes that take their time, so that there is some after the first fold too."""

    run = Network.run

    def run_slowly(*arguments):
        time.sleep(0.03)
        return run(*arguments)

    widget.choice.model.choose(make_model(mirror_axes=(2,), patch=(32, 32, 32), name="slow"))
    monkeypatch.setattr(Network, "run", run_slowly)


def wait_for_preview(viewer, widget: SegmentWidget, qtbot) -> Labels:
    press(widget)
    qtbot.waitUntil(lambda: PREVIEW in viewer.layers, timeout=PATIENCE)
    return viewer.layers[PREVIEW]


@pytest.fixture
def no_preflight(monkeypatch):
    """Nothing is loaded before a run."""
    monkeypatch.setattr(PreflightLine, "foretell_soon", lambda *_: None)


@pytest.mark.slow
def test_a_run_tells_which_device_it_takes(no_preflight, viewer, widget, qtbot):
    press(widget)
    wait_for_end(widget, qtbot)
    assert "Running on" in said()


def test_a_run_shows_masks_boxes_and_organs(viewer, widget, qtbot, phantom):
    press(widget)
    assert widget.button.text == "Cancel"
    assert not widget.choice.isEnabled()
    wait_for_segmenting(widget, qtbot)
    assert "%" in widget.status.text()
    assert any("Segment CT: Segmenting, " in bar.desc for bar in activities._all_instances)
    wait_for_end(widget, qtbot)

    layer = viewer.layers["CT organs"]
    expected = segment(phantom[0], load_ensemble(widget.choice.model.model.folder))
    assert isinstance(layer, Labels)
    assert np.array_equal(layer.data, expected.data)
    assert layer.metadata["grid"] is phantom[0].grid
    assert logits_of(layer).contested.folds == 2
    found = [organ.name for organ in expected.organs if (expected.data == organ.value).any()]
    boxes = [f"{name} box" for name in found]
    qtbot.waitUntil(lambda: all(name in viewer.layers for name in boxes), timeout=PATIENCE)
    assert all(isinstance(viewer.layers[name], Shapes) for name in boxes)
    assert widget.button.text == "Segment"
    assert widget.status.text().startswith("Done.")
    assert not activities._all_instances


def test_a_second_run_takes_other_settings(viewer, widget, qtbot, phantom):
    widget.choice.model.folds[0].value = False
    widget.choice.preset.value = "fast"
    press(widget)
    wait_for_end(widget, qtbot)
    expected = segment(phantom[0], load_ensemble(widget.choice.model.model.folder, [1]), "fast")
    assert np.array_equal(viewer.layers["CT organs"].data, expected.data)
    viewer.layers.remove("CT organs")
    assert widget.status.text() == ""


def ticked(widget: SegmentWidget) -> list[str]:
    return [box.text for box in widget.choice.model.folds if box.value]


def test_fast_shows_the_one_fold_that_works(widget):
    folder = widget.choice.model.model.folder
    widget.choice.preset.value = "fast"
    assert ticked(widget) == ["0"]
    assert not any(box.enabled for box in widget.choice.model.folds)
    widget.choice.model.choose("demo")
    assert ticked(widget) == ["0"]
    widget.choice.preset.value = "balanced"
    assert ticked(widget) == widget.choice.model.chosen_folds == ["0", "1", "2", "3", "4"]
    widget.choice.model.choose(folder)
    widget.choice.preset.value = "fast"
    assert ticked(widget) == ["0"]
    assert widget.choice.model.chosen_folds == [
        "0",
        "1",
    ]  # so that another preset loads nothing anew
    widget.choice.preset.value = "exact"
    widget.choice.model.folds[0].value = False
    for preset in ("fast", "exact"):
        widget.choice.preset.value = preset
        assert ticked(widget) == ["1"]
    assert all(box.enabled for box in widget.choice.model.folds)


class EventLoop(QObject):
    """That of the viewer, which another thread can wait for."""

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.asked.connect(lambda turned: turned.set(), Qt.ConnectionType.QueuedConnection)

    def turns(self) -> bool:
        """Whether it comes round to what it is asked now."""
        turned = threading.Event()
        self.asked.emit(turned)
        return turned.wait(PATIENCE / 1000)


def test_the_viewer_stays_responsive(widget, qtbot, monkeypatch):
    """Each pass of a network goes on only after the event loop has turned."""
    loop, run, turned = EventLoop(), Network.run, []

    def run_once_it_turns(*arguments):
        turned.append(loop.turns())
        return run(*arguments)

    monkeypatch.setattr(Network, "run", run_once_it_turns)
    press(widget)
    wait_for_end(widget, qtbot)
    assert len(turned) > 2
    assert all(turned)


def label_layers(viewer) -> list[str]:
    return [layer.name for layer in viewer.layers if isinstance(layer, Labels)]


def test_the_result_takes_the_place_of_the_preview(viewer, widget, qtbot, slow_passes, phantom):
    layer = wait_for_preview(viewer, widget, qtbot)
    assert label_layers(viewer) == [PREVIEW]
    assert layer.data.any()
    layer.opacity = 0.3
    wait_for_end(widget, qtbot)
    assert label_layers(viewer) == ["CT organs"]
    assert viewer.layers["CT organs"] is layer
    assert layer.opacity == 0.3
    assert label_map_of(layer).stamp == ""
    expected = segment(phantom[0], load_ensemble(widget.choice.model.model.folder))
    assert np.array_equal(layer.data, expected.data)


def test_cancelling_keeps_the_preview_and_its_file_says_so(
    viewer, widget, qtbot, slow_passes, tmp_path
):
    layer = wait_for_preview(viewer, widget, qtbot)
    press(widget)
    wait_for_end(widget, qtbot)
    assert label_layers(viewer) == [PREVIEW]
    assert widget.status.text() == "Cancelled; the preview of 1 of 2 folds was kept."
    layer.save(str(tmp_path / "mine.nii.gz"))
    assert read_labels(tmp_path / "mine.nii.gz").stamp == "preview, 1 of 2 folds"
    (again,) = viewer.open(tmp_path / "mine.nii.gz", plugin="napari-abdoseg")
    assert "mine.nii.gz: It is a preview, 1 of 2 folds." in said()
    assert label_map_of(again).stamp == "preview, 1 of 2 folds"


def test_work_on_a_preview_is_not_lost(viewer, widget, qtbot, slow_passes):
    layer = wait_for_preview(viewer, widget, qtbot)
    layer.paint((5, 5, 5), 3)
    painted = layer.data.copy()
    wait_for_end(widget, qtbot)
    assert label_layers(viewer) == [PREVIEW, "CT organs"]
    assert np.array_equal(layer.data, painted)
    assert not layer.visible
    assert widget.status.text().endswith(f"is kept, hidden: {PREVIEW}.")


@pytest.mark.slow
def test_a_preview_that_was_deleted_does_not_come_back(viewer, widget, qtbot, slow_passes):
    press(widget)
    widget.job.previewed.connect(lambda: viewer.layers.remove(PREVIEW))
    wait_for_end(widget, qtbot)
    assert label_layers(viewer) == ["CT organs"]


@pytest.mark.slow
def test_an_error_keeps_the_preview(viewer, widget, qtbot, slow_passes, monkeypatch):
    def fail(*_):
        raise DeviceError("The graphics card was taken away.")

    wait_for_preview(viewer, widget, qtbot)
    monkeypatch.setattr(early_stopping.Margins, "follow", fail)
    wait_for_end(widget, qtbot)
    assert "taken away" in said()
    assert widget.status.text() == "Stopped by an error; the preview of 1 of 2 folds was kept."


def test_the_preset_explains_itself(widget):
    for preset in PRESETS.values():
        widget.choice.preset.value = preset.name
        assert widget.choice.preset_words.text() == preset.description


def test_cancel_leaves_a_clean_scene(viewer, widget, qtbot, slow_passes):
    press(widget)
    wait_for_segmenting(widget, qtbot)
    press(widget)
    assert widget.button.text == "Cancelling…"
    assert not widget.button.enabled
    wait_for_end(widget, qtbot)
    assert [layer.name for layer in viewer.layers] == ["CT"]
    assert widget.status.text() == "Cancelled."
    assert widget.button.text == "Segment"
    assert widget.button.enabled
    assert not activities._all_instances
    press(widget)
    wait_for_end(widget, qtbot)
    assert "CT organs" in viewer.layers


def test_cancel_in_the_activity_dock_cancels(viewer, widget, qtbot, slow_passes):
    press(widget)
    wait_for_segmenting(widget, qtbot)
    (bar,) = activities._all_instances
    bar.cancel()
    wait_for_end(widget, qtbot)
    assert [layer.name for layer in viewer.layers] == ["CT"]


def test_deleting_the_scan_cancels(viewer, widget, qtbot, slow_passes):
    press(widget)
    wait_for_segmenting(widget, qtbot)
    viewer.layers.remove("CT")
    wait_for_end(widget, qtbot)
    assert not viewer.layers
    assert widget.status.text() == "Cancelled."


def test_closing_the_viewer_leaves_no_thread_behind(viewer, widget, qtbot):
    from superqt.utils import WorkerBase

    press(widget)
    wait_for_segmenting(widget, qtbot)
    viewer.close()
    qtbot.waitUntil(lambda: not WorkerBase._worker_set, timeout=PATIENCE)


def test_an_error_is_told_and_the_widget_is_ready_again(viewer, widget, qtbot):
    path = widget.choice.model.model.checkpoint("1")
    checkpoint = torch.load(path, weights_only=True)
    del checkpoint["network_weights"]
    torch.save(checkpoint, path)
    press(widget)
    wait_for_end(widget, qtbot)
    assert "not from nnU-Net v2" in said()
    assert widget.status.text() == "Stopped by an error."
    assert widget.button.text == "Segment"
    assert [layer.name for layer in viewer.layers] == ["CT"]


def test_a_folder_that_is_no_model_is_told_when_chosen(widget, tmp_path):
    widget.choice.model.choose(tmp_path)
    assert "is no nnU-Net model folder" in widget.choice.model.words.text()
    assert widget.choice.model.chosen_folds == []
    press(widget)
    assert widget.job is None
    assert "is no nnU-Net model folder" in said()


def test_no_fold_is_an_error(widget):
    for box in widget.choice.model.folds:
        box.value = False
    press(widget)
    assert widget.job is None
    assert "choose among 0, 1" in said()


def test_without_a_scan_it_says_what_to_do(viewer, widget):
    viewer.layers.clear()
    press(widget)
    assert widget.job is None
    assert "open one first" in said()


def test_a_picture_is_no_scan(viewer, widget):
    viewer.layers.clear()
    viewer.add_image(np.zeros((8, 8)), name="picture")
    press(widget)
    assert widget.job is None
    assert "picture has 2 dimensions: choose a 3D volume" in said()


def test_a_folder_of_scans(viewer, widget, qtbot, phantom, tmp_path):
    scans, output = tmp_path / "scans", tmp_path / "out"
    scans.mkdir()
    write_volume(scans / "a_0000.nii.gz", phantom[0])
    (scans / "b.nii.gz").write_bytes(b"broken")
    widget.choice.source.value = FOLDER
    press(widget)
    assert "Choose the folder of the CTs" in said()
    widget.choice.folder.value, widget.choice.output.value = scans, output
    widget.choice.preset.value = "fast"
    press(widget)
    wait_for_end(widget, qtbot)
    assert read_labels(output / "a.nii.gz").data.any()
    assert widget.status.text() == f"1 label map was saved in {output}. 1 failed."
    assert "b.nii.gz" in said()


@pytest.mark.slow
def test_a_scan_that_came_from_elsewhere(viewer, widget, qtbot, phantom):
    viewer.layers.clear()
    viewer.add_image(phantom[0].data, scale=phantom[0].grid.spacing, name="mine")
    widget.choice.preset.value = "fast"
    press(widget)
    wait_for_end(widget, qtbot)
    layer = viewer.layers["mine organs"]
    assert np.allclose(layer.scale, phantom[0].grid.spacing)


@pytest.mark.slow
def test_beside_an_open_viewer_torch_loads_without_a_crash():
    code = (
        "import napari, sys\n"
        "from qtpy.QtWidgets import QApplication\n"
        "viewer = napari.Viewer()\n"
        "QApplication.processEvents()\n"
        "from napari_abdoseg import load_ensemble\n"
        "load_ensemble('demo')\n"
        "import torch._dynamo\n"
        "viewer.close()\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_its_button_opens_and_closes_the_four_panel_view(viewer, widget):
    widget.four_panels.native.click()
    assert four_panel_view(viewer) is not None
    widget.four_panels.native.click()
    assert four_panel_view(viewer) is None
