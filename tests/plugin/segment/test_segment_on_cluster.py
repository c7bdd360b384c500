"""The dock widget `Segment organs` with the workers of a real cluster."""

from __future__ import annotations

import numpy as np
import pytest
from clusters import cluster_of_processes
from distributed import Client
from segmenting import PATIENCE, press, said, wait_for_end, wait_for_segmenting

from napari_abdoseg.batch.cluster import connection
from napari_abdoseg.image.nifti.volumes import read_labels, write_volume
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.review.expected_quality import NO_CALIBRATION
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.plugin.layers.kept_logits import logits_of
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.saving.logits_beside import unsaved_logits
from napari_abdoseg.plugin.segment.choice import FOLDER
from napari_abdoseg.plugin.segment.widget import SegmentWidget
from napari_abdoseg.progress import drain


@pytest.fixture(scope="module")
def cluster():
    with cluster_of_processes(1) as cluster:
        yield cluster


@pytest.fixture
def widget(viewer, make_model, cluster) -> SegmentWidget:
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Segment organs")
    widget.choice.model.choose(make_model(mirror_axes=None))
    widget.choice.scheduler.value = cluster.scheduler_address
    return widget


def count_tasks(dask_worker) -> int:
    return len(dask_worker.active_threads)


@pytest.mark.slow
def test_devices_are_left_to_workers_and_nothing_is_foretold(widget):
    assert not widget.choice.device.enabled
    assert widget.preflight.words.text() == ""
    widget.choice.scheduler.value = " "
    assert widget.choice.device.enabled
    assert widget.preflight.words.text()


def test_an_open_ct(viewer, widget, qtbot, phantom):
    press(widget)
    wait_for_segmenting(widget, qtbot)
    wait_for_end(widget, qtbot)
    found = viewer.layers["CT organs"].data
    ensemble = load_ensemble(widget.choice.model.model.folder, device="cpu")
    expected = drain(segmenting(phantom[0], ensemble, keep_logits=True))
    assert np.array_equal(found, expected.labels.data)
    assert "runs on cpu" in said()
    assert widget.status.text().startswith("Done.")
    layer = viewer.layers["CT organs"]
    quality = organ_scene(viewer, layer).quality
    qtbot.waitUntil(lambda: bool(quality.told))
    agreement = {o.value: score for o, score in expected.disagreement.agreement().items()}
    told = {value: each.agreement for value, each in quality.told.items()}
    assert told == pytest.approx(agreement, abs=1e-4)
    assert quality.note == NO_CALIBRATION
    assert logits_of(layer).logits.shape == expected.logits.logits.shape
    assert unsaved_logits(layer).networks() == expected.networks_sha256


@pytest.mark.slow
def test_cancel_reaches_the_worker(viewer, widget, qtbot, make_model, cluster):
    slow = make_model(folds=(0, 1), patch=(8, 8, 8), spacing=(4.0, 4.0, 4.0), name="slow")
    widget.choice.model.choose(slow)
    widget.choice.preset.value = "exact"
    press(widget)
    wait_for_segmenting(widget, qtbot)
    press(widget)
    wait_for_end(widget, qtbot)
    assert widget.status.text() == "Cancelled."
    assert "CT organs" not in viewer.layers
    with Client(cluster, set_as_default=False) as client:
        qtbot.waitUntil(lambda: not any(client.run(count_tasks).values()), timeout=PATIENCE)


@pytest.mark.slow
def test_a_folder_of_cts(viewer, widget, qtbot, phantom, tmp_path):
    scans, output = tmp_path / "scans", tmp_path / "out"
    scans.mkdir()
    for name in ("a", "b"):
        write_volume(scans / f"{name}_0000.nii.gz", phantom[0])
    widget.choice.source.value = FOLDER
    widget.choice.folder.value, widget.choice.output.value = scans, output
    widget.choice.preset.value = "fast"
    press(widget)
    wait_for_end(widget, qtbot)
    assert widget.status.text() == f"2 label maps were saved in {output}."
    assert read_labels(output / "b.nii.gz").data.any()


@pytest.mark.slow
def test_a_scheduler_that_does_not_answer(widget, qtbot, monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE", 1.0)
    widget.choice.scheduler.value = "tcp://127.0.0.1:1"
    press(widget)
    wait_for_end(widget, qtbot)
    assert "No scheduler of Dask answers at tcp://127.0.0.1:1" in said()
    assert widget.status.text() == "Stopped by an error."
