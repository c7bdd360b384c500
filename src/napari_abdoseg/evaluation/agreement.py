"""Which voxels two label maps agree on."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.evaluation.organ_masks import organ_boxes
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap


class Agreement(IntEnum):
    """Values of an agreement map; 0 is background in both."""

    TRUE_POSITIVE = 1
    FALSE_POSITIVE = 2
    FALSE_NEGATIVE = 3


COLORS = {
    Agreement.TRUE_POSITIVE: "#009e73",
    Agreement.FALSE_POSITIVE: "#e69f00",
    Agreement.FALSE_NEGATIVE: "#56b4e9",
}
"""Told apart by all kinds of colour vision: Okabe, M., & Ito, K. (2008). Color universal design."""


def agreement_map(prediction: LabelMap, reference: LabelMap) -> NDArray[np.uint8]:
    """Say for each voxel of an organ whether the prediction has it right.

    A voxel that both give to an organ, but not to the same one, is a false positive:
    the prediction says something there that is wrong.

    Parameters
    ----------
    prediction, reference : LabelMap
        Of shape (z, y, x), on one grid; a value means the same organ in both.

    Returns
    -------
    ndarray of uint8, shape (z, y, x)
        Values of `Agreement`, and 0.

    Raises
    ------
    ImageError
        The two are not on one grid.
    """
    agreement = np.zeros(reference.grid.shape, np.uint8)
    for organ, box in organ_boxes(prediction, reference):
        predicted, real = (
            labels.data[box.slices] == organ.value for labels in (prediction, reference)
        )
        _mark(agreement[box.slices], predicted, real)
    return agreement


def agreement_of(
    predicted: NDArray[Any], real: NDArray[Any], organs: Iterable[Organ]
) -> NDArray[np.uint8]:
    """What `agreement_map` says of some voxels, of which the labels are given.

    Parameters
    ----------
    predicted, real : ndarray of int, of one shape
    organs : iterable of Organ
    """
    agreement = np.zeros(predicted.shape, np.uint8)
    for organ in organs:
        _mark(agreement, predicted == organ.value, real == organ.value)
    return agreement


def _mark(
    agreement: NDArray[np.uint8], predicted: NDArray[np.bool_], real: NDArray[np.bool_]
) -> None:
    agreement[real & ~predicted & (agreement == 0)] = Agreement.FALSE_NEGATIVE
    agreement[predicted & ~real] = Agreement.FALSE_POSITIVE
    agreement[predicted & real] = Agreement.TRUE_POSITIVE
