"""Models are known by name wherever this or other programs keep them."""

from __future__ import annotations

import shutil

import pytest

from napari_abdoseg.inference.model.known_models import (
    find_known_models,
    known_models,
    models_folder,
    totalsegmentator_folder,
)
from napari_abdoseg.inference.model.model_folder import read_model

TRAINED = "Dataset291_Organs/nnUNetTrainer__nnUNetPlans__3d_fullres"


@pytest.fixture(autouse=True)
def no_other_models(monkeypatch, tmp_path):
    for name in ("ABDOSEG_MODELS", "nnUNet_results", "TOTALSEG_WEIGHTS_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TOTALSEG_HOME_DIR", str(tmp_path / "none"))


def test_a_variable_moves_the_installed_models(make_model, monkeypatch, tmp_path):
    monkeypatch.setenv("ABDOSEG_MODELS", str(tmp_path / "mine"))
    assert models_folder() == tmp_path / "mine"
    assert known_models() == ("demo",)
    shutil.copytree(make_model(), tmp_path / "mine" / "organs")
    assert [(m.name, m.place) for m in find_known_models()] == [
        ("demo", "package"),
        ("organs", "installed"),
    ]
    assert read_model("organs").folder == tmp_path / "mine" / "organs"


@pytest.mark.parametrize(
    ("variable", "below", "place"),
    [
        ("nnUNet_results", "", "nnU-Net"),
        ("TOTALSEG_WEIGHTS_PATH", "", "TotalSegmentator"),
        ("TOTALSEG_HOME_DIR", "nnunet/results", "TotalSegmentator"),
    ],
)
def test_models_of_other_programs_are_known(
    make_model, monkeypatch, tmp_path, variable, below, place
):
    monkeypatch.setenv(variable, str(tmp_path / "theirs"))
    folder = tmp_path / "theirs" / below / TRAINED
    shutil.copytree(make_model(), folder)
    begun = folder.parent / "nnUNetTrainer__nnUNetPlans__2d" / "fold_0"
    begun.mkdir(parents=True)
    shutil.copy(folder / "dataset.json", begun.parent)
    known = find_known_models()[-1]
    assert (known.name, known.folder, known.place) == (TRAINED, folder, place)
    assert known_models() == ("demo", TRAINED)
    assert read_model(TRAINED).folder == folder
    assert read_model(folder).name == TRAINED


def test_places_that_are_not_there_hold_no_models(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("nnUNet_results", str(tmp_path / "file"))
    monkeypatch.setenv("ABDOSEG_MODELS", str(tmp_path / "missing"))
    assert known_models() == ("demo",)
    assert totalsegmentator_folder() == tmp_path / "none" / "nnunet" / "results"
