"""A network on its device."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_abdoseg.inference.model.architecture import build_network
from napari_abdoseg.inference.model.checkpoint import Checkpoint
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.class_parts import in_parts, parts_of

if TYPE_CHECKING:
    import torch
    from torch import nn

    from napari_abdoseg.inference.network.class_parts import Parts
    from napari_abdoseg.inference.network.u_net import UNet


@dataclass(frozen=True, eq=False)
class Network:
    """A network that takes the weights of one fold after another.

    Parameters
    ----------
    module : Module
    device : torch.device
    bfloat16 : bool
        Convolve in bfloat16 on a CPU; a GPU works in half precision anyway.
    layers : UNet, optional
        Those of the module, where they are asked one by one.
    """

    module: nn.Module
    device: torch.device
    bfloat16: bool = False
    layers: UNet | None = None

    def load(self, member: Checkpoint) -> None:
        """Take a fold's weights."""
        self.module.load_state_dict(member.weights)

    def run(self, image: torch.Tensor, flip: tuple[int, ...]) -> Parts:
        """Logits of one pass, mirrored along some axes and back, some classes at a time.

        Parameters
        ----------
        image : Tensor of float32, shape (1, channel, *patch)
            On the network's device.
        flip : tuple of int
            Axes of ``image``.

        Yields
        ------
        slice
            Classes.
        Tensor, shape (class, *patch)
            Half precision on CUDA, bfloat16 where it is asked for.
        """
        import torch

        ask = self.module if self.layers is None else self.layers.features
        with torch.inference_mode(), self._autocast():
            found = ask(torch.flip(image, flip) if flip else image)
            found = torch.flip(found, flip) if flip else found
        if self.layers is None:
            yield from in_parts(found[0])
            return
        for classes in parts_of(self.layers.classes):
            with torch.inference_mode(), self._autocast():
                logits = self.layers.logits(found, classes)[0]
            yield classes, logits

    def _autocast(self) -> contextlib.AbstractContextManager[object]:
        import torch

        if self.device.type == "cuda":
            return torch.autocast("cuda")
        return torch.autocast("cpu", torch.bfloat16) if self.bfloat16 else contextlib.nullcontext()


@contextlib.contextmanager
def network_on_device(trained: TrainedConfiguration, bfloat16: bool = False) -> Iterator[Network]:
    """A network without weights, on the device until the end of the block.

    Parameters
    ----------
    trained : TrainedConfiguration
    bfloat16 : bool, optional
        Take bfloat16 where a CPU has instructions for it, which is faster.
    """
    from nnunetv2.utilities.helpers import empty_cache

    from napari_abdoseg.inference.network.cpu_layers import suit_cpu
    from napari_abdoseg.inference.network.u_net import UNet

    device = device_of(trained)
    module = build_network(trained).to(device)
    bfloat16 = bfloat16 and device.type == "cpu" and cpu_has_bfloat16()
    if device.type == "cpu" and not bfloat16:
        suit_cpu(module)
    layers = UNet.of(module) if device.type == "cpu" else None
    try:
        yield Network(module, device, bfloat16, layers)
    finally:
        module.to("cpu")
        empty_cache(device)


def device_of(trained: TrainedConfiguration) -> torch.device:
    """Where a configuration's networks run."""
    import torch

    return torch.device(trained.device.name)


def cpu_has_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 itself; where it does not, it would be slower."""
    import torch

    abilities = torch.cpu.get_capabilities()
    return any(abilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
