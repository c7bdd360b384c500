"""Organs that a model's card makes one, such as both kidneys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration

if TYPE_CHECKING:
    import torch


def merge_organs(labels: NDArray[np.unsignedinteger[Any]], model: Model) -> None:
    """Give organs that are merged one value, in place.

    Parameters
    ----------
    labels : ndarray of uint8 or uint16, shape (z, y, x)
        Values as in ``dataset.json``.
    model : Model
    """
    if not model.merged_values:
        return
    values = np.arange(np.iinfo(labels.dtype).max + 1, dtype=labels.dtype)
    values[[*model.merged_values]] = [*model.merged_values.values()]
    for plane in labels:
        plane[...] = values[plane]


def merge_classes(winners: torch.Tensor, trained: TrainedConfiguration) -> torch.Tensor:
    """Numbers of classes, those of merged organs the first of theirs; see `find_winners`."""
    import torch

    merged, values = trained.model.merged_values, trained.class_values
    if not merged:
        return winners
    numbers = [values.index(merged.get(value, value)) for value in values]
    return torch.tensor(numbers, dtype=winners.dtype)[winners.int()]
