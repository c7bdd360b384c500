"""One training, its folders and its record."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_abdoseg.evaluation.processes import available_cores
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.training.devices import Slot
from napari_abdoseg.training.finished_steps import FinishedSteps
from napari_abdoseg.training.folders import Folders
from napari_abdoseg.training.nnunet_process import NnunetProcess, following
from napari_abdoseg.training.settings import TrainingSettings

MOST_PROCESSES = 8

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """A training as it was asked for.

    Parameters
    ----------
    folders : Folders
    settings : TrainingSettings
    slots : tuple of Slot
        Devices that train, a fold each at a time.
    name : str
        By which the model is to be known.
    """

    folders: Folders
    settings: TrainingSettings
    slots: tuple[Slot, ...]
    name: str

    @property
    def steps(self) -> FinishedSteps:
        """Steps of the data set that are finished."""
        return FinishedSteps(self.folders.preprocessed / "abdoseg_steps.json")

    @property
    def plans(self) -> dict[str, Any]:
        """The plans that are trained with."""
        text = self.folders.plans(self.settings.plans).read_text(encoding="utf-8")
        return dict(json.loads(text))

    def folder(self, configuration: str) -> Path:
        """nnU-Net's model folder of a configuration."""
        return self.folders.trained(self.settings.trainer, self.settings.plans, configuration)

    def follow(
        self,
        step: str,
        arguments: Mapping[str, Any],
        stage: str,
        environment: Mapping[str, str] | None = None,
        place: Path | None = None,
    ) -> Work[Any]:
        """Have nnU-Net do a step; progress is the cases that are in a place."""
        total = len(self.folders.dataset.training) if place else 0
        process = NnunetProcess(
            step,
            arguments,
            self.folders.environment() | dict(environment or {}),
            self.folders.preprocessed / "abdoseg.log",
        )
        _log.info("nnU-Net's step %s says more in %s", step, process.log)

        def report() -> Progress:
            return Progress(stage, count_cases(place) if place else 0, total)

        return (yield from following(process, report))


def count_cases(folder: Path) -> int:
    """Preprocessed cases in a folder."""
    return sum(1 for _ in folder.glob("*.pkl"))


def processes() -> int:
    """Processes that work on cases side by side."""
    return min(available_cores(), MOST_PROCESSES)
