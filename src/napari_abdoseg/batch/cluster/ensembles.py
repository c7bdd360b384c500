"""Ensembles that work elsewhere: loaded here to be checked, and there to work."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from napari_abdoseg.batch.cluster.needed_model import find_model
from napari_abdoseg.batch.goal import SegmentationJob
from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.chosen_folds import ChosenFolds
from napari_abdoseg.inference.model.ensemble import Ensemble, loading_ensemble
from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.progress import Work, relay

_loading = threading.Lock()
_loaded: dict[tuple[str, ...], Ensemble] = {}
"""The last ensemble of this worker, by the SHA-256 of its models."""


def loading_to_send(
    models: str | Path | Model | Sequence[str | Path | Model] = "demo",
    folds: Iterable[int | str] | None = None,
) -> Work[Ensemble]:
    """Load an ensemble that works elsewhere; see `loading_ensemble`.

    It is checked here, and nothing is said of a device.
    """
    loading = loading_ensemble(models, folds, "cpu")
    return (yield from relay(loading, lambda progress: replace(progress, notice=None)))


def missing_models(job: SegmentationJob) -> tuple[ChosenFolds, ...]:
    """Models of a job that this machine does not have."""
    return tuple(model for model in job.models if find_model(model) is None)


def ensemble_of(job: SegmentationJob) -> Ensemble:
    """The ensemble of a job on this machine's device, loaded once.

    Raises
    ------
    AbdosegError
        See `SegmentationJob.load`; or a model is not here.
    """
    models = tuple(model.sha256 for model in job.models)
    with _loading:
        if models not in _loaded:
            _loaded.clear()
            _loaded[models] = job.with_models(tuple(map(_found, job.models))).load()
        return _loaded[models]


def _found(needed: ChosenFolds) -> ChosenFolds:
    if found := find_model(needed):
        return found
    raise ModelError(
        f"The model {needed.model.name} was removed from a worker: start the command again."
    )
