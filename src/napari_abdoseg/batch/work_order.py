"""What a process that works on a device of its own is told, and tells, as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.goal import Goal
from napari_abdoseg.batch.order import Order
from napari_abdoseg.batch.recipe import Asked
from napari_abdoseg.batch.step import End, Step
from napari_abdoseg.errors import AbdosegError, SaveError
from napari_abdoseg.inference.model.ensemble import Ensemble, load_ensemble

READY = "ready"


@dataclass(frozen=True)
class WorkOrder:
    """An `Order` that another process can carry out.

    Parameters
    ----------
    models : tuple of str
        Folders.
    folds : tuple of str, optional
        Of each model; all by default.
    device : str
    preset : str
    disagreement : bool
    workers : int
    since : float, optional
        See `Goal`.
    """

    models: tuple[str, ...]
    folds: tuple[str, ...] | None
    device: str
    preset: str
    disagreement: bool
    workers: int
    since: float | None

    @classmethod
    def of(cls, order: Order, device: str) -> Self:
        """The same work on another device."""
        configurations = order.ensemble.configurations
        return cls(
            tuple(str(trained.model.folder) for trained in configurations),
            chosen_folds(order.ensemble),
            device,
            order.goal.asked.preset,
            order.goal.asked.disagreement,
            order.workers,
            order.goal.since,
        )

    def dumps(self) -> str:
        """As a line."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, line: str) -> Self:
        """From a line."""
        return cls(**json.loads(line))

    def prepare(self) -> Order:
        """Load the models.

        Raises
        ------
        AbdosegError
            See `load_ensemble`.
        """
        ensemble = load_ensemble(self.models, self.folds, self.device)
        asked = Asked.of(ensemble, self.preset, self.disagreement)
        return Order(ensemble, Goal(asked, self.since), self.workers)


def chosen_folds(ensemble: Ensemble) -> tuple[str, ...] | None:
    """Folds of each model; None where all of each work."""
    if all(trained.folds == trained.model.folds for trained in ensemble.configurations):
        return None
    return ensemble.configurations[0].folds


def dump_case(case: Case) -> str:
    """A case as a line."""
    return json.dumps([case.name, str(case.image.absolute()), str(case.output.absolute())])


def load_case(line: str) -> Case:
    """A case from a line."""
    name, image, output = json.loads(line)
    return Case(name, Path(image), Path(output))


def dump_step(step: Step) -> str:
    """A step as a line; its case by name."""
    end = step.end and step.end.value
    said = [step.case.name, step.stage, step.fraction, end, step.notice, step.part]
    return json.dumps(said)


def dump_error(error: AbdosegError) -> str:
    """Why no more can be done, as a line."""
    return json.dumps({"error": str(error), "of_saving": isinstance(error, SaveError)})


def load_error(said: Mapping[str, Any]) -> AbdosegError:
    """Why no more can be done, from what a line says."""
    kind = SaveError if said["of_saving"] else AbdosegError
    return kind(said["error"])


def load_step(said: list[Any], cases: Mapping[str, Case]) -> Step:
    """A step from what a line says."""
    name, stage, fraction, end, notice, part = said
    return Step(cases[name], stage, fraction, end and End(end), notice, part)
