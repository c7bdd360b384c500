"""3D convolutions on a CPU by oneDNN, whatever their size.

torch asks oneDNN only where batch, channels, depth and height multiply to more than 20,480, as if
images were 2D (``use_mkldnn`` in ``aten/src/ATen/native/Convolution.cpp`` of torch 2.14). It does
the others, which are most of a 3D U-Net's, by matrix products over copies of the image: slower, and
with more memory.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn


def convolve_by_onednn(network: nn.Module) -> None:
    """Have oneDNN do all 3D convolutions of a network in single precision on a CPU.

    Parameters
    ----------
    network : Module
        Changed in place; its weights and their names stay.
    """
    import torch

    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return
    for part in network.modules():
        if type(part) is torch.nn.Conv3d:
            part.__class__ = _onednn_convolution()


@cache
def _onednn_convolution() -> type[nn.Conv3d]:
    import torch

    class OneDnnConv3d(torch.nn.Conv3d):
        def _conv_forward(
            self, image: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None
        ) -> torch.Tensor:
            if self.padding_mode != "zeros" or isinstance(self.padding, str):
                return super()._conv_forward(image, weight, bias)  # type: ignore[no-any-return]
            return torch.mkldnn_convolution(
                image, weight, bias, self.padding, self.stride, self.dilation, self.groups
            )

    return OneDnnConv3d
