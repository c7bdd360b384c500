"""Dice similarity coefficient (DSC).

Dice, L. R. (1945). Measures of the amount of ecologic association between
species. Ecology, 26(3), 297-302.
"""

from __future__ import annotations

import numpy as np

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap


def dice(prediction: LabelMap, reference: LabelMap) -> dict[Organ, float]:
    """DSC of each organ of the reference's scheme; 1 where both have none of it.

    Raises
    ------
    ImageError
        The two are not on one grid.
    """
    if not prediction.grid.matches(reference.grid):
        raise ImageError(
            f"Prediction {prediction.path or ''} and reference {reference.path or ''} are not on "
            "one grid: compare label maps of the same scan."
        )
    labels = 1 + max(int(prediction.data.max()), int(reference.data.max()), *_values(reference))
    pairs = prediction.data.astype(np.intp) * labels + reference.data
    joint = np.bincount(pairs.ravel(), minlength=labels**2).reshape(labels, labels)
    sizes = joint.sum(axis=0) + joint.sum(axis=1)
    return {
        organ: float(2 * joint[organ.value, organ.value] / sizes[organ.value])
        if sizes[organ.value]
        else 1.0
        for organ in reference.organs
    }


def _values(labels: LabelMap) -> list[int]:
    return [organ.value for organ in labels.organs]
