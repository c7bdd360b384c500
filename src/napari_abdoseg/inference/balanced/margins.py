"""How likely the members that are left are to give a voxel to another class.

Of each voxel the two likeliest classes count: by how much the mean of all members so far puts the
one before the other, and how far single members differ in that. The mean of m of M members is off
the mean of all by s * sqrt(1/m - 1/M), s being the spread of members, and the chance that this
turns the voxel is that of Student's distribution, since s is estimated from few.

The errors of a mean over members drawn without replacement are those of W. G. Cochran, Sampling
Techniques, 3rd edition (1977), chapter 2; Student's distribution is brought to the normal one as
in D. L. Wallace, Bounds on normal approximations to Student's and the chi-square distributions,
Annals of Mathematical Statistics 30 (1959), 1121-1130.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from napari_abdoseg.inference.network.accumulator import Accumulator
from napari_abdoseg.inference.network.class_map import find_winners

if TYPE_CHECKING:
    import torch


class Margins:
    """Each voxel's lead of one class over another, and how far members differ in it.

    Parameters
    ----------
    sums : Accumulator
        What the first member has said.

    Attributes
    ----------
    pair : Tensor of uint8 or int16, shape (2, z, y, x)
        Numbers of the two classes.
    """

    def __init__(self, sums: Accumulator) -> None:
        import torch

        self._sums = sums
        self._squares = torch.zeros_like(sums.weights)
        self._freedom = 0
        self.compare_anew()
        self._lead.zero_()
        self._weights.zero_()
        self.follow()

    def compare_anew(self) -> None:
        """Choose the two classes that are the likeliest by now."""
        import torch

        sums = self._sums
        numbers = torch.int16 if len(sums.logits) > 255 else torch.uint8
        planes = [two_likeliest(plane, sums.regions) for plane in sums.logits.unbind(1)]
        self.pair = torch.stack([plane.to(numbers) for plane in planes], 1)
        self._lead, self._weights = self._read(), sums.weights.clone()
        self._mean, self._members = torch.zeros_like(self._lead), 0

    def follow(self) -> None:
        """Take account of a member whose logits were added to the sums."""
        import torch

        lead, weights = self._read(), self._sums.weights
        added = weights - self._weights
        said = torch.where(added > 0, (lead - self._lead) / added, self._mean)
        self._freedom += self._members > 0
        self._members += 1
        step = said - self._mean
        self._mean += step / self._members
        self._squares += step * (said - self._mean)
        self._lead, self._weights = lead, weights.clone()

    def doubts(self, worked: int, members: int) -> torch.Tensor:
        """Chance that the mean of all members prefers the other class, shape (z, y, x).

        Parameters
        ----------
        worked, members : int
            How many have, and how many there are.
        """
        import torch

        tiny = torch.finfo(torch.float32).tiny
        spread = (self._squares / self._freedom).sqrt() * sqrt(1 / worked - 1 / members)
        ratio = (self._lead / self._weights).abs() / spread.clamp(min=tiny)
        chances: torch.Tensor = torch.special.ndtr(-as_normal(ratio, self._freedom))
        return chances

    def _read(self) -> torch.Tensor:
        """The lead in the sums, shape (z, y, x)."""
        import torch

        sums, planes = self._sums, self.pair.unbind(1)
        return torch.stack(
            [
                lead_of(plane, pair.long(), sums.regions)
                for plane, pair in zip(sums.logits.unbind(1), planes, strict=True)
            ]
        )


def two_likeliest(logits: torch.Tensor, regions: bool) -> torch.Tensor:
    """Numbers of the classes between which a voxel is, shape (2, ...).

    Parameters
    ----------
    logits : Tensor, shape (class, ...)
    regions : bool
        See `find_winners`; of regions the least certain one, and what wins without it.
    """
    import torch

    first = logits.abs().min(0).indices if regions else find_winners(logits, regions)
    others = logits.scatter(0, first[None], -torch.inf)
    return torch.stack([first + regions, find_winners(others, regions)])


def lead_of(logits: torch.Tensor, pair: torch.Tensor, regions: bool) -> torch.Tensor:
    """By how much the first of `two_likeliest` is before the second, a region before none."""
    found = logits.gather(0, pair[:1] - 1 if regions else pair)
    lead: torch.Tensor = found[0] if regions else found[0] - found[1]
    return lead


def as_normal(ratio: torch.Tensor, freedom: int) -> torch.Tensor:
    """What is as rare in the normal distribution as a ratio is in Student's."""
    scale = (8 * freedom + 1) / (8 * freedom + 3)
    normal: torch.Tensor = (ratio * ratio / freedom).log1p().mul(freedom).sqrt() * scale
    return normal
