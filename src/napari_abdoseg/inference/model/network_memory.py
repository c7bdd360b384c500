"""Memory that a network takes, known before it is built."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.hardware.memory import available_bytes

if TYPE_CHECKING:
    from torch import nn

    from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration

SINGLE, HALF = 4, 2
HELD = 5
"""Images of a stage's width that a U-Net's decoder holds together: what comes from below, what the
encoder gave, both in one of twice the width, and what a layer makes of them."""
CLASSES_AT_ONCE = 16
"""Classes whose logits a CPU makes together: a multiple of the channels that oneDNN takes together,
so that each class is summed as ever."""
GB = 1e9


def require_fitting_network(trained: TrainedConfiguration, outline: nn.Module) -> None:
    """Require that a network can be on this machine at all.

    Parameters
    ----------
    trained : TrainedConfiguration
    outline : Module
        The network on torch's device ``meta``, where it takes no memory.

    Raises
    ------
    ModelError
        It can't.
    """
    weights = SINGLE * sum(value.numel() for value in outline.parameters())
    planned = isinstance(outline, trained.network_plan.kind)
    in_parts = trained.device.name == "cpu" and gives_logits_in_parts(outline)
    maps = largest_maps(trained, in_parts) if planned else 0
    if trained.device.name.startswith("cuda"):
        _require(trained, weights + HALF * maps, _gpu_bytes(trained), "the GPU has")
        maps = 0
    _require(trained, weights + SINGLE * maps, available_bytes(), "are free here")


def gives_logits_in_parts(network: nn.Module) -> bool:
    """Whether a network's layers are known: its last can be asked for some classes at a time."""
    from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet

    return type(network) in (PlainConvUNet, ResidualEncoderUNet)


def images_that_fit(trained: TrainedConfiguration, network: nn.Module) -> int:
    """Images that there is memory for at once on a CPU; at least one.

    Parameters
    ----------
    trained : TrainedConfiguration
    network : Module
        One that gives logits in parts.
    """
    if not isinstance(network, trained.network_plan.kind):
        return 1
    return max(1, available_bytes() // (SINGLE * largest_maps(trained, in_parts=True)))


def largest_maps(trained: TrainedConfiguration, in_parts: bool) -> int:
    """Values that a planned U-Net holds at least while it looks at one patch.

    Parameters
    ----------
    trained : TrainedConfiguration
    in_parts : bool
        Whether it makes the logits of some classes at a time.
    """
    network, size = trained.network_plan.planned, list(trained.planned.patch_size)
    strides = network.sizes("strides", len(size))
    classes = trained.model.described.heads
    largest = prod(size) * (min(classes, CLASSES_AT_ONCE) if in_parts else classes)
    for width, steps in zip(network.widths[:-1], strides[:-1], strict=True):
        size = [length // step for length, step in zip(size, steps, strict=True)]
        largest = max(largest, HELD * width * prod(size))
    return largest


def _require(trained: TrainedConfiguration, needed: int, there: int, where: str) -> None:
    if needed > there:
        raise ModelError(
            f"The networks of the model {trained.model.folder} need {needed / GB:.1f} GB of memory "
            f"at least for one patch, and {there / GB:.1f} GB {where}: choose a smaller model or a "
            "larger machine."
        )


def _gpu_bytes(trained: TrainedConfiguration) -> int:
    import torch

    return int(torch.cuda.get_device_properties(trained.device.name).total_memory)
