"""What a training gave: scores in cross-validation, and a model with a name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.inference.model.card import read_card, write_card
from napari_abdoseg.inference.model.known_models import models_folder
from napari_abdoseg.inference.model.model_folder import Model, read_model
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.training.beginnings import ORIGIN
from napari_abdoseg.training.export import export_model
from napari_abdoseg.training.finished_steps import FinishedSteps
from napari_abdoseg.training.run import Run, processes
from napari_abdoseg.training.settings import ALL_FOLDS, FIRST_STAGE, SECOND_STAGE

NEEDS_ALL = "Cross-validation and the choice of a postprocessing need all five folds."


@dataclass(frozen=True)
class CrossValidation:
    """How good a training is on cases that its folds have not seen.

    Parameters
    ----------
    scores : dict of str to float
        Mean DSC of each configuration and of ensembles of two, such as ``2d + 3d_fullres``;
        empty unless all five folds were trained.
    best : tuple of str
        Configuration or configurations that nnU-Net chooses; else the first.
    """

    scores: dict[str, float]
    best: tuple[str, ...]


def cross_validating(run: Run) -> Work[CrossValidation]:
    """Compare what each case's own fold has found in it with its labels."""
    if set(run.settings.folds) != set(ALL_FOLDS):
        yield Progress("Cross-validation", 0, 0, notice=NEEDS_ALL)
        return CrossValidation({}, run.settings.configurations[:1])
    done = FinishedSteps(run.folders.results / "abdoseg_cross_validation.json")
    asked = f"{run.settings.trainer} {run.settings.plans}"
    configurations = list(run.settings.all_configurations)
    if (found := done.get(asked)) and found["configurations"] == configurations:
        return CrossValidation(found["scores"], tuple(found["best"]))
    arguments = {
        "dataset": run.folders.dataset.name,
        "plans": run.settings.plans,
        "trainer": run.settings.trainer,
        "configurations": configurations,
        "folds": ALL_FOLDS,
        "processes": processes(),
    }
    found = yield from run.follow("cross_validate", arguments, "Cross-validation")
    done.add(asked, {"configurations": configurations, **found})
    return CrossValidation(found["scores"], tuple(found["best"]))


def export_models(run: Run) -> dict[str, Model]:
    """Make the trained configurations known by name, the first by the name of the training."""
    first = run.settings.configurations[0]
    models = {}
    for configuration in run.settings.all_configurations:
        name = run.name if configuration == first else f"{run.name}_{configuration}"
        _export(run, configuration, models_folder() / name)
        models[configuration] = read_model(name)
    return models


def _export(run: Run, configuration: str, target: Path) -> None:
    trained = run.folder(configuration)
    description = f"{configuration}, trained on {run.folders.dataset.name}."
    export_model(trained, target, run.settings.folds, description)
    _write_card(target, description)
    FinishedSteps(target / ORIGIN).add("trained", str(trained))
    if configuration == SECOND_STAGE:
        _export(run, FIRST_STAGE, target / run.folder(FIRST_STAGE).name)


def _write_card(folder: Path, description: str) -> None:
    """Say what is known of a model, and keep what its user has added."""
    model = read_model(folder)
    told = {
        "title": folder.name,
        "description": description,
        "axes": "stored",
        "sha256": model.sha256(model.folds),
    }
    write_card(folder, read_card(folder).model_copy(update=told))
