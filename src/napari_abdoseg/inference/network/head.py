"""The last layer of nnU-Net's U-Nets, which gives each voxel its logits, some classes at a time.

Each class has weights of its own there. So a network of a hundred classes needs no room for the
logits of all of them in one tile, which would be several times what the rest of it holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet
from torch import nn

from napari_abdoseg.inference.network.class_parts import CLASSES_AT_ONCE

if TYPE_CHECKING:
    Convolution = nn.Conv3d
else:
    Convolution = object


def take_head(network: Any) -> Head | None:
    """Take the last layer off a network that has many classes, where it is known to be the last.

    Parameters
    ----------
    network : Module
        One that nnU-Net's plans describe; afterwards it gives what this layer would be given.
        Its weights and their names stay.
    """
    if type(network) not in (PlainConvUNet, ResidualEncoderUNet):
        return None
    layer: Any = network.decoder.seg_layers[-1]
    if layer.out_channels <= CLASSES_AT_ONCE:
        return None
    layer.__class__ = type(f"Head{type(layer).__name__}", (Head, type(layer)), {})
    head: Head = layer
    return head


class Head(Convolution):
    """Gives what it is given, and the logits of that when it is asked for them."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features

    def logits(self, features: torch.Tensor, classes: slice) -> torch.Tensor:
        """Logits of some classes.

        Parameters
        ----------
        features : Tensor, shape (1, feature, *patch)
        classes : slice

        Returns
        -------
        Tensor, shape (1, class, *patch)
        """
        bias = None if self.bias is None else self.bias[classes]
        logits: torch.Tensor = self._conv_forward(features, self.weight[classes], bias)
        return logits
