"""Weights of another name: the card's, or those that the user asks for."""

from __future__ import annotations

import shutil

import pytest
from typer.testing import CliRunner

from napari_abdoseg.cli.app import app
from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.inference.model.card import ModelCard, write_card
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.model.model_folder import read_model

FINAL, BEST = "checkpoint_final.pth", "checkpoint_best.pth"


@pytest.fixture
def folder(make_model):
    """Fold 0 with the weights of another seed as its best."""
    folder = make_model((0, 1))
    for fold, other in ((0, 1), (1, 0)):
        shutil.copy(folder / f"fold_{fold}" / FINAL, folder / f"fold_{other}" / BEST)
    return folder


def test_the_final_weights_are_taken_and_others_if_asked_for(folder):
    assert read_model(folder).checkpoint("0").name == FINAL
    assert read_model(folder, BEST).checkpoint("0").name == BEST
    write_card(folder, ModelCard(checkpoint=BEST))
    assert read_model(folder).checkpoint("0").name == BEST
    assert read_model(folder, FINAL).checkpoint("0").name == FINAL


def test_a_model_that_changed_keeps_what_was_asked_for(folder):
    model = read_model(folder, BEST)
    write_card(folder, ModelCard(title="Organs"))
    (trained,) = load_ensemble(model, [0], "cpu").configurations
    assert trained.members[0].stamp.path.name == BEST


def test_what_there_is_instead_is_told(folder):
    for fold in (0, 1):
        (folder / f"fold_{fold}" / FINAL).rename(folder / f"fold_{fold}" / "other.pth")
        (folder / f"fold_{fold}" / "checkpoint_latest.pth").touch()
    with pytest.raises(ModelError, match=r"has no checkpoint_final\.pth .*best\.pth or .*other\.p"):
        read_model(folder)
    assert read_model(folder, "other.pth").choose_folds() == ("0", "1")
    with pytest.raises(ModelError, match=r"has no missing\.pth in fold_0"):
        read_model(folder, "missing.pth")
    with pytest.raises(ModelError, match="leave out its folder"):
        read_model(folder, "../model/other.pth")


def test_predict_takes_the_weights_by_name(folder, phantom, tmp_path):
    write_volume(tmp_path / "case.nii.gz", phantom[0])
    labels = {}
    for name, fold in ((BEST, "1"), (FINAL, "0")):
        output = tmp_path / name
        words = ["predict", str(tmp_path / "case.nii.gz"), "--output", str(output)]
        words += ["--model", str(folder), "--folds", fold, "--checkpoint", name]
        result = CliRunner().invoke(app, [*words, "--preset", "fast", "--device", "cpu"])
        assert result.exit_code == 0, result.output
        labels[name] = (output / "case.nii.gz").read_bytes()
    assert labels[BEST] == labels[FINAL]  # one fold's best are the final ones of the other
