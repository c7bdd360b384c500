"""Fixtures for trainings: a small data set, planned and preprocessed by nnU-Net once."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Mapping
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any

import pytest
from raw_datasets import write_raw_dataset
from training_places import Place

from napari_abdoseg.progress import Progress, Work, drain
from napari_abdoseg.training.beginnings import require_same_data
from napari_abdoseg.training.nnunet.__main__ import called
from napari_abdoseg.training.planning import planning
from napari_abdoseg.training.preparing import preprocessing
from napari_abdoseg.training.run import Run


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch) -> Path:
    """Folder of the user's models."""
    monkeypatch.setattr(
        "platformdirs.user_data_path", lambda *_, **__: tmp_path / "user data", raising=True
    )
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    return tmp_path / "user data" / "models"


@pytest.fixture(scope="session")
def raw(tmp_path_factory) -> Path:
    """A data set of five phantoms and a test case."""
    return write_raw_dataset(tmp_path_factory.mktemp("raw") / "Dataset007_Tiny")


@pytest.fixture(scope="session")
def prepared(raw, tmp_path_factory) -> Path:
    """Work folder in which it is planned and preprocessed."""
    place = Place(raw, tmp_path_factory.mktemp("work"))
    run = place.run()
    require_same_data(run)
    with pytest.MonkeyPatch.context() as here:
        here.setattr(Run, "follow", _followed_here)
        drain(planning(run))
        drain(preprocessing(run))
    return place.work


@pytest.fixture
def here(monkeypatch) -> None:
    """nnU-Net's steps before the training are done in this process."""
    monkeypatch.setattr(Run, "follow", _followed_here)


@pytest.fixture
def place(raw, prepared, tmp_path) -> Place:
    """A copy of that, of the test's own."""
    shutil.copytree(prepared, tmp_path / "work")
    return Place(raw, tmp_path / "work")


class InThreads:
    """Pools that don't import all of torch and nnU-Net in each of their processes."""

    Pool = ThreadPool


def _followed_here(run, step, arguments, stage, environment=None, place=None) -> Work[Any]:
    """A step of nnU-Net's in this process, which has imported it.

    What it is given and gives goes through JSON, as to a process.
    """
    yield Progress(stage, 0, 1)
    with pytest.MonkeyPatch.context() as here:
        _pool_here(here, run.folders.environment() | dict(environment or {}))
        return json.loads(json.dumps(called(step, json.loads(json.dumps(arguments)))))


def _pool_here(changed: pytest.MonkeyPatch, environment: Mapping[str, str]) -> None:
    """Set nnU-Net's variables for this process, have its pools in it, and let it draw less.

    It draws a hundred million intensities of however few voxels there are.
    """
    from nnunetv2.experiment_planning.dataset_fingerprint import fingerprint_extractor

    for name, value in environment.items():
        changed.setenv(name, value)
    changed.setattr(multiprocessing, "get_context", lambda *_: InThreads)
    changed.setattr("nnunetv2.utilities.utils.Pool", ThreadPool)
    extractor = fingerprint_extractor.DatasetFingerprintExtractor
    run = extractor.run

    def run_lightly(self: Any, *arguments: Any, **named: Any) -> Any:
        self.num_foreground_voxels_for_intensitystats = 1e5
        return run(self, *arguments, **named)

    changed.setattr(extractor, "run", run_lightly)


@pytest.fixture
def nnunet(place, monkeypatch) -> Place:
    """The same, with nnU-Net's variables set for this process, and its pools in it."""
    _pool_here(monkeypatch, place.run().folders.environment())
    monkeypatch.setenv("nnUNet_n_proc_DA", "0")
    monkeypatch.setenv("nnUNet_def_n_proc", "2")
    assert os.environ["nnUNet_raw"] == str(place.raw.parent)  # noqa: SIM112
    return place
