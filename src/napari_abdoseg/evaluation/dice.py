"""Dice similarity coefficient (DSC).

Dice, L. R. (1945). Measures of the amount of ecologic association between
species. Ecology, 26(3), 297-302.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.evaluation.organ_masks import organ_masks
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap


def dice(prediction: LabelMap, reference: LabelMap) -> dict[Organ, float]:
    """DSC of each organ of the reference's scheme; 1 where both have none of it.

    Raises
    ------
    ImageError
        The two are not on one grid.

    Examples
    --------
    >>> from napari_abdoseg import dice, make_phantom
    >>> truth = make_phantom(1, (12.0, 10.0, 10.0))[1]
    >>> {organ.name: float(score) for organ, score in dice(truth, truth).items()}
    {'liver': 1.0, 'kidney': 1.0, 'spleen': 1.0, 'pancreas': 1.0}
    """
    return {
        organ: dice_of_masks(predicted, real)
        for organ, predicted, real in organ_masks(prediction, reference)
    }


def dice_of_masks(prediction: NDArray[np.bool_], reference: NDArray[np.bool_]) -> float:
    """DSC of two masks of one shape; 1 where both are empty."""
    size = np.count_nonzero(prediction) + np.count_nonzero(reference)
    return 2 * np.count_nonzero(prediction & reference) / size if size else 1.0
