"""Processes of nnU-Net's end well, fail clearly, and never outlive their work."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys

import psutil
import pytest

from napari_abdoseg import child_process
from napari_abdoseg.errors import TrainingError
from napari_abdoseg.progress import Progress
from napari_abdoseg.training.nnunet_process import NnunetProcess, following

START = """
import sys, time
from pathlib import Path
from napari_abdoseg.training.nnunet_process import NnunetProcess
arguments = {"dataset": "Dataset001_X", "processes": 1}
process = NnunetProcess("fingerprint", arguments, {}, Path(sys.argv[1]))
print(process._process.pid, flush=True)
time.sleep(60)
"""


def plan(log, environment, dataset="Dataset007_Tiny", planner="small"):
    arguments = {"dataset": dataset, "planner": planner, "identifier": "again", "spacing": None}
    return NnunetProcess("plan", arguments, environment, log)


def report() -> Progress:
    return Progress("Planning", 0, 0)


@pytest.mark.slow
def test_variables_are_set_for_it_alone(place, tmp_path):
    folders = place.run().folders
    steps = following(plan(tmp_path / "log", folders.environment()), report)
    assert report() in list(steps)
    assert folders.plans("again").is_file()
    assert "nnUNet_raw" not in os.environ


def test_a_failure_tells_where_to_look(tmp_path):
    log = tmp_path / "new" / "log"
    with plan(log, {}) as process, pytest.raises(TrainingError, match=f"step plan .*{log}"):
        process.result()
    assert "Traceback" in log.read_text()


@pytest.mark.slow
def test_a_users_mistake_is_passed_on(place, tmp_path):
    """One image of a copy of the data set is none."""
    damaged = shutil.copytree(place.raw, tmp_path / place.raw.name)
    (damaged / "imagesTr" / "p_003_0000.nii.gz").write_bytes(b"no image")
    run = place.run()
    arguments = {
        "preprocessed": str(run.folders.preprocessed),
        "raw": str(damaged),
        "plans": run.settings.plans,
        "configuration": "2d",
        "processes": 1,
    }
    with (
        NnunetProcess("preprocess", arguments, {}, tmp_path / "log") as process,
        pytest.raises(TrainingError, match=r"The case p_003 can't be preprocessed"),
    ):
        process.result()


def test_closing_ends_it(tmp_path, monkeypatch):
    process = plan(tmp_path / "log", {})
    work = following(process, report)
    next(work)
    work.close()
    assert not process.running


def test_it_ends_when_its_parent_is_killed(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", START, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    )
    child = psutil.Process(int(parent.stdout.readline()))
    parent.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    parent.wait()
    assert psutil.wait_procs([child], timeout=30)[0] == [child]


def test_one_that_does_not_end_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(child_process, "PATIENCE", 0.0)
    process = plan(tmp_path / "log", {})
    process.stop()
    assert not process.running
    process.stop()
