"""From a data set to an ensemble: fingerprint, plans, preprocessing, folds, cross-validation,
expected DSC.

nnU-Net does the work, in processes of its own. Everything that is finished is kept, so
that the same call goes on where the last one stopped.

Isensee, F., Jaeger, P. F., Kohl, S. A. A., Petersen, J., & Maier-Hein, K. H.
(2021). nnU-Net. Nature Methods, 18(2), 203-211.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.training.beginnings import (
    require_free_name,
    require_same_data,
    require_same_settings,
)
from napari_abdoseg.training.calibrating.calibrating import calibrating_models
from napari_abdoseg.training.folds import training_folds
from napari_abdoseg.training.outcome import CrossValidation, cross_validating, export_models
from napari_abdoseg.training.planning import planning, trying_steps
from napari_abdoseg.training.preparing import preprocessing
from napari_abdoseg.training.run import Run
from napari_abdoseg.training.run_lock import locked


@dataclass(frozen=True)
class Trained:
    """What a training gave.

    Parameters
    ----------
    models : dict of str to Model
        Each configuration, known by its name from now on.
    folders : dict of str to Path
        nnU-Net's model folder of each, with logs and validation.
    cross_validation : CrossValidation
    """

    models: dict[str, Model]
    folders: dict[str, Path]
    cross_validation: CrossValidation

    @property
    def best(self) -> tuple[Model, ...]:
        """The model, or the models whose mean, nnU-Net chooses."""
        return tuple(self.models[name] for name in self.cross_validation.best)


def training(run: Run) -> Work[Trained]:
    """Train an ensemble, or go on with it.

    Yields
    ------
    Progress
        Of each step.

    Raises
    ------
    TrainingError
        It was begun with other data or settings, its name is taken, a batch does not fit
        into memory, the disk is too small, nnU-Net failed, or another process trains here.
    """
    with locked(run.folders.work / f".{run.folders.dataset.name}.lock"):
        yield Progress("Looking at the data set", 0, 0)
        require_same_data(run)
        require_same_settings(run)
        require_free_name(run)
        yield from planning(run)
        yield from trying_steps(run)
        yield from preprocessing(run)
        for configurations in run.settings.stages:
            yield from training_folds(run, configurations)
        cross_validation = yield from cross_validating(run)
        yield Progress("Copying the model", 0, 0)
        models = yield from calibrating_models(run, export_models(run))
        return Trained(models, {name: run.folder(name) for name in models}, cross_validation)
