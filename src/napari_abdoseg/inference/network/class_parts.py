"""Logits of a tile, some classes at a time: those of a hundred take more room than all the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from napari_abdoseg.inference.model.network_memory import CLASSES_AT_ONCE

if TYPE_CHECKING:
    import torch

    Parts = Iterable[tuple[slice, torch.Tensor]]


def parts_of(classes: int) -> Iterator[slice]:
    """The classes of each part."""
    for first in range(0, classes, CLASSES_AT_ONCE):
        yield slice(first, min(first + CLASSES_AT_ONCE, classes))


def in_parts(logits: torch.Tensor) -> Parts:
    """Logits of shape (class, *patch), some classes at a time."""
    return ((classes, logits[classes]) for classes in parts_of(len(logits)))


def joined(parts: Parts, classes: int) -> torch.Tensor:
    """Logits of all classes, shape (class, *patch)."""
    return added(parts, None, classes)


def added(parts: Parts, total: torch.Tensor | None, classes: int) -> torch.Tensor:
    """The sum of logits, in ``total`` if there is one, shape (class, *patch)."""
    for part, logits in parts:
        if total is None:
            total = logits.new_zeros((classes, *logits.shape[1:]))
        total[part] += logits
    assert total is not None
    return total


def mean_in_parts(parts: Parts, others: torch.Tensor | None, count: int) -> Parts:
    """The mean of ``count`` passes, from the logits of one and the sum of all others."""
    for part, logits in parts:
        yield part, logits if others is None else (others[part] + logits) / count
