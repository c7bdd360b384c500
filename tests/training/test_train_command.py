"""`abdoseg train` as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest
from training_places import Place
from typer.testing import CliRunner

from napari_abdoseg.cli.app import app
from napari_abdoseg.cli.train import default_work
from napari_abdoseg.errors import TrainingError
from napari_abdoseg.inference.model.known_models import known_models
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.training.outcome import NEEDS_ALL
from napari_abdoseg.training.trainable import read_trainable

SMALL = ("--planner", "small", "--spacing", "10,8,8", "--epochs", "1", "--iterations", "1")


def train(place: Place, *options: str):
    words = ["train", str(place.raw), "--work", str(place.work), "--devices", "cpu", *SMALL]
    return CliRunner().invoke(app, [*words, *options])


@pytest.mark.slow
@pytest.mark.usefixtures("here")
def test_one_fold_gives_a_model_with_a_name(place, models):
    result = train(place, "--folds", "3", "--preset", "fast")
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert NEEDS_ALL in said
    assert "The model is Tiny" in said
    assert "Training 3d_fullres …" in said
    assert "Copying the model …" in said
    assert known_models() == ("demo", "Tiny")
    model = read_model("Tiny")
    assert model.folder == models / "Tiny"
    assert model.folds == ("3",)
    assert "trained on Dataset007_Tiny" in model.description
    assert (model.card.title, model.card.axes) == ("Tiny", "stored")
    assert model.card.sha256 == model.sha256(model.folds)
    (trained,) = (place.work / "nnUNet_results" / place.raw.name).glob("nnUNetTrainerNoDA__*")
    assert (trained / "test_predictions" / "t_000.nii.gz").is_file()
    assert (trained / "test_evaluation" / "summary.csv").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--folds", "0,one"), "--folds takes numbers"),
        (("--spacing", "3"), "--spacing takes three numbers"),
        (("--spacing", "3,3,x"), "--spacing takes numbers"),
        (("--configurations", "4d"), "no configuration 4d"),
    ],
)
def test_what_can_not_be_is_said_at_once(place, options, said):
    result = train(place, *options)
    assert isinstance(result.exception, TrainingError)
    assert said in str(result.exception)


def test_work_is_done_beside_the_data_or_where_nnunet_does_it(raw, monkeypatch):
    dataset = read_trainable(raw)
    monkeypatch.delenv("nnUNet_results", raising=False)
    assert default_work(dataset) == dataset.folder.parent.parent
    monkeypatch.setenv("nnUNet_results", "/data/nnUNet_results")
    assert default_work(dataset) == Path("/data")
