"""nnU-Net's U-Nets in less memory: what is not needed any more is let go at once.

The layers are asked one by one in the order of their network, whose own `forward` holds all that
was made on the way until it is done. The last layer, which has weights of its own for each class,
is asked for some classes at a time: a hundred classes' logits of one tile take several times the
room of all the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import torch
from dynamic_network_architectures.architectures.unet import PlainConvUNet, ResidualEncoderUNet
from torch import nn


@dataclass(frozen=True, eq=False)
class UNet:
    """The layers of a U-Net.

    Parameters
    ----------
    encoder : Module
        Gives the images of all stages, the smallest last.
    enlarging, stages : sequence of Module
        The decoder's, from the smallest image to the largest.
    last : Module
        Gives logits.
    """

    encoder: nn.Module
    enlarging: Any
    stages: Any
    last: Any

    @classmethod
    def of(cls, network: Any) -> Self | None:
        """The layers of a network, if it is known in which order it asks them."""
        if type(network) not in (PlainConvUNet, ResidualEncoderUNet):
            return None
        decoder = network.decoder
        return cls(network.encoder, decoder.transpconvs, decoder.stages, decoder.seg_layers[-1])

    @property
    def classes(self) -> int:
        """How many have logits."""
        return int(self.last.out_channels)

    def features(self, image: torch.Tensor) -> torch.Tensor:
        """What the last layer is given, shape (1, feature, *patch).

        Parameters
        ----------
        image : Tensor, shape (1, channel, *patch)
        """
        images: list[torch.Tensor] = list(self.encoder(image))
        features = images.pop()
        for enlarge, stage in zip(self.enlarging, self.stages, strict=True):
            features = enlarge(features)
            features = torch.cat((features, images.pop()), 1)
            for block in stage.convs:
                features = block(features)
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
        bias = None if self.last.bias is None else self.last.bias[classes]
        weight = self.last.weight[classes]
        logits: torch.Tensor = self.last._conv_forward(features, weight, bias)
        return logits
