"""Fixtures for trainings: a small data set, planned and preprocessed by nnU-Net once."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from multiprocessing.pool import ThreadPool
from pathlib import Path

import pytest
from raw_datasets import write_raw_dataset
from training_places import Place

from napari_abdoseg.progress import drain
from napari_abdoseg.training.beginnings import require_same_data
from napari_abdoseg.training.planning import planning
from napari_abdoseg.training.preparing import preprocessing


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
    drain(planning(run))
    drain(preprocessing(run))
    return place.work


@pytest.fixture
def place(raw, prepared, tmp_path) -> Place:
    """A copy of that, of the test's own."""
    shutil.copytree(prepared, tmp_path / "work")
    return Place(raw, tmp_path / "work")


class InThreads:
    """Pools that don't import all of torch and nnU-Net in each of their processes."""

    Pool = ThreadPool


@pytest.fixture
def nnunet(place, monkeypatch) -> Place:
    """The same, with nnU-Net's variables set for this process, and its pools in it."""
    monkeypatch.setattr(multiprocessing, "get_context", lambda *_: InThreads)
    for name, value in place.run().folders.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("nnUNet_n_proc_DA", "0")
    monkeypatch.setenv("nnUNet_def_n_proc", "2")
    assert os.environ["nnUNet_raw"] == str(place.raw.parent)  # noqa: SIM112
    return place
