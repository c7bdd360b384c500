"""Folders in which small trainings are done."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from raw_datasets import SPACING

from napari_abdoseg.training.devices import make_slots
from napari_abdoseg.training.folders import Folders
from napari_abdoseg.training.run import Run
from napari_abdoseg.training.settings import TrainingSettings
from napari_abdoseg.training.trainable import read_trainable

SETTINGS = {
    "planner": "small",
    "spacing": SPACING,
    "epochs": 2,
    "iterations": 1,
    "trainer": "nnUNetTrainerNoDA",
}


@dataclass(frozen=True)
class Place:
    """A folder for trainings."""

    raw: Path
    work: Path

    def run(self, name: str = "tiny", devices: str = "cpu", **settings) -> Run:
        folders = Folders(read_trainable(self.raw), self.work)
        return Run(
            folders, TrainingSettings(**SETTINGS | settings), make_slots(devices, False), name
        )
