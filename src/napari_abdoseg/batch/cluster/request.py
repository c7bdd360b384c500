"""What is asked of each worker of a cluster."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Self

from napari_abdoseg.batch.cluster.needed_model import NeededModel
from napari_abdoseg.batch.recipe import Asked
from napari_abdoseg.batch.work_order import chosen_folds
from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.ensemble import Ensemble, load_ensemble, loading_ensemble
from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.progress import Work, relay

_loading = threading.Lock()


@dataclass(frozen=True)
class Request:
    """Which models work, and how.

    Parameters
    ----------
    models : tuple of NeededModel
        One a configuration.
    folds : tuple of str, optional
        Of each model; all by default.
    asked : Asked
    """

    models: tuple[NeededModel, ...]
    folds: tuple[str, ...] | None
    asked: Asked

    @classmethod
    def of(cls, ensemble: Ensemble, preset: str, disagreement: bool = False) -> Self:
        """The same that an ensemble of this machine would be asked.

        Raises
        ------
        AbdosegError
            See `Asked.of`.
        """
        models = tuple(map(NeededModel.of, ensemble.configurations))
        return cls(models, chosen_folds(ensemble), Asked.of(ensemble, preset, disagreement))

    def missing(self) -> tuple[NeededModel, ...]:
        """Models that this machine does not have."""
        return tuple(model for model in self.models if model.find() is None)

    def load(self) -> Ensemble:
        """The ensemble on this machine's device, read once.

        Raises
        ------
        AbdosegError
            See `load_ensemble`.
        """
        with _loading:
            return _load(self.models, self.folds)


def loading_to_send(
    models: str | Path | Model | Sequence[str | Path | Model] = "demo",
    folds: Iterable[int | str] | None = None,
) -> Work[Ensemble]:
    """Load an ensemble that works elsewhere; see `loading_ensemble`.

    It is checked here, and nothing is said of a device.
    """
    loading = loading_ensemble(models, folds, "cpu")
    return (yield from relay(loading, lambda progress: replace(progress, notice=None)))


@lru_cache(maxsize=1)
def _load(models: tuple[NeededModel, ...], folds: tuple[str, ...] | None) -> Ensemble:
    folders = [model.find() for model in models]
    if None in folders:
        raise ModelError(
            f"The model {models[folders.index(None)].name} was removed from a worker: start the "
            "command again."
        )
    return load_ensemble([folder for folder in folders if folder], folds)
