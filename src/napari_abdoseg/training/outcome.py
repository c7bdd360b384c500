"""What a training gave: scores in cross-validation, and a model with a name."""

from __future__ import annotations

from pathlib import Path

from napari_abdoseg.inference.model import Model, models_folder, read_model
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.training.beginnings import ORIGIN
from napari_abdoseg.training.export import export_model
from napari_abdoseg.training.finished_steps import FinishedSteps
from napari_abdoseg.training.run import Run, processes
from napari_abdoseg.training.settings import ALL_FOLDS, FIRST_STAGE, SECOND_STAGE

NEEDS_ALL = "Cross-validation and the choice of a postprocessing need all five folds."


def cross_validating(run: Run) -> Work[dict[str, float]]:
    """Mean DSC of all cases, each predicted by the fold that has not seen it.

    Returns
    -------
    dict of str to float
        Of each configuration, and of ensembles of two; none unless all folds were trained.
    """
    if set(run.settings.folds) != set(ALL_FOLDS):
        yield Progress("Cross-validation", 0, 0, notice=NEEDS_ALL)
        return {}
    done = FinishedSteps(run.folders.results / "abdoseg_cross_validation.json")
    asked = f"{run.settings.trainer} {run.settings.plans}"
    configurations = list(run.settings.all_configurations)
    if (found := done.get(asked)) and found["configurations"] == configurations:
        return dict(found["scores"])
    arguments = {
        "dataset": run.folders.dataset.name,
        "plans": run.settings.plans,
        "trainer": run.settings.trainer,
        "configurations": configurations,
        "folds": ALL_FOLDS,
        "processes": processes(),
    }
    scores = yield from run.follow("cross_validate", arguments, "Cross-validation")
    done.add(asked, {"configurations": configurations, "scores": scores})
    return dict(scores)


def export_models(run: Run) -> Model:
    """Make the trained configurations known by name, and give the first of them."""
    first, *others = run.settings.configurations
    target = models_folder() / run.name
    _export(run, first, target)
    for configuration in others:
        _export(run, configuration, target.with_name(f"{run.name}_{configuration}"))
    return read_model(target)


def _export(run: Run, configuration: str, target: Path) -> None:
    trained = run.folder(configuration)
    description = f"{configuration}, trained on {run.folders.dataset.name}."
    export_model(trained, target, run.settings.folds, description)
    FinishedSteps(target / ORIGIN).add("trained", str(trained))
    if configuration == SECOND_STAGE:
        _export(run, FIRST_STAGE, target / run.folder(FIRST_STAGE).name)
