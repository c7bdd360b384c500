"""Trained folds read from a model folder, and checked to belong together."""

from __future__ import annotations

from collections.abc import Iterable

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.checkpoint import read_checkpoint
from napari_abdoseg.inference.device import Device
from napari_abdoseg.inference.model import Model
from napari_abdoseg.inference.trained_configuration import TrainedConfiguration
from napari_abdoseg.progress import Progress, Work

STAGE = "Loading the model"


def loading_configuration(
    model: Model, folds: Iterable[int | str] | None, device: Device
) -> Work[TrainedConfiguration]:
    """Read a model's folds one by one.

    Raises
    ------
    ModelError
        A fold is missing, can't be read or trusted, or does not fit the model's plans.
    """
    chosen = model.choose_folds(folds)
    members = []
    for fold in chosen:
        members.append(read_checkpoint(model.checkpoint(fold)))
        yield Progress(STAGE, 0, 0)
    trained = TrainedConfiguration(model, chosen, tuple(members), device)
    _require_one_training(trained)
    _require_supported_configuration(trained)
    _require_fitting_weights(trained)
    return trained


def _require_one_training(trained: TrainedConfiguration) -> None:
    for fold, member in zip(trained.folds, trained.members, strict=True):
        if member.configuration != trained.name:
            raise ModelError(
                f"{trained.model.checkpoint(fold)} is a fold of {member.configuration}, the "
                f"others are of {trained.name}: put each in a folder of its own."
            )


def _require_supported_configuration(trained: TrainedConfiguration) -> None:
    configurations = trained.model.plans["configurations"]
    if trained.name not in configurations:
        raise ModelError(
            f"{trained.model.checkpoint(trained.folds[0])} was trained in the configuration "
            f"{trained.name}, which plans.json beside it does not have: the two are from "
            "different trainings; copy the model folder again."
        )
    if configurations[trained.name].get("previous_stage"):
        raise ModelError(
            f"The model {trained.model.folder} is the second stage of a cascade, which is not "
            "supported yet: choose a 3d_fullres, 3d_lowres or 2d model."
        )


def _require_fitting_weights(trained: TrainedConfiguration) -> None:
    expected = {name: value.shape for name, value in trained.build_network().state_dict().items()}
    for fold, member in zip(trained.folds, trained.members, strict=True):
        if {name: value.shape for name, value in member.weights.items()} != expected:
            raise ModelError(
                f"{trained.model.checkpoint(fold)} does not fit plans.json beside it: it was "
                "trained with other plans; copy the model folder again."
            )
