"""What a training is to be."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import TrainingError

CONFIGURATIONS = ("2d", "3d_fullres", "3d_lowres", "3d_cascade_fullres")
FIRST_STAGE, SECOND_STAGE = "3d_lowres", "3d_cascade_fullres"
PLANNERS = {
    "default": "ExperimentPlanner",
    "ResEncM": "nnUNetPlannerResEncM",
    "ResEncL": "nnUNetPlannerResEncL",
    "ResEncXL": "nnUNetPlannerResEncXL",
    "small": "SmallPlanner",
}
"""nnU-Net's planners by the names of their networks, and ours for a CPU."""
PLANS = {
    "default": "nnUNetPlans",
    "ResEncM": "nnUNetResEncUNetMPlans",
    "ResEncL": "nnUNetResEncUNetLPlans",
    "ResEncXL": "nnUNetResEncUNetXLPlans",
    "small": "abdosegSmallPlans",
}
ALL_FOLDS = (0, 1, 2, 3, 4)
OPTIMIZERS = ("SGD", "AdamW")
LEARNING_RATE, FINE_TUNING_RATE = 1e-2, 1e-3
SMALL: dict[str, Any] = {
    "trainer": "nnUNetTrainerNoDA",
    "optimizer": "AdamW",
    "learning_rate": 3e-3,
    "epochs": 100,
    "iterations": 20,
}
"""What suits small networks: few steps, for which nnU-Net's SGD is too slow."""


@dataclass(frozen=True)
class TrainingSettings:
    """Settings of one training, which stay the same when it goes on after a stop.

    Parameters
    ----------
    configurations : tuple of str
        Of ``2d``, ``3d_fullres``, ``3d_lowres`` and ``3d_cascade_fullres``.
    folds : tuple of int
        Of the five of nnU-Net's cross-validation.
    epochs, iterations : int
        Epochs of each fold, and steps of an epoch.
    batch_size : int, optional
        Patches of a step; as planned by default.
    planner : str
        ``default``, ``ResEncM``, ``ResEncL``, ``ResEncXL``, or ``small`` for a CPU.
    spacing : tuple of float, optional
        mm along the axes of nnU-Net that 3d_fullres works at; as planned by default.
    trainer : str
        Name of one of nnU-Net's trainers.
    optimizer : str
        ``SGD``, as nnU-Net has it, or ``AdamW``.
    learning_rate : float, optional
        At the start; 0.01 by default, and 0.001 for fine-tuning.
    start_from : Path, optional
        Model folder whose plans and weights are the beginning.

    Raises
    ------
    TrainingError
        Some of them can't be.
    """

    configurations: tuple[str, ...] = ("3d_fullres",)
    folds: tuple[int, ...] = ALL_FOLDS
    epochs: int = 1000
    iterations: int = 250
    batch_size: int | None = None
    planner: str = "ResEncM"
    spacing: tuple[float, float, float] | None = None
    trainer: str = "nnUNetTrainer"
    optimizer: str = "SGD"
    learning_rate: float | None = None
    start_from: Path | None = None

    def __post_init__(self) -> None:
        _require_known("configuration", self.configurations, CONFIGURATIONS)
        _require_known("fold", self.folds, ALL_FOLDS)
        _require_known("planner", (self.planner,), tuple(PLANNERS))
        _require_known("optimizer", (self.optimizer,), OPTIMIZERS)
        if not self.trainer.isidentifier():
            raise TrainingError(f"{self.trainer!r} is no name of a trainer, such as nnUNetTrainer.")
        counts = {"epochs": self.epochs, "iterations": self.iterations}
        if self.batch_size is not None:
            counts["batch size"] = self.batch_size
        for name, count in counts.items():
            if count < 1:
                raise TrainingError(f"A training needs one at least of {name}, not {count}.")
        if SECOND_STAGE in self.configurations and set(self.folds) != set(ALL_FOLDS):
            raise TrainingError(
                f"{SECOND_STAGE} learns from what all five folds of {FIRST_STAGE} find: train all "
                "folds, or another configuration."
            )
        if self.spacing and min(self.spacing) <= 0:
            raise TrainingError(f"A spacing must be more than 0 mm, not {min(self.spacing)} mm.")

    @property
    def first_rate(self) -> float:
        """Learning rate at the start."""
        return self.learning_rate or (FINE_TUNING_RATE if self.start_from else LEARNING_RATE)

    @property
    def stages(self) -> tuple[tuple[str, ...], ...]:
        """Configurations that can be trained together; a cascade's second one comes after."""
        wanted = dict.fromkeys(self.configurations)
        if SECOND_STAGE not in wanted:
            return (tuple(wanted),)
        wanted.pop(SECOND_STAGE)
        return (tuple({**wanted, FIRST_STAGE: None}), (SECOND_STAGE,))

    @property
    def all_configurations(self) -> tuple[str, ...]:
        """Those asked for, and the first stage of a cascade."""
        return tuple(name for stage in self.stages for name in stage)

    @property
    def planned(self) -> str:
        """Identifier of the plans that the planner makes."""
        name = PLANS[self.planner]
        return f"{name}_{_joined(self.spacing)}mm" if self.spacing else name

    @property
    def plans(self) -> str:
        """Identifier of the plans that are trained with."""
        name = (
            f"{PLANS[self.planner]}_from_{self.start_from.name}"
            if self.start_from
            else self.planned
        )
        return f"{name}_batch{self.batch_size}" if self.batch_size else name

    def record(self) -> dict[str, Any]:
        """What must stay the same while the training goes on, for a JSON file."""
        kept = asdict(self) | {"learning_rate": self.first_rate}
        kept["start_from"] = str(self.start_from) if self.start_from else None
        names = ("epochs", "iterations", "optimizer", "learning_rate", "start_from")
        return {name: kept[name] for name in names}


def make_settings(planner: str, **given: Any) -> TrainingSettings:
    """Settings with what suits a planner where none are given.

    Parameters
    ----------
    planner : str
    **given
        Of `TrainingSettings`; None where a default is to be taken.

    Raises
    ------
    TrainingError
        Some of them can't be.

    Examples
    --------
    >>> from napari_abdoseg.training.settings import make_settings
    >>> make_settings("small", folds=(0,), epochs=20).epochs
    20
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    return TrainingSettings(planner=planner, **((SMALL if planner == "small" else {}) | chosen))


def _joined(spacing: tuple[float, ...]) -> str:
    return "x".join(f"{step:g}" for step in spacing)


def _require_known(what: str, chosen: tuple[Any, ...], known: tuple[Any, ...]) -> None:
    unknown = [each for each in chosen if each not in known]
    if unknown or not chosen:
        raise TrainingError(
            f"There is no {what} {', '.join(map(str, unknown)) or '(none given)'}: choose among "
            f"{', '.join(map(str, known))}."
        )
