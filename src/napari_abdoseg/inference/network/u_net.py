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
from torch import nn

from napari_abdoseg.inference.model.network_memory import gives_logits_in_parts
from napari_abdoseg.inference.network.cpu_layers import CHANNELS_LAST, Separate


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
        if not gives_logits_in_parts(network):
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
            if isinstance(enlarge, Separate) and enlarge.is_plain:
                both = _room_beside(images[-1], enlarge.out_channels)
                both[:, enlarge.out_channels :] = images.pop()
                enlarge.write(features, both[:, : enlarge.out_channels])
                features = both
                del both
            else:
                features = torch.cat((enlarge(features), images.pop()), 1)
            for block in stage.convs:
                for layer in block.all_modules:
                    features = layer(features)
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


def _room_beside(image: torch.Tensor, channels: int) -> torch.Tensor:
    """Room for an image and for some channels before its own, which lie side by side."""
    shape = (len(image), channels + image.shape[1], *image.shape[2:])
    return torch.empty(shape, dtype=image.dtype, memory_format=CHANNELS_LAST[image.dim()])
