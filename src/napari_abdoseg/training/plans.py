"""Plans of nnU-Net's, changed in copies with names of their own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import TrainingError
from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.inference.model.network_plan import trusted_plans
from napari_abdoseg.training.folders import Folders
from napari_abdoseg.training.settings import TrainingSettings


def copy_plans(folders: Folders, settings: TrainingSettings) -> None:
    """Write the plans with another batch size, under their own name.

    They share the preprocessed cases of those that they are a copy of.
    """
    if settings.batch_size is None or settings.start_from:
        return
    plans = _read(folders.plans(settings.planned))
    _write(folders, settings, plans)


def take_over_plans(model_folder: Path, folders: Folders, settings: TrainingSettings) -> None:
    """Write the plans of a trained model for this data set, under their own name.

    As nnU-Net's ``nnUNetv2_move_plans_between_datasets`` does: the same spacing, patches,
    network and normalisation, so that the model's weights can be trained on.

    Raises
    ------
    TrainingError
        The model finds other organs.
    ModelError
        It is no complete model, or its plans name what may not be called.
    """
    model = read_model(model_folder)
    for name in settings.all_configurations:
        if name in model.plans["configurations"]:
            trusted_plans(model.plans, name, model_folder / "plans.json")
    content = folders.dataset.content
    if model.dataset["labels"] != content["labels"]:
        raise TrainingError(
            f"The model {model_folder} finds {', '.join(organ.name for organ in model.organs)}, "
            f"and {folders.dataset.name} has labels of {', '.join(content['labels'])}: convert the "
            "data set to the model's labels and values, or train anew."
        )
    plans = dict(model.plans) | {"dataset_name": folders.dataset.name}
    for name, configuration in plans["configurations"].items():
        if "data_identifier" in configuration:
            configuration["data_identifier"] = f"{_without_batch(settings)}_{name}"
    _write(folders, settings, plans)


def _without_batch(settings: TrainingSettings) -> str:
    ending = f"_batch{settings.batch_size}"
    return settings.plans.removesuffix(ending)


def _write(folders: Folders, settings: TrainingSettings, plans: dict[str, Any]) -> None:
    plans["plans_name"] = settings.plans
    for configuration in plans["configurations"].values():
        if settings.batch_size and "batch_size" in configuration:
            configuration["batch_size"] = settings.batch_size
    write_text(folders.plans(settings.plans), json.dumps(plans, indent=2) + "\n")


def _read(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8")))
