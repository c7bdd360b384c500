"""The ensemble that was loaded last, so that the next run need not read it again."""

from __future__ import annotations

from collections.abc import Sequence

from napari_abdoseg.inference.model.ensemble import Ensemble, loading_ensemble
from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.progress import Work

Settings = tuple[object, ...]


class LastEnsemble:
    """Keeps one ensemble, as long as all files that it was read from are what they were."""

    def __init__(self) -> None:
        self._kept: tuple[Settings, Ensemble] | None = None

    def loading(self, model: Model, folds: Sequence[str], device: str) -> Work[Ensemble]:
        """Load folds of a model, unless they are those that were loaded last.

        Raises
        ------
        AbdosegError
            See `loading_ensemble`.
        """
        settings = (model.folder, tuple(folds), device)
        if self._kept is None or self._kept[0] != settings or not self._kept[1].is_current:
            self._kept = None
            self._kept = settings, (yield from loading_ensemble(model, folds, device))
        return self._kept[1]
