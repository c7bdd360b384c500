"""Convolutions of 3 x 3 x 3 in half the multiplications along z.

Four planes at a time are made of six by Winograd's F(4, 3): the six are mixed, each is convolved
in its plane by a weight of its own, and what comes of it is mixed to four. oneDNN does the
convolutions, as ones of 2D images whose channels lie side by side. In single precision values of
unit variance differ by about 1e-4 from those that are summed up directly.

S. Winograd, Arithmetic Complexity of Computations (SIAM, 1980); A. Lavin and S. Gray, Fast
Algorithms for Convolutional Neural Networks (CVPR 2016), whose matrices these are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch

MADE = 4
"""Planes that are made at a time."""
MIXED = 6
"""Planes that they are made of."""
OF_IMAGE = (
    (4.0, 0.0, -5.0, 0.0, 1.0, 0.0),
    (0.0, -4.0, -4.0, 1.0, 1.0, 0.0),
    (0.0, 4.0, -4.0, -1.0, 1.0, 0.0),
    (0.0, -2.0, -1.0, 2.0, 1.0, 0.0),
    (0.0, 2.0, -1.0, -2.0, 1.0, 0.0),
    (0.0, 4.0, 0.0, -5.0, 0.0, 1.0),
)
OF_WEIGHT = (
    (1 / 4, 0.0, 0.0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0.0, 0.0, 1.0),
)
WITH_BIAS = 1
"""The mixed plane that goes into all four alike, which is where a bias is added."""
OF_ANSWER = (
    (1.0, 1.0, 1.0, 1.0, 1.0, 0.0),
    (0.0, 1.0, -1.0, 2.0, -2.0, 0.0),
    (0.0, 1.0, 1.0, 4.0, 4.0, 0.0),
    (0.0, 1.0, -1.0, 8.0, -8.0, 1.0),
)
"""How planes are mixed: a row for each that comes of it."""


@dataclass(frozen=True, eq=False)
class AlongZ:
    """A convolution of stride 1, with a plane of zeros around the image.

    Parameters
    ----------
    weights : tuple of Tensor, shape (out, in, 3, 3)
        Of each mixed plane.
    bias : Tensor, shape (out,), optional
    """

    weights: tuple[torch.Tensor, ...]
    bias: torch.Tensor | None

    @classmethod
    def of(cls, weight: torch.Tensor, bias: torch.Tensor | None) -> Self:
        """One by a weight of shape (out, in, 3, 3, 3)."""
        planes = weight.movedim(1, -1).contiguous()
        mixed = weight.new_tensor(OF_WEIGHT) @ planes.flatten(2)
        mixed = mixed.view(len(planes), MIXED, *planes.shape[2:]).movedim(-1, 2)
        weights = (each.contiguous(memory_format=torch.channels_last) for each in mixed.unbind(1))
        return cls(tuple(weights), bias)

    def convolve(self, image: torch.Tensor, together: int) -> torch.Tensor:
        """Convolve an image.

        Parameters
        ----------
        image : Tensor, shape (1, in, z, y, x)
            Its channels lie side by side.
        together : int
            Fours of planes that are made at a time: few where planes are large, so that all that
            is made on the way stays in the processor's cache.

        Returns
        -------
        Tensor, shape (1, out, z, y, x)
            Its channels lie side by side.
        """
        planes = image[0].permute(1, 2, 3, 0).contiguous()
        depth, *plane, _ = planes.shape
        fours = -(-depth // MADE)
        made = planes.new_empty((fours, MADE, *plane, len(self.weights[0])))
        for first in range(0, fours, together):
            some = made[first : first + together]
            needed = _planes_between(planes, first * MADE - 1, (first + len(some)) * MADE + 1)
            self._make(needed, some)
        return made.flatten(0, 1)[:depth].permute(3, 0, 1, 2)[None]

    def _make(self, planes: torch.Tensor, made: torch.Tensor) -> None:
        """Make some fours of planes, from all that they depend on, shape (plane, y, x, in)."""
        size, step = planes[0].numel(), planes.stride(0)
        begin = planes.storage_offset()
        sixes = planes.as_strided((len(made), MIXED, size), (MADE * step, step, 1), begin)
        mixed = planes.new_tensor(OF_IMAGE) @ sixes
        mixed = mixed.view(len(made), MIXED, *planes.shape[1:])
        answers = planes.new_empty((len(made), MIXED, *made.shape[2:]))
        for number, weight in enumerate(self.weights):
            one = mixed[:, number].permute(0, 3, 1, 2)
            bias = self.bias if number == WITH_BIAS else None
            found = torch.mkldnn_convolution(one, weight, bias, (1, 1), (1, 1), (1, 1), 1)
            answers[:, number] = found.permute(0, 2, 3, 1)
        torch.matmul(planes.new_tensor(OF_ANSWER), answers.flatten(2), out=made.flatten(2))


def _planes_between(planes: torch.Tensor, start: int, stop: int) -> torch.Tensor:
    """Planes from ``start`` to ``stop``, zeros beyond the ends."""
    inside = slice(max(start, 0), min(stop, len(planes)))
    if (inside.start, inside.stop) == (start, stop):
        return planes[inside]
    padded = planes.new_zeros((stop - start, *planes.shape[1:]))
    padded[inside.start - start : inside.stop - start] = planes[inside]
    return padded
