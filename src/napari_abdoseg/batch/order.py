"""How the devices of one machine are to reach a run's goal."""

from __future__ import annotations

from dataclasses import dataclass

from napari_abdoseg.batch.goal import Goal
from napari_abdoseg.inference.model.ensemble import Ensemble


@dataclass(frozen=True, eq=False)
class Order:
    """How the devices of one machine are to reach a run's goal.

    Parameters
    ----------
    ensemble : Ensemble
    goal : Goal
    workers : int
        Cases that are prepared, and written, side by side.
    foretell : bool, optional
        Tell of the first case before what it will take.
    """

    ensemble: Ensemble
    goal: Goal
    workers: int
    foretell: bool = False
