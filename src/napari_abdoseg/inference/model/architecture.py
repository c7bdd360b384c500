"""Networks as nnU-Net builds them, their weights not yet loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_abdoseg.inference.model.trusted_names import nnunet_class, unusable

if TYPE_CHECKING:
    from torch import nn

    from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration

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


NOT_BUILT = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    ImportError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What nnU-Net raises where plans describe no network."""
TRAINERS = "nnunetv2.training.nnUNetTrainer"


def build_network(trained: TrainedConfiguration) -> nn.Module:
    """Build a network of some trained folds, on the device that is torch's default.

    Raises
    ------
    ModelError
        Trainer or architecture are not nnU-Net's own, or can't be built.
    """
    channels, heads = trained.input_channels, trained.model.described.heads
    trainer = trainer_class(trained.members[0].trainer)
    try:
        if trainer is None:
            return trained.network_plan.build(channels, heads).eval()
        network: nn.Module = trainer.build_network_architecture(
            trained.plans, trained.configured, channels, heads, enable_deep_supervision=False
        )
    except NOT_BUILT as error:
        raise unusable(trained.plans_path, "a network", str(error)) from error
    return network.eval()


def trainer_class(name: str) -> Any:
    """A trainer that may build networks of its own; None if they are what the plans say.

    So they are taken to be of a trainer that the installed nnU-Net does not have; whether
    the weights agree is seen as they are loaded.
    """
    if name in PLANS_ALONE:
        return None
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

    return nnunet_class(name, TRAINERS, nnUNetTrainer)


def is_foreign(trainer: str) -> bool:
    """Whether the installed nnU-Net does not have a trainer."""
    return trainer not in PLANS_ALONE and trainer_class(trainer) is None
