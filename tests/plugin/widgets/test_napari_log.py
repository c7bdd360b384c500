"""What of ours happens in napari is kept in a log file."""

from __future__ import annotations

import subprocess
import sys

import pytest
from napari.utils.notifications import notification_manager

from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.plugin.layers.conversion import image_layer
from napari_abdoseg.plugin.widgets.panel import Panel
from napari_abdoseg.progress import Progress, Work

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="keeps logs apart by XDG folders")


def work() -> Work[None]:
    yield Progress("Reading", 0, 2)
    yield Progress("Writing", 1, 2)


@pytest.mark.slow
def test_nothing_is_kept_before_a_panel_opens(tmp_path):
    script = "import napari_abdoseg.plugin.segment.widget, napari_abdoseg.plugin.reader"
    environment = {"XDG_STATE_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen"}
    subprocess.run([sys.executable, "-c", script], env=environment, check=True)
    assert not list(tmp_path.rglob("*.log"))


def test_the_first_panel_opens_it_and_work_is_kept_there(qtbot, logs):
    for tab in ("Segment", "Organs"):
        qtbot.addWidget(Panel(tab))
    (path,) = logs.iterdir()
    assert path.name.startswith("napari_")
    job = Job(work(), "Segment ct")
    with qtbot.waitSignal(job.ended):
        job.start()
    kept = path.read_text()
    assert "napari 0.9" in kept
    assert "Segment ct: Writing (Reading for" in kept
    assert "Segment ct: done" in kept


def test_a_fault_of_ours_is_kept_with_its_traceback_and_that_of_others_is_not(qtbot, logs):
    qtbot.addWidget(Panel("Segment"))
    for fault in (lambda: image_layer(None), lambda: 1 / 0):
        with pytest.raises(Exception) as raised:  # noqa: PT011
            fault()
        notification_manager.receive_error(raised.type, raised.value, raised.tb)
    notification_manager.records.clear()
    (path,) = logs.iterdir()
    kept = path.read_text()
    assert kept.count("Traceback") == 1
    assert "conversion.py" in kept
    assert "ZeroDivisionError" not in kept
