"""What a run is to bring about, and the job that it gives those who work for it."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Self

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.finished import is_finished
from napari_abdoseg.batch.recipe import Recipe
from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.chosen_folds import ChosenFolds
from napari_abdoseg.inference.model.ensemble import Ensemble, loading_chosen
from napari_abdoseg.progress import drain


@dataclass(frozen=True)
class Goal:
    """A result of each case.

    Parameters
    ----------
    recipe : Recipe
        How results are to be made.
    since : float, optional
        Results that are older, in seconds of the system's clock, are made again.
    """

    recipe: Recipe
    since: float | None = None

    @classmethod
    def of(
        cls,
        ensemble: Ensemble,
        preset: str,
        disagreement: bool = False,
        overwrite: bool = False,
        logits: bool = False,
    ) -> Self:
        """Results of an ensemble, also of cases that are finished by now if they are overwritten.

        Raises
        ------
        AbdosegError
            See `Recipe.of`.
        """
        since = time.time() if overwrite else None
        return cls(Recipe.of(ensemble, preset, disagreement, logits), since)

    @property
    def replaces(self) -> bool:
        """Whether a result that is there is replaced, whatever it is."""
        return self.since is not None

    def is_reached(self, case: Case) -> bool:
        """Whether a case needs no more work.

        Raises
        ------
        AbdosegError
            There is another model's output, and it is not to be made again.
        """
        if self.since is not None and not _is_new(case, self.since):
            return False
        return is_finished(case, self.recipe)


@dataclass(frozen=True, eq=False)
class SegmentationJob:
    """What threads, processes and workers of a cluster alike are given to do.

    Parameters
    ----------
    goal : Goal
    models : tuple of ChosenFolds
        One a configuration, checked already.
    workers : int, optional
        Cases that are prepared, and written, side by side on each device of a machine.
    """

    goal: Goal
    models: tuple[ChosenFolds, ...]
    workers: int = 1

    @classmethod
    def for_this_machine(cls, ensemble: Ensemble, goal: Goal, workers: int = 1) -> Self:
        """The job of reaching a goal with the files that an ensemble was loaded from."""
        return cls(goal, ensemble.chosen, workers)

    @classmethod
    def for_others(cls, ensemble: Ensemble, goal: Goal) -> Self:
        """The same for machines that know a model's files by their SHA-256 alone."""
        return cls(goal, tuple(model.with_sha256() for model in ensemble.chosen))

    def load(self, device: str = "auto") -> Ensemble:
        """Load the models on a device of the machine that does the job.

        Raises
        ------
        ModelError
            Their files are no longer those that the goal is meant for; see `load_ensemble`, too.
        DeviceError
            The device is not on this machine.
        """
        ensemble, recipe = drain(loading_chosen(self.models, device)), self.goal.recipe
        asked_for = recipe.preset, recipe.disagreement, recipe.logits
        if Recipe.of(ensemble, *asked_for) != recipe:
            names = " or ".join(str(model.model.folder) for model in self.models)
            raise ModelError(
                f"A file of the model {names} has changed since the run began: start the same "
                "command again."
            )
        return ensemble

    def with_models(self, models: tuple[ChosenFolds, ...]) -> Self:
        """The same job where the models' files are in other places."""
        return replace(self, models=models)


def _is_new(case: Case, since: float) -> bool:
    try:
        return case.report.stat().st_mtime >= since
    except OSError:
        return False
