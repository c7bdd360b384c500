"""Ensembles: the trained folds of a model, ready to work."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.checkpoint import Checkpoint, read_checkpoint
from napari_abdoseg.inference.device import Device, choose_device
from napari_abdoseg.inference.model import Model, read_model
from napari_abdoseg.inference.startup import prepare_for_torch
from napari_abdoseg.progress import Progress, Work, drain

if TYPE_CHECKING:
    from torch import nn

LOADING = "Loading the model"


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Folds of one model on one device.

    Parameters
    ----------
    model : Model
    folds : tuple of str
    members : tuple of Checkpoint
        One a fold, in the same order; weights stay in main memory.
    device : Device
    """

    model: Model
    folds: tuple[str, ...]
    members: tuple[Checkpoint, ...]
    device: Device

    @property
    def configuration(self) -> str:
        """nnU-Net configuration that the folds were trained in."""
        return self.members[0].configuration

    @cached_property
    def plans(self) -> Any:
        """nnU-Net's ``PlansManager``."""
        from nnunetv2.utilities.plans_handling.plans_handler import PlansManager

        return PlansManager(self.model.plans)

    @cached_property
    def configured(self) -> Any:
        """nnU-Net's ``ConfigurationManager``."""
        return self.plans.get_configuration(self.configuration)

    @cached_property
    def label_manager(self) -> Any:
        """nnU-Net's ``LabelManager``."""
        return self.plans.get_label_manager(self.model.dataset)

    def build_network(self) -> nn.Module:
        """A network of the ensemble's architecture, its weights not yet loaded.

        Raises
        ------
        ModelError
            Trainer or architecture are not nnU-Net's own.
        """
        from nnunetv2.utilities.find_objects import recursive_find_trainer_class_by_name

        _require_known_architecture(self.model, self.configured)
        name = self.members[0].trainer
        try:
            trainer = recursive_find_trainer_class_by_name(name)
        except (RuntimeError, AssertionError, TypeError) as error:
            raise ModelError(
                f"The model {self.model.folder} was trained with {name}, which is no trainer of "
                "the installed nnU-Net: install the nnU-Net that has it."
            ) from error
        network: nn.Module = trainer.build_network_architecture(
            self.plans,
            self.configured,
            len(self.model.channels),
            self.label_manager.num_segmentation_heads,
            enable_deep_supervision=False,
        )
        return network.eval()


def load_ensemble(
    name_or_folder: str | Path = "demo",
    folds: Iterable[int | str] | None = None,
    device: str = "auto",
) -> Ensemble:
    """Load the folds of a model.

    Parameters
    ----------
    name_or_folder : str or Path
        ``"demo"``, or an nnU-Net v2 model folder.
    folds : iterable of int or str, optional
        Folds to use; all by default.
    device : str, optional
        ``"auto"`` (CUDA, else MPS, else CPU), ``"cpu"``, ``"cuda"``, ``"cuda:1"``,
        ``"mps"``.

    Raises
    ------
    ModelError
        The folder is no complete model, a checkpoint can't be read or trusted,
        or does not fit the model's plans.
    DeviceError
        The device is not on this machine.
    """
    return drain(loading_ensemble(name_or_folder, folds, device))


def loading_ensemble(
    name_or_folder: str | Path = "demo",
    folds: Iterable[int | str] | None = None,
    device: str = "auto",
) -> Work[Ensemble]:
    """Load the folds of a model one by one; see `load_ensemble`.

    Yields
    ------
    Progress
        One of them says which device was taken and why.
    """
    yield Progress(LOADING, 0, 0)
    prepare_for_torch()
    model = read_model(name_or_folder)
    chosen = model.choose_folds(folds)
    members = []
    for fold in chosen:
        members.append(read_checkpoint(model.checkpoint(fold)))
        yield Progress(LOADING, 0, 0)
    ensemble = Ensemble(model, chosen, tuple(members), choose_device(device))
    where = ensemble.device
    yield Progress(LOADING, 0, 0, f"Running on {where.name}: {where.reason}")
    _require_one_training(ensemble)
    _require_supported_configuration(ensemble)
    _require_fitting_weights(ensemble)
    return ensemble


def _require_one_training(ensemble: Ensemble) -> None:
    for fold, member in zip(ensemble.folds, ensemble.members, strict=True):
        if member.configuration != ensemble.configuration:
            raise ModelError(
                f"{ensemble.model.checkpoint(fold)} is a fold of {member.configuration}, the "
                f"others are of {ensemble.configuration}: put each in a folder of its own."
            )


def _require_supported_configuration(ensemble: Ensemble) -> None:
    configurations = ensemble.model.plans["configurations"]
    if ensemble.configuration not in configurations:
        raise ModelError(
            f"{ensemble.model.checkpoint(ensemble.folds[0])} was trained in the configuration "
            f"{ensemble.configuration}, which plans.json beside it does not have: the two are from "
            "different trainings; copy the model folder again."
        )
    if configurations[ensemble.configuration].get("previous_stage"):
        raise ModelError(
            f"The model {ensemble.model.folder} is the second stage of a cascade, which is not "
            "supported yet: choose a 3d_fullres, 3d_lowres or 2d model."
        )


def _require_fitting_weights(ensemble: Ensemble) -> None:
    expected = {name: value.shape for name, value in ensemble.build_network().state_dict().items()}
    for fold, member in zip(ensemble.folds, ensemble.members, strict=True):
        if {name: value.shape for name, value in member.weights.items()} != expected:
            raise ModelError(
                f"{ensemble.model.checkpoint(fold)} does not fit plans.json beside it: it was "
                "trained with other plans; copy the model folder again."
            )


def _require_known_architecture(model: Model, configured: Any) -> None:
    """Plans name classes to import: only nnU-Net's and torch's own are let through."""
    arguments = configured.network_arch_init_kwargs
    imported = [arguments.get(key) for key in configured.network_arch_init_kwargs_req_import]
    trusted = ("dynamic_network_architectures.", "torch.nn.")
    for name in [configured.network_arch_class_name, *imported]:
        if name is not None and not str(name).startswith(trusted):
            raise ModelError(
                f"plans.json of the model {model.folder} asks for the class {name}, which is not "
                "nnU-Net's own, and is refused, since it could run any code."
            )
