"""Which class wins at a voxel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


def find_winners(logits: torch.Tensor, regions: bool) -> torch.Tensor:
    """Number of the class that wins, 0 for none.

    Parameters
    ----------
    logits : Tensor, shape (class, ...)
    regions : bool
        Whether classes are regions, background none of them, that may overlap: the last
        of those more likely than not wins, as number one for the first. Else the largest
        logit wins, background being number 0.
    """
    import torch

    if not regions:
        return logits.max(0).indices
    return _last_likely(torch.sigmoid(logits.float()))


def find_common_winners(logits: Sequence[torch.Tensor], regions: bool) -> torch.Tensor:
    """Winners of the mean of several predictions' probabilities; see `find_winners`.

    Parameters
    ----------
    logits : sequence of Tensor, shape (class, ...)
        Of one prediction each. A single one's are compared as they are.
    regions : bool
    """
    import torch

    if len(logits) == 1:
        return find_winners(logits[0], regions)
    mean = torch.zeros_like(logits[0], dtype=torch.float32)
    for one in logits:
        mean += torch.sigmoid(one.float()) if regions else torch.softmax(one.float(), 0)
    mean /= len(logits)
    return _last_likely(mean) if regions else mean.max(0).indices


def _last_likely(probabilities: torch.Tensor) -> torch.Tensor:
    import torch

    numbers = torch.arange(1, len(probabilities) + 1, device=probabilities.device)
    numbers = numbers.reshape(-1, *[1] * (probabilities.ndim - 1))
    return ((probabilities > 0.5) * numbers).amax(0)


def map_winners(logits: torch.Tensor, regions: bool) -> torch.Tensor:
    """Winners of a whole volume, plane by plane.

    Parameters
    ----------
    logits : Tensor, shape (class, z, y, x)
    regions : bool
        See `find_winners`.

    Returns
    -------
    Tensor of uint8, or of int16 above 255 classes, shape (z, y, x)
    """
    import torch

    numbers = torch.int16 if len(logits) > 255 else torch.uint8
    return torch.stack([find_winners(plane, regions).to(numbers) for plane in logits.unbind(1)])
