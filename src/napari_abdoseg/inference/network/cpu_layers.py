"""Layers of nnU-Net's networks, made for a CPU: the same arithmetic in fewer steps.

torch asks oneDNN for a 3D convolution only where batch, channels, depth and height multiply to more
than 20,480, as if images were 2D (``use_mkldnn`` in ``aten/src/ATen/native/Convolution.cpp`` of
torch 2.14). It does the others, which are most of a U-Net's, by matrix products over copies of
the image. Here oneDNN does all of them, on images whose channels lie side by side (channels last),
which it need not rearrange before and after; and the layers between leave them so.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    Convolution = nn.Conv3d
    Norm = nn.InstanceNorm3d
    Transposed = nn.ConvTranspose3d
else:
    Convolution = Norm = Transposed = object

CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}
"""Memory format by the number of axes."""
VALUES_AT_ONCE = 2**18
"""Of an image that is enlarged: 1 MB, which stays in a core's cache while it is put in place."""


def suit_cpu(network: nn.Module) -> None:
    """Make a network faster on a CPU in single precision, where torch has oneDNN.

    Parameters
    ----------
    network : Module
        Changed in place; its weights and their names stay.
    """
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return
    for layer in network.modules():
        layer.__class__ = LAYERS.get(type(layer), type(layer))
    for weights in network.parameters():
        if weights.dim() in CHANNELS_LAST:
            weights.data = weights.data.to(memory_format=CHANNELS_LAST[weights.dim()])


class OneDnn(Convolution):
    """Convolves by oneDNN, whatever the size, few channels of two neighbours together."""

    def _conv_forward(
        self, image: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        if self.padding_mode != "zeros" or isinstance(self.padding, str):
            return super()._conv_forward(image, weight, bias)  # type: ignore[no-any-return]
        options = self.padding, self.stride, self.dilation, self.groups
        if self._leaves_lanes_empty(len(weight)) and image.shape[-1] % 2 == 0:
            return two_by_two(image, weight, bias, *options)
        return torch.mkldnn_convolution(image, weight, bias, *options)

    def _leaves_lanes_empty(self, channels: int) -> bool:
        """Whether two neighbours along x find room where one does, each of so many channels."""
        along_x = self.kernel_size[-1], self.padding[-1], self.stride[-1], self.dilation[-1]
        return along_x == (3, 1, 1, 1) and self.groups == 1 and 2 * channels <= lanes()


def lanes() -> int:
    """Numbers of single precision that oneDNN computes together, where that is known."""
    return {"AVX512": 16, "AVX2": 8}.get(torch.backends.cpu.get_cpu_capability(), 0)


def two_by_two(
    image: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    padding: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
    groups: int,
) -> torch.Tensor:
    """Convolve with step 1 along x, channels of two neighbours as those of one voxel.

    The kernel is one voxel longer, and where that adds to one of the two it is zero: a third more
    to multiply, but twice as much at a time, to the same sums.
    """
    both = torch.cat([functional.pad(weight, sides) for sides in ((0, 1), (1, 0))])
    both = both.contiguous(memory_format=CHANNELS_LAST[image.dim()])
    biases = None if bias is None else bias.repeat(2)
    made = torch.mkldnn_convolution(
        image, both, biases, padding, (*stride[:-1], 2), dilation, groups
    )
    voxels = torch.unflatten(made.movedim(1, -1), -1, (2, len(weight)))
    return voxels.flatten(-3, -2).movedim(-1, 1)


class OneImage(Norm):
    """Normalises a batch of one image, whose channels may lie side by side."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        if len(image) > 1 or self.track_running_stats:
            return super().forward(image)
        mean, variance = mean_and_variance(image)
        return functional.batch_norm(
            image, mean, variance, self.weight, self.bias, training=False, eps=self.eps
        )


def mean_and_variance(image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Of each channel, over rows for each place in a row, then over places.

    Single precision is enough for sums as short as these, as in T. F. Chan, G. H. Golub and
    R. J. LeVeque, Algorithms for Computing the Sample Variance, The American Statistician 37
    (1983), 242-247. How they are rounded depends on the number of threads.

    Parameters
    ----------
    image : Tensor, shape (1, channel, ..., x)

    Returns
    -------
    Tensor, Tensor, shape (channel,)
    """
    channels, places = image.shape[1], image.shape[-1]
    rows = image.movedim(1, -1).reshape(-1, places * channels)
    parts = torch.batch_norm_update_stats(rows, None, None, 0.0)
    means, variances = (part.view(places, channels) for part in parts)
    mean = means.mean(0)
    return mean, variances.mean(0) + (means - mean).square().mean(0)


class Separate(Transposed):
    """Enlarges by a matrix product, where each voxel becomes a block of its own."""

    def forward(self, image: torch.Tensor, output_size: list[int] | None = None) -> torch.Tensor:
        if output_size or not self.is_plain:
            return super().forward(image, output_size)
        batch, _, *shape = image.shape
        sizes = (size * step for size, step in zip(shape, self.stride))
        enlarged = image.new_empty((batch, *sizes, self.out_channels)).movedim(-1, 1)
        self.write(image, enlarged)
        return enlarged

    def write(self, image: torch.Tensor, enlarged: torch.Tensor) -> None:
        """Enlarge an image into the place for it, where `is_plain`, some planes at a time."""
        kernels = self.weight.movedim(1, -1).flatten(1).T
        biases = None if self.bias is None else self.bias.repeat(prod(self.kernel_size))
        planes = max(1, VALUES_AT_ONCE * image.shape[2] // enlarged.numel())
        parts = torch.split(image, planes, 2), torch.split(enlarged, planes * self.stride[0], 2)
        for few, place in zip(*parts, strict=True):
            blocks = functional.linear(few.movedim(1, -1), kernels, biases)
            place.copy_(self._side_by_side(blocks).movedim(-1, 1))

    def _side_by_side(self, blocks: torch.Tensor) -> torch.Tensor:
        """What is made of each voxel, shape (batch, ..., kernel * channel), as an image."""
        batch, *shape, _ = blocks.shape
        axes = len(shape)
        sizes = (size * step for size, step in zip(shape, self.stride, strict=True))
        beside = [place for axis in range(1, axes + 1) for place in (axis, axis + axes)]
        voxels = blocks.view(batch, *shape, *self.kernel_size, self.out_channels)
        return voxels.permute(0, *beside, -1).reshape(batch, *sizes, self.out_channels)

    @property
    def is_plain(self) -> bool:
        """Whether each voxel becomes a block of its own."""
        moved = any((*self.padding, *self.output_padding)) or max(self.dilation) > 1
        return self.kernel_size == self.stride and self.groups == 1 and not moved


def _for_a_cpu(ours: type, *torchs: type[nn.Module]) -> dict[type[nn.Module], type[nn.Module]]:
    return {each: type(f"{ours.__name__}{each.__name__}", (ours, each), {}) for each in torchs}


LAYERS = {
    **_for_a_cpu(OneDnn, nn.Conv2d, nn.Conv3d),
    **_for_a_cpu(OneImage, nn.InstanceNorm2d, nn.InstanceNorm3d),
    **_for_a_cpu(Separate, nn.ConvTranspose2d, nn.ConvTranspose3d),
}
"""What stands in for torch's own layers."""
