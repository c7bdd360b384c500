"""What a training was begun with, and must go on with."""

from __future__ import annotations

import shutil

from napari_abdoseg.errors import TrainingError
from napari_abdoseg.inference.model.known_models import models_folder
from napari_abdoseg.training.finished_steps import FinishedSteps
from napari_abdoseg.training.run import Run
from napari_abdoseg.training.trainable import digest_of

SETTINGS = "abdoseg_settings.json"
ORIGIN = "abdoseg_origin.json"


def require_same_data(run: Run) -> None:
    """Forget what was computed from other data, unless something was trained on it.

    Raises
    ------
    TrainingError
        Something was.
    """
    dataset, digest = run.folders.dataset, digest_of(run.folders.dataset)
    if run.steps.hold("data", digest):
        return
    trained = sorted(run.folders.results.glob("*/fold_*/checkpoint_*.pth"))
    if trained:
        raise TrainingError(
            f"{dataset.name} has changed since {trained[0].parent} was trained on it: give the "
            "changed data set another number, or choose another folder with --work."
        )
    if run.folders.preprocessed.exists():
        shutil.rmtree(run.folders.preprocessed)
    run.steps.add("data", digest)


def require_same_settings(run: Run) -> None:
    """Require the settings that each configuration was begun with.

    Raises
    ------
    TrainingError
        They differ.
    """
    for configuration in run.settings.all_configurations:
        folder = run.folder(configuration)
        begun = FinishedSteps(folder / SETTINGS)
        for key, value in run.settings.record().items():
            before = begun.get(key)
            if before is not None and before != value:
                raise TrainingError(
                    f"{folder} was begun with {key.replace('_', ' ')} {before}, not {value}: give "
                    "the same to go on, or choose another folder with --work to train anew."
                )


def note_settings(run: Run, configuration: str) -> None:
    """Note what a configuration is begun with."""
    begun = FinishedSteps(run.folder(configuration) / SETTINGS)
    for key, value in run.settings.record().items():
        begun.add(key, value)


def require_free_name(run: Run) -> None:
    """Not to replace another training's model.

    Raises
    ------
    TrainingError
        Its name is taken.
    """
    target = models_folder() / run.name
    origin = FinishedSteps(target / ORIGIN).get("trained")
    if target.exists() and origin != str(run.folder(run.settings.configurations[0])):
        raise TrainingError(
            f"There is a model {run.name} already, from another training: choose another --name, "
            f"or remove {target}."
        )
