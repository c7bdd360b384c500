"""Trained folds read from a model folder, and checked to belong together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.hardware.device import Device
from napari_abdoseg.inference.model.architecture import build_network, is_foreign
from napari_abdoseg.inference.model.card import CARD, read_card
from napari_abdoseg.inference.model.checkpoint import read_checkpoint
from napari_abdoseg.inference.model.chosen_folds import ChosenFolds
from napari_abdoseg.inference.model.model_folder import (
    CHECKPOINT,
    Model,
    read_stage_folder,
    require_same_labels,
)
from napari_abdoseg.inference.model.network_memory import require_fitting_network
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.progress import Progress, Work

STAGE = "Loading the model"
Pick = Callable[[tuple[str, ...]], tuple[str, ...]]
"""Picks some of a model's folds."""

_log = logging.getLogger(__name__)


def all_of(folds: tuple[str, ...]) -> tuple[str, ...]:
    """All of a model's folds."""
    return folds


def loading_configuration(
    model: Model,
    folds: Iterable[int | str] | None,
    device: Device,
    used: Pick = all_of,
    first_stage: ChosenFolds | None = None,
) -> Work[TrainedConfiguration]:
    """Read a model's folds one by one, and of a cascade's first stage those that are known, or all.

    All folds of the model that finds its region come first. Of each, those are read that are
    used.

    Raises
    ------
    ModelError
        A fold is missing, can't be read or trusted, or does not fit the model's plans; or
        the model of the first stage is not beside that of the second.
    """
    finder = None
    if model.region_model is not None:
        finder = yield from loading_configuration(model.region_model, None, device, used)
    trained = yield from _loading_stage(model, folds, device, used)
    trained = replace(trained, region_finder=finder)
    if trained.planned.previous_stage is None:
        return trained
    if first_stage:
        first = yield from _loading_stage(first_stage.model, first_stage.folds, device, used)
    else:
        first = yield from _loading_stage(_find_first_stage(trained), None, device, used)
    if first.planned.previous_stage is not None:
        raise ModelError(
            f"The model {first.model.folder} is the first stage of a cascade, and its plans.json "
            "says that it has one before it: copy both model folders again."
        )
    require_same_labels(model, first.model)
    return replace(trained, previous_stage=first)


def _find_first_stage(second: TrainedConfiguration) -> Model:
    """Model of a cascade's first stage, in the folder of the second, or beside it.

    It sees scans along the axes of the second, unless its own card says otherwise.

    Raises
    ------
    ModelError
        It is not there, or no complete model.
    """
    folder = second.first_stage_folder
    if not folder.is_dir():
        raise ModelError(
            f"The model {second.model.folder} is the second stage of a cascade, and its first "
            f"stage, the model folder {folder}, is not there: copy it there from where it was "
            "trained."
        )
    first, axes = read_stage_folder(folder), second.model.card.axes
    return first if first.card.names_axes else replace(first, card=first.card.with_axes(axes))


def _loading_stage(
    model: Model, folds: Iterable[int | str] | None, device: Device, used: Pick
) -> Work[TrainedConfiguration]:
    chosen = used(model.choose_folds(folds))
    members = []
    for fold in chosen:
        members.append(read_checkpoint(model.checkpoint(fold)))
        yield Progress(STAGE, 0, 0)
    trained = TrainedConfiguration(model, chosen, tuple(members), device)
    _require_one_training(trained)
    _require_planned_configuration(trained)
    _require_fitting_weights(trained)
    _tell_log(trained)
    for notice in _notices(trained):
        _log.warning("%s", notice)
        yield Progress(STAGE, 0, 0, notice)
    return trained


def _tell_log(trained: TrainedConfiguration) -> None:
    _log.info(
        "Model %s, %s, folds %s, on %s: %s",
        trained.model.folder,
        trained.name,
        ", ".join(trained.folds),
        trained.device.name,
        trained.device.reason,
    )


def _notices(trained: TrainedConfiguration) -> Iterator[str]:
    """What of a model is not as nnU-Net would have it."""
    model, trainer = trained.model, trained.members[0].trainer
    if is_foreign(trainer):
        yield (
            f"The model {model.folder} was trained with {trainer}, which the installed nnU-Net "
            "does not have: its weights fit the network of plans.json, and that is used."
        )
    if model.is_of_totalsegmentator and not read_card(model.folder).names_axes:
        yield (
            f"The model {model.folder} has no {CARD} that names its axes; scans are turned to RAS "
            "for it, as TotalSegmentator turns them for its models."
        )
    for checkpoint in map(model.checkpoint, trained.folds):
        if checkpoint.name not in (CHECKPOINT, model.named_checkpoint):
            yield f"{checkpoint.parent} has no {CHECKPOINT}: {checkpoint.name} is used."


def _require_one_training(trained: TrainedConfiguration) -> None:
    for fold, member in zip(trained.folds, trained.members, strict=True):
        if member.configuration != trained.name:
            raise ModelError(
                f"{trained.model.checkpoint(fold)} is a fold of {member.configuration}, the "
                f"others are of {trained.name}: put each in a folder of its own."
            )


def _require_planned_configuration(trained: TrainedConfiguration) -> None:
    if trained.name not in trained.model.plans["configurations"]:
        raise ModelError(
            f"{trained.model.checkpoint(trained.folds[0])} was trained in the configuration "
            f"{trained.name}, which plans.json beside it does not have: the two are from "
            "different trainings; copy the model folder again."
        )


def _require_fitting_weights(trained: TrainedConfiguration) -> None:
    """Require weights of the very network that is planned, before it takes any memory."""
    import torch

    with torch.device("meta"):
        outline = build_network(trained)
    require_fitting_network(trained, outline)
    expected = {name: value.shape for name, value in outline.state_dict().items()}
    axes = range(len(trained.planned.patch_size))
    for fold, member in zip(trained.folds, trained.members, strict=True):
        fits = {name: value.shape for name, value in member.weights.items()} == expected
        if fits and set(member.mirror_axes) <= set(axes):
            continue
        path = trained.model.checkpoint(fold)
        if is_foreign(member.trainer):
            raise ModelError(
                f"The model {trained.model.folder} was trained with {member.trainer}, which is no "
                "trainer of the installed nnU-Net, and its network is not that of plans.json: "
                "install the nnU-Net that has it."
            )
        raise ModelError(
            f"{path} does not fit plans.json beside it: it was trained with other plans; copy the "
            "model folder again."
        )
