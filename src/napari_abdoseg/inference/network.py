"""A network on its device."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from napari_abdoseg.inference.trained_configuration import TrainedConfiguration

if TYPE_CHECKING:
    import torch
    from torch import nn


@contextlib.contextmanager
def network_on_device(trained: TrainedConfiguration) -> Iterator[nn.Module]:
    """A network without weights, on the device until the end of the block."""
    from nnunetv2.utilities.helpers import empty_cache

    device = device_of(trained)
    network = trained.build_network().to(device)
    try:
        yield network
    finally:
        network.to("cpu")
        empty_cache(device)


def device_of(trained: TrainedConfiguration) -> torch.device:
    """Where a configuration's networks run."""
    import torch

    return torch.device(trained.device.name)


def run_mirrored(network: nn.Module, image: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
    """Logits of one pass, mirrored along ``axes`` and back.

    Parameters
    ----------
    network : Module
    image : Tensor of float32, shape (1, channel, *patch)
        On the network's device.
    axes : tuple of int
        Axes of ``image``.

    Returns
    -------
    Tensor, shape (1, class, *patch)
        Half precision on CUDA.
    """
    import torch

    on_cuda = image.device.type == "cuda"
    with torch.inference_mode(), torch.autocast("cuda") if on_cuda else contextlib.nullcontext():
        if not axes:
            return network(image)  # type: ignore[no-any-return]
        return torch.flip(network(torch.flip(image, axes)), axes)
