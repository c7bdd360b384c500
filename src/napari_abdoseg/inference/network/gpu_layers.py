"""Layers of nnU-Net's networks, made for CUDA: the same arithmetic in fewer steps.

An instance norm gives each channel to one block of threads, as if it were a batch norm of many
images: on a GPU that has room for hundreds of blocks, thirty-two channels of a large patch keep
most of it waiting. Kernels of our own share each image out among all, and activate it at once;
they take images whose channels lie side by side (channels last), which convolutions need not
rearrange before and after. Where there are no kernels, each channel is cut into pieces for torch's
own norm.

A convolution before such a norm leaves out its bias, which the norm takes away again. All convolve
weights that are in half precision already.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional

from napari_abdoseg.inference.network.cpu_layers import CHANNELS_LAST
from napari_abdoseg.inference.network.norm_kernels import (
    LANES,
    MOST_CHANNELS,
    NormKernels,
    norm_kernels,
)

if TYPE_CHECKING:
    Convolution = nn.Conv3d
    Norm = nn.InstanceNorm3d
else:
    Convolution = Norm = object

PIECES = 2048
"""Pieces that all channels together are cut into, at least."""
LEAST_PIECE = 1024
"""Voxels of a piece at least."""


def suit_gpu(network: nn.Module, device: torch.device) -> None:
    """Make a network faster on CUDA, where autocast has it work in half precision.

    Parameters
    ----------
    network : Module
        Changed in place; the names of its weights stay.
    device : torch.device
        Where it is.
    """
    kernels = norm_kernels(device) if device.type == "cuda" else None
    for block in network.modules():
        suit_block([*getattr(block, "all_modules", ())], kernels)
    for layer in network.modules():
        layer.__class__ = IN_PIECES.get(type(layer), type(layer))
        if isinstance(layer, CONVOLUTIONS):
            layer.half()
            if kernels:
                layer.to(memory_format=CHANNELS_LAST[layer.weight.dim()])


def suit_block(layers: list[nn.Module], kernels: NormKernels | None) -> None:
    """Make layers that are asked one after another faster."""
    for layer, following in pairwise([*layers, nn.Identity()]):
        if type(following) in IN_PIECES:
            layer.__class__ = WITHOUT_BIAS.get(type(layer), type(layer))
        if kernels and type(layer) in FUSED and _is_for_kernels(layer):
            slope = 1.0
            if isinstance(following, nn.LeakyReLU | nn.ReLU):
                slope = getattr(following, "negative_slope", 0.0)
                following.__class__ = nn.Identity  # type: ignore[assignment]
            layer.__class__ = FUSED[type(layer)]
            assert isinstance(layer, Fused)
            layer.take_over(kernels, slope)


def _is_for_kernels(norm: nn.Module) -> bool:
    assert isinstance(norm, nn.InstanceNorm2d | nn.InstanceNorm3d)
    channels, kept = norm.num_features, norm.track_running_stats
    return norm.affine and not kept and channels % LANES == 0 and channels <= MOST_CHANNELS


class WithoutBias(Convolution):
    """Convolves without the bias that the norm after it takes away."""

    def _conv_forward(
        self, image: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
    ) -> torch.Tensor:
        return super()._conv_forward(image, weight, None)  # type: ignore[no-any-return]


class Fused(Norm):
    """Normalises and activates in place, by kernels."""

    def take_over(self, kernels: NormKernels, slope: float) -> None:
        """Do so from now on, and multiply values below zero by the slope."""
        self.kernels, self.slope = kernels, slope
        self.numbers = torch.tensor((self.eps, slope), device=self.weight.device)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        if image.dtype is not torch.half:
            return functional.leaky_relu(super().forward(image), self.slope)
        image = image.contiguous(memory_format=CHANNELS_LAST[image.dim()])
        self.kernels.normalise(image, self.weight, self.bias, *self.numbers)
        return image


class InPieces(Norm):
    """Normalises each channel of each image, piece by piece."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        if self.track_running_stats or not self.affine:
            return super().forward(image)
        images, channels = image.shape[:2]
        rows, voxels = images * channels, image[0, 0].numel()
        pieces = count_pieces(rows, voxels)
        cut = image.reshape(1, rows * pieces, voxels // pieces)
        mean, variance = mean_and_variance(cut, rows)
        weight, bias, mean, variance = (
            each.repeat_interleave(pieces)
            for each in (self.weight.repeat(images), self.bias.repeat(images), mean, variance)
        )
        normal, _, _ = torch.native_batch_norm(
            cut, weight, bias, mean, variance, False, 0.0, self.eps
        )
        return normal.view_as(image)


def mean_and_variance(cut: torch.Tensor, rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Of each row in single precision, shape (row,), from equal pieces.

    Parameters
    ----------
    cut : Tensor, shape (1, row * piece, voxel)
    rows : int
    """
    parts = torch.batch_norm_update_stats(cut, None, None, 0.0)
    means, variances = (part.view(rows, -1) for part in parts)
    mean = means.mean(1)
    return mean, variances.mean(1) + (means - mean[:, None]).square().mean(1)


def count_pieces(rows: int, voxels: int) -> int:
    """Equal pieces that a row is cut into: a power of two, for there to be work for a whole GPU.

    Parameters
    ----------
    rows : int
        Channels of all images together.
    voxels : int
        Of each.

    Examples
    --------
    >>> from napari_abdoseg.inference.network.gpu_layers import count_pieces
    >>> count_pieces(32, 128**3), count_pieces(320, 8**3)
    (64, 1)
    """
    pieces = 1
    while rows * pieces < PIECES and voxels % (2 * pieces) == 0:
        if voxels // (2 * pieces) < LEAST_PIECE:
            break
        pieces *= 2
    return pieces


def _for_cuda(ours: type, *torchs: type[nn.Module]) -> dict[type[nn.Module], type[nn.Module]]:
    return {each: type(f"{ours.__name__}{each.__name__}", (ours, each), {}) for each in torchs}


CONVOLUTIONS = (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d)
WITHOUT_BIAS = _for_cuda(WithoutBias, nn.Conv2d, nn.Conv3d)
FUSED = _for_cuda(Fused, nn.InstanceNorm2d, nn.InstanceNorm3d)
IN_PIECES = _for_cuda(InPieces, nn.InstanceNorm2d, nn.InstanceNorm3d)
"""What stands in for torch's own layers."""
