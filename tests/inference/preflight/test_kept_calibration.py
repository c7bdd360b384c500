"""What a model takes is measured once a machine, and again where something else runs."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from working import load_configuration, run

from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.hardware.kept import kept_folder
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.preflight.kept_calibration import (
    FOLDER,
    SECONDS,
    calibrating_once,
)
from napari_abdoseg.inference.preset import PRESETS, Arithmetic

FAST = PRESETS["fast"]


@pytest.fixture(autouse=True)
def _nothing_kept(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def scan() -> Volume:
    return make_phantom(5, (10.0, 8.0, 8.0))[0]


@pytest.fixture
def trained(make_model) -> TrainedConfiguration:
    return load_configuration(make_model(folds=(0,)))


def test_what_was_measured_is_kept(scan, trained):
    steps, measured = run(calibrating_once(scan, trained, FAST))
    assert steps
    steps, kept = run(calibrating_once(scan, trained, FAST))
    assert not steps
    assert kept == measured
    slightly_finer, _ = make_phantom(6, (9.9, 7.9, 7.9))
    steps, kept = run(calibrating_once(slightly_finer, trained, FAST))
    assert not steps


@pytest.mark.slow
def test_other_work_is_measured_on_its_own(scan, trained, make_model, monkeypatch):
    run(calibrating_once(scan, trained, FAST))
    wider = make_model(folds=(0,), patch=(32, 32, 32), name="wider")
    finer, _ = make_phantom(5, (5.0, 8.0, 8.0))
    for each in (
        (scan, load_configuration(wider), FAST),
        (finer, trained, FAST),
        (scan, trained, replace(FAST, arithmetic=Arithmetic.SAME)),
    ):
        steps, _ = run(calibrating_once(*each))
        assert steps
    monkeypatch.setattr(torch, "get_num_threads", lambda: 77)
    steps, _ = run(calibrating_once(scan, trained, FAST))
    assert steps
    assert len([*kept_folder(FOLDER).iterdir()]) == 5


@pytest.mark.parametrize("age", [SECONDS + 60, -60])
def test_a_measurement_counts_for_a_while(age, scan, trained):
    run(calibrating_once(scan, trained, FAST))
    (path,) = kept_folder(FOLDER).iterdir()
    other = path.with_name("other.json")
    other.write_text("{}")
    for each in (path, other):
        os.utime(each, (time.time() - age,) * 2)
    steps, _ = run(calibrating_once(scan, trained, FAST))
    assert steps
    assert [*kept_folder(FOLDER).iterdir()] == [path]


@pytest.mark.parametrize("content", [b"", b"\xff", b"[1]", b'{"pace": {}}', b'{"pace": "\\ud800"}'])
def test_a_damaged_file_is_measured_again(content, scan, trained):
    run(calibrating_once(scan, trained, FAST))
    (path,) = kept_folder(FOLDER).iterdir()
    path.write_bytes(content)
    steps, _ = run(calibrating_once(scan, trained, FAST))
    assert steps
    steps, _ = run(calibrating_once(scan, trained, FAST))
    assert not steps


def test_where_nothing_can_be_kept_it_is_measured_each_time(scan, trained):
    folder = kept_folder(FOLDER)
    folder.parent.mkdir(parents=True)
    folder.write_text("a file in its place")
    for _ in range(2):
        steps, measured = run(calibrating_once(scan, trained, FAST))
        assert steps
        assert measured.pace.passing > 0
