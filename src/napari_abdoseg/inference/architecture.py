"""Networks as nnU-Net builds them, their weights not yet loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_abdoseg.errors import ModelError

if TYPE_CHECKING:
    from torch import nn

    from napari_abdoseg.inference.trained_configuration import TrainedConfiguration

TRUSTED = ("dynamic_network_architectures.", "torch.nn.")
"""Packages whose classes plans may name."""
PLANS_ALONE = frozenset(
    {
        "nnUNetTrainer",
        "nnUNetTrainerDA5",
        "nnUNetTrainerNoDA",
        "nnUNetTrainerNoMirroring",
        *(f"nnUNetTrainer_{epochs}epochs" for epochs in (50, 100, 250, 500, 2000, 4000, 8000)),
    }
)
"""Trainers whose networks are what the plans say: importing nnU-Net's trainers takes seconds."""


def build_network(trained: TrainedConfiguration) -> nn.Module:
    """Build a network of some trained folds.

    Raises
    ------
    ModelError
        Trainer or architecture are not nnU-Net's own.
    """
    _require_trusted(trained)
    channels, heads = trained.input_channels, trained.label_manager.num_segmentation_heads
    trainer = trained.members[0].trainer
    if trainer in PLANS_ALONE:
        network = _from_plans(trained.configured, channels, heads)
    else:
        network = _trainer_class(trained).build_network_architecture(
            trained.plans, trained.configured, channels, heads, enable_deep_supervision=False
        )
    return network.eval()


def _from_plans(configured: Any, channels: int, heads: int) -> nn.Module:
    from nnunetv2.utilities.get_network_from_plans import get_network_from_plans

    network: nn.Module = get_network_from_plans(
        configured.network_arch_class_name,
        configured.network_arch_init_kwargs,
        configured.network_arch_init_kwargs_req_import,
        channels,
        heads,
        allow_init=False,
        deep_supervision=False,
    )
    return network


def _trainer_class(trained: TrainedConfiguration) -> Any:
    from nnunetv2.utilities.find_objects import recursive_find_trainer_class_by_name

    name = trained.members[0].trainer
    try:
        return recursive_find_trainer_class_by_name(name)
    except (RuntimeError, AssertionError, TypeError) as error:
        raise ModelError(
            f"The model {trained.model.folder} was trained with {name}, which is no trainer of "
            "the installed nnU-Net: install the nnU-Net that has it."
        ) from error


def _require_trusted(trained: TrainedConfiguration) -> None:
    """Plans name classes to import."""
    configured = trained.configured
    arguments = configured.network_arch_init_kwargs
    imported = [arguments.get(key) for key in configured.network_arch_init_kwargs_req_import]
    for name in [configured.network_arch_class_name, *imported]:
        if name is not None and not str(name).startswith(TRUSTED):
            raise ModelError(
                f"plans.json of the model {trained.model.folder} asks for the class {name}, which "
                "is not nnU-Net's own, and is refused, since it could run any code."
            )
