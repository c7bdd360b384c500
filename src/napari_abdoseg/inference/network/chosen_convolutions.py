"""Convolutions on a CPU in the way that is the fastest there, by a measurement that is kept.

`AlongZ` saves multiplications and moves more of the image about: which of it counts depends on the
processor, its caches and threads, and on the layer.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from math import inf, prod
from pathlib import Path
from threading import Lock
from typing import Self

import torch
from pydantic import TypeAdapter, ValidationError
from torch import nn

from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.files.saving import make_folder, write_text
from napari_abdoseg.inference.hardware.kept import kept_file
from napari_abdoseg.inference.network.cpu_layers import LAYERS, OneDnn
from napari_abdoseg.inference.network.winograd import AlongZ

FOLDER = "convolutions"
DIRECT, TOGETHER = 0, (1, 4)
"""The ways: that of oneDNN, and `AlongZ` with so many fours of planes made at a time."""
LEAST_CHANNELS, LEAST_PRODUCTS = 32, 4e8
"""Of a layer and of its image: where there are fewer, the difference is not worth measuring."""
PLANES, ROUNDS = 16, 3
"""Planes of an image that ways are compared on, and how often."""
WORTHWHILE = 1.1
"""How many times as fast another way than oneDNN's must be."""

_log = logging.getLogger(__name__)
Way = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True, eq=False)
class Choices:
    """The fastest way by size of layer and image, as this machine has found it.

    Parameters
    ----------
    path : Path
        Where they are kept.
    known : dict of str to int
        Way by size.
    """

    path: Path
    known: dict[str, int]
    measuring: Lock = field(default_factory=Lock)

    @classmethod
    def of_this_machine(cls) -> Self:
        """Those that are kept; none where they can't be read."""
        path = kept_file(FOLDER, {})
        try:
            known = TypeAdapter(dict[str, int]).validate_json(path.read_bytes())
        except (OSError, ValidationError):
            known = {}
        return cls(path, {size: way for size, way in known.items() if way in (DIRECT, *TOGETHER)})

    def way(self, size: str, measure: Callable[[], int]) -> int:
        """The way for a size, measured if it is not known, by one thread at a time."""
        with self.measuring:
            if size not in self.known:
                self.known[size] = measure()
                _log.info("Convolution of %s: way %d", size, self.known[size])
                self._keep()
            return self.known[size]

    def _keep(self) -> None:
        try:
            make_folder(self.path.parent)
            write_text(self.path, TypeAdapter(dict[str, int]).dump_json(self.known).decode())
        except SaveError as error:  # measured again next time
            _log.info("The fastest convolutions are not kept: %s", error)


class Chosen(OneDnn):
    """Convolves in the fastest way."""

    def take_over(self, choices: Choices) -> None:
        """Choose by these from now on."""
        self.choices = choices
        self.along_z: AlongZ | None = None
        self.register_load_state_dict_post_hook(_forget_weights)  # type: ignore[no-untyped-call]

    def _conv_forward(
        self, image: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        products = image[0, 0].numel() * weight.numel()
        if len(image) > 1 or products < LEAST_PRODUCTS:
            return self._directly(image)
        size = " ".join(map(str, (*weight.shape[:2], *image.shape[2:])))
        way = self.choices.way(size, lambda: self._fastest(image[:, :, :PLANES]))
        return self._ways()[way](image)

    def _directly(self, image: torch.Tensor) -> torch.Tensor:
        return super()._conv_forward(image, self.weight, self.bias)

    def _ways(self) -> dict[int, Way]:
        def by(together: int) -> Way:
            return lambda image: self._mixed().convolve(image, together)

        return {DIRECT: self._directly, **{together: by(together) for together in TOGETHER}}

    def _mixed(self) -> AlongZ:
        if self.along_z is None:
            self.along_z = AlongZ.of(self.weight, self.bias)
        return self.along_z

    def _fastest(self, image: torch.Tensor) -> int:
        ways = self._ways()
        seconds = dict.fromkeys(ways, inf)
        for _ in range(ROUNDS):
            for way, convolve in ways.items():
                begin = time.perf_counter()
                convolve(image)
                seconds[way] = min(seconds[way], time.perf_counter() - begin)
        best = min(seconds, key=seconds.__getitem__)
        return best if seconds[best] * WORTHWHILE < seconds[DIRECT] else DIRECT


def _forget_weights(layer: nn.Module, _: object) -> None:
    """Forget what was made of those that a layer had before others were loaded."""
    assert isinstance(layer, Chosen)
    layer.along_z = None


class ChosenConv3d(Chosen, nn.Conv3d):
    """What stands in for a layer."""


def choose_convolutions(network: nn.Module) -> None:
    """Have a network that suits a CPU convolve in the fastest way, where that is worthwhile.

    Parameters
    ----------
    network : Module
        Changed in place by `suit_cpu`, and here; its weights and their names stay.
    """
    choices = Choices.of_this_machine()
    for layer in network.modules():
        if type(layer) is LAYERS[nn.Conv3d] and _is_for_planes(layer):
            layer.__class__ = ChosenConv3d
            assert isinstance(layer, ChosenConv3d)
            layer.take_over(choices)


def _is_for_planes(layer: nn.Module) -> bool:
    """Whether it has kernels of 3 x 3 x 3, side by side, on an image with zeros around."""
    assert isinstance(layer, nn.Conv3d)
    usual = (layer.kernel_size, layer.stride, layer.padding) == ((3,) * 3, (1,) * 3, (1,) * 3)
    plain = layer.padding_mode == "zeros" and prod(layer.dilation) == layer.groups == 1
    return usual and plain and min(layer.in_channels, layer.out_channels) >= LEAST_CHANNELS
