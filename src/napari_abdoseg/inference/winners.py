"""Which class wins at a voxel."""

from __future__ import annotations

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
    likely = torch.sigmoid(logits.float()) > 0.5
    numbers = torch.arange(1, len(logits) + 1, device=logits.device)
    return (likely * numbers.reshape(-1, *[1] * (logits.ndim - 1))).amax(0)


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
