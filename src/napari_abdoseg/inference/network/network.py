"""A network on its device."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from math import prod
from typing import TYPE_CHECKING, Self

from napari_abdoseg.inference.hardware.threads import threads_shared_by
from napari_abdoseg.inference.model.architecture import build_network
from napari_abdoseg.inference.model.checkpoint import Checkpoint
from napari_abdoseg.inference.model.network_memory import gives_logits_in_parts, images_that_fit
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.class_parts import in_parts, parts_of
from napari_abdoseg.inference.preset import Arithmetic

if TYPE_CHECKING:
    import torch
    from torch import nn

    from napari_abdoseg.inference.network.class_parts import Parts
    from napari_abdoseg.inference.network.recording import Recorder
    from napari_abdoseg.inference.network.u_net import UNet

    Request = tuple[torch.Tensor, tuple[int, ...]]

VOXELS_TOGETHER = 128**3
"""Of all images that are worked on together: as many as one patch of a large network has."""
AHEAD = 1
"""Images that wait for each processor's threads, lest these wait for what is done with answers."""


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
    together : int
        Images that are shown to a GPU together, or worked on by threads of their own on a CPU: a
        small one alone keeps neither busy.
    recorder : Recorder, optional
        Asks the module by recordings.
    """

    module: nn.Module
    device: torch.device
    bfloat16: bool = False
    layers: UNet | None = None
    together: int = 1
    recorder: Recorder | None = None

    def gathering_on(self, place: torch.device) -> Self:
        """The network for sums on a device: one image alone, where its own has no room for them."""
        if place == self.device:
            return self
        if self.recorder:
            self.recorder.forget()  # passes of several images, which took that room
        return replace(self, together=1)

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
        yield from self._logits(self._found(image, flip))

    def answers(self, requests: Iterable[Request]) -> Iterator[Parts]:
        """What `run` gives of each image and its mirroring, in their order, some made together.

        Parameters
        ----------
        requests : iterable of (Tensor, tuple of int)
            Taken when they are needed.
        """
        import torch

        if self.together == 1:
            yield from (self.run(*request) for request in requests)
            return
        if self.device.type == "cpu":
            yield from map(self._logits, self._found_ahead(requests))
            return
        waiting = iter(requests)
        while some := list(islice(waiting, self.together)):
            # Filled up, for there to be one recording alone.
            full = [*some, *[some[-1]] * (self.together - len(some))]
            images = torch.cat([torch.flip(image, flip) for image, flip in full])
            with torch.inference_mode(), self._autocast():
                found = self._ask(images)
            for (_, flip), logits in zip(some, found):
                yield in_parts(torch.flip(logits, [axis - 1 for axis in flip]))

    def _found(self, image: torch.Tensor, flip: tuple[int, ...]) -> torch.Tensor:
        """What is known of an image before it is told by classes."""
        import torch

        ask = self._ask if self.layers is None else self.layers.features
        with torch.inference_mode(), self._autocast():
            found = ask(torch.flip(image, flip) if flip else image)
            return torch.flip(found, flip) if flip else found

    def _found_ahead(self, requests: Iterable[Request]) -> Iterator[torch.Tensor]:
        """The same of many, some at a time."""
        waiting = iter(requests)
        with threads_shared_by(self.together) as pool:
            ahead = deque(
                pool.submit(self._found, *request)
                for request in islice(waiting, (1 + AHEAD) * self.together)
            )
            while ahead:
                found = ahead.popleft().result()
                ahead.extend(pool.submit(self._found, *request) for request in islice(waiting, 1))
                yield found

    def _logits(self, found: torch.Tensor) -> Parts:
        """Logits by what was found, some classes at a time; see `run`."""
        import torch

        if self.layers is None:
            yield from in_parts(found[0])
            return
        for classes in parts_of(self.layers.classes):
            with torch.inference_mode(), self._autocast():
                logits = self.layers.logits(found, classes)[0]
            yield classes, logits

    @property
    def _ask(self) -> Callable[[torch.Tensor], torch.Tensor]:
        return self.module if self.recorder is None else self.recorder

    def _autocast(self) -> contextlib.AbstractContextManager[object]:
        import torch

        if self.device.type == "cuda":
            # A recording would go on with weights that were cast for the fold before.
            return torch.autocast("cuda", cache_enabled=False)
        return torch.autocast("cpu", torch.bfloat16) if self.bfloat16 else contextlib.nullcontext()


@contextlib.contextmanager
def network_on_device(
    trained: TrainedConfiguration, arithmetic: Arithmetic = Arithmetic.SAME
) -> Iterator[Network]:
    """A network without weights, on the device until the end of the block.

    Parameters
    ----------
    trained : TrainedConfiguration
    arithmetic : Arithmetic, optional
        On a CPU.
    """
    from nnunetv2.utilities.helpers import empty_cache

    device = device_of(trained)
    module = build_network(trained).to(device)
    if device.type == "cuda":
        network = _on_cuda(module, device, prod(trained.planned.patch_size))
    else:
        network = _elsewhere(module, trained, arithmetic)
    try:
        yield network
    finally:
        if network.recorder:
            network.recorder.forget()
        module.to("cpu")
        empty_cache(device)


def _on_cuda(module: nn.Module, device: torch.device, voxels: int) -> Network:
    """Recorded where it is known that each pass does the same."""
    from napari_abdoseg.inference.network.gpu_layers import suit_gpu
    from napari_abdoseg.inference.network.recording import Recorder

    recorder = Recorder(module) if gives_logits_in_parts(module) else None
    suit_gpu(module, device)
    together = max(VOXELS_TOGETHER // voxels, 1)
    return Network(module, device, together=together, recorder=recorder)


def _elsewhere(module: nn.Module, trained: TrainedConfiguration, arithmetic: Arithmetic) -> Network:
    from napari_abdoseg.inference.network.chosen_convolutions import choose_convolutions
    from napari_abdoseg.inference.network.cpu_layers import suit_cpu
    from napari_abdoseg.inference.network.u_net import UNet

    device = device_of(trained)
    if device.type != "cpu":
        return Network(module, device)
    bfloat16 = arithmetic is Arithmetic.ROUGH and cpu_has_bfloat16()
    if not bfloat16:
        suit_cpu(module)
        if arithmetic is not Arithmetic.SAME:
            choose_convolutions(module)
    layers = UNet.of(module)
    together = 1 if layers is None else _together_on_cpu(trained, module)
    return Network(module, device, bfloat16, layers, together)


def _together_on_cpu(trained: TrainedConfiguration, module: nn.Module) -> int:
    """Images that find threads and room; see `VOXELS_TOGETHER`."""
    import torch

    wanted = min(VOXELS_TOGETHER // prod(trained.planned.patch_size), torch.get_num_threads())
    return min(wanted, images_that_fit(trained, module)) if wanted > 1 else 1


def device_of(trained: TrainedConfiguration) -> torch.device:
    """Where a configuration's networks run."""
    import torch

    return torch.device(trained.device.name)


def cpu_has_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 itself; where it does not, it would be slower."""
    import torch

    abilities = torch.cpu.get_capabilities()
    return any(abilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
