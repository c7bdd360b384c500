"""`abdoseg models` as a user types it."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from file_server import FileServer, serving
from small_models import COARSE
from typer.testing import CliRunner

from napari_abdoseg.cli import app as command
from napari_abdoseg.cli import models as models_command
from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.inference.model.known_models import known_models
from napari_abdoseg.model_store import catalogue

runner = CliRunner()

TRAINED = "nnUNetTrainer__nnUNetPlans__3d_fullres"


def models(*arguments: object, **options: object):
    result = runner.invoke(command.app, ["models", *map(str, arguments)], **options)
    told = str(result.exception) if result.exit_code else ""
    return result, " ".join(f"{result.output} {told}".split())


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> Path:
    """Where models are installed; nothing else is known but the demo."""
    monkeypatch.setenv("ABDOSEG_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("TOTALSEG_HOME_DIR", str(tmp_path / "none"))
    monkeypatch.delenv("nnUNet_results", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path / "models"


@pytest.fixture
def server(tmp_path, make_model):
    """A server of an archive with two models, and a catalogue that has one of them."""
    served = tmp_path / "served"
    served.mkdir()
    first, second = make_model(name="first"), make_model(folds=(0,), name="second")
    with zipfile.ZipFile(served / "models.zip", "w") as file:
        for dataset, model in (("Dataset001_A", first), ("Dataset002_B", second)):
            for path in model.rglob("*"):
                if path.is_file():
                    file.write(path, Path(dataset) / TRAINED / path.relative_to(model))
    with serving(served) as running:
        yield running


@pytest.fixture
def _catalogue(tmp_path, monkeypatch, server: FileServer) -> None:
    entry = {
        "card": {"title": "Organs of A", "licence": "CC-BY-NC-4.0", "axes": "RAS"},
        "parts": [{"url": server.url("models.zip"), "inside": f"Dataset001_A/{TRAINED}"}],
        "organs": ["liver", "kidney", "spleen", "pancreas"],
        "folds": 2,
        "spacing_mm": [10.0, 8.0, 8.0],
        "terms": "For research alone.",
        "untried": "Never tried: all of it.",
        "read": {"licence": "https://example.org/licence"},
    }
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "catalogue" / "organs_a.json").write_text(json.dumps(entry))
    monkeypatch.setattr(catalogue, "CATALOGUE", tmp_path / "catalogue")


@pytest.mark.usefixtures("_catalogue")
def test_a_model_is_found_installed_shown_and_removed(server, folder):
    _, said = models("list")
    assert "organs_a │ Organs of A │ CC-BY-NC-4.0 │ │ to install" in said
    assert "demo │ Synthetic phantoms" in said
    _, said = models("show", "organs_a")
    for words in (
        "4: liver, kidney, spleen, pancreas",
        "RAS",
        "10 × 8 × 8 mm",
        "For research alone.",
        server.url("models.zip"),
        "not known before the first download",
        "Never tried: all of it.",
        "licence read in https://example.org/licence",
    ):
        assert words in said

    result, said = models("install", "organs_a")
    assert result.exit_code != 0
    assert "CC-BY-NC-4.0. For research alone. Accept this with --accept-licence" in said
    assert not server.asked
    result, said = models("install", "organs_a", "--accept-licence")
    assert result.exit_code == 0, result.output
    assert "Note: organs_a was never tried by us" in said
    assert "Note: No SHA-256 is published of" in said
    assert "Installed organs_a: 4 organs, folds 0, 1" in said
    assert "Its licence is CC-BY-NC-4.0." in said
    assert "abdoseg predict CT.nii.gz --model organs_a" in said

    _, said = models("list")
    assert re.search(r"organs_a │ Organs of A │ CC-BY-NC-4.0 │ \d+ kB │ installed", said)
    _, said = models("show", "organs_a")
    for words in ("state installed", "configurations 3d_fullres", "SHA-256"):
        assert words in said
    assert str(folder) in "".join(said.split())  # folded where the terminal is narrow
    assert "Never tried: all of it." in said
    result, said = models("remove", "organs_a")
    assert "say so with --yes" in said
    result, said = models("remove", "organs_a", "--yes")
    assert said == f"Removed {folder / 'organs_a'}."
    assert known_models() == ("demo",)
    _, said = models("show", "organs_a")
    assert "kept on 20" in said
    result, said = models("remove", "organs_a", "--yes")
    assert "No model 'organs_a' is installed" in said


@pytest.mark.usefixtures("_catalogue")
@pytest.mark.parametrize(("answer", "installed"), [("y\n", True), ("n\n", False)])
def test_terms_are_asked_for_in_a_terminal(monkeypatch, answer, installed):
    monkeypatch.setattr(models_command, "is_asked_at", lambda: True)
    result, said = models("install", "organs_a", input=answer)
    assert "Do you accept these terms?" in said
    assert (result.exit_code == 0) == installed
    assert ("organs_a" in known_models()) == installed
    if installed:
        result, _ = models("remove", "organs_a", input="n\n")
        assert result.exit_code != 0
        assert "organs_a" in known_models()
        models("remove", "organs_a", input="y\n")
        assert known_models() == ("demo",)


def test_several_models_in_one_archive_are_offered(server):
    url = server.url("models.zip")
    result, said = models("install", url)
    assert result.exit_code != 0
    inside = f"Dataset001_A/{TRAINED}, Dataset002_B/{TRAINED}"
    assert f"{url} holds these models: choose one with --model, among {inside}." in said
    result, said = models("install", url, "--model", "Dataset002_B", "--name", "mine")
    assert result.exit_code == 0, result.output
    assert "Installed mine: 4 organs, folds 0" in said


def test_a_model_is_exported_and_installed_elsewhere(make_model, tmp_path, monkeypatch):
    assert models("install", make_model(), "--name", "mine")[0].exit_code == 0
    result, said = models("export", "mine", tmp_path / "mine.zip")
    assert result.exit_code == 0, result.output
    assert "abdoseg models install mine.zip" in said
    monkeypatch.setenv("ABDOSEG_MODELS", str(tmp_path / "elsewhere"))
    result, said = models("install", tmp_path / "mine.zip")
    assert "Installed mine" in said


def test_a_test_is_recorded_and_run(make_model, tmp_path, phantom):
    models("install", make_model(spacing=COARSE), "--name", "mine")
    result, said = models("test", "mine")
    assert result.exit_code != 0
    assert "has no test" in said
    write_volume(tmp_path / "ct.nii.gz", phantom[0])
    result, said = models("test", "mine", "--record", tmp_path / "ct.nii.gz", "--device", "cpu")
    assert result.exit_code == 0, result.output
    assert "voxels differ: an agreement of 1.000000, of which 0.9999 is enough." in said
    folds = [tmp_path / "models" / "mine" / f"fold_{fold}" for fold in (0, 1)]
    shutil.copy(folds[1] / "checkpoint_final.pth", folds[0])
    result, said = models("test", "mine", "--device", "cpu")
    assert result.exit_code == 1, result.output


def test_a_model_that_can_not_be_used_is_listed_with_the_reason(folder):
    (folder / "broken").mkdir(parents=True)
    (folder / "broken" / "dataset.json").write_text("{")
    result, said = models("list")
    assert result.exit_code == 0, result.output
    assert "broken │ │ │ │ unusable" in said
    assert "Note: broken can't be used:" in said
    assert "can't be read as JSON" in said
