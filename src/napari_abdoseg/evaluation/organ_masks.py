"""Masks of each organ in two label maps, cut to where the organ is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.side_by_side import side_by_side

NOWHERE = Box((0, 0, 0), (1, 1, 1))
"""Any box does for an organ that neither has."""


def organ_boxes(prediction: LabelMap, reference: LabelMap) -> Iterator[tuple[Organ, Box]]:
    """Each organ of the reference's scheme, and the smallest box that holds it in both.

    Parameters
    ----------
    prediction, reference : LabelMap
        Of shape (z, y, x), on one grid; a value means the same organ in both.

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
    both = replace(prediction, organs=reference.organs), reference
    predicted, real = side_by_side(bounding_boxes, both)
    for organ in reference.organs:
        boxes = [found[organ] for found in (predicted, real) if organ in found]
        yield organ, boxes[0].union(boxes[-1]) if boxes else NOWHERE


def organ_masks(
    prediction: LabelMap, reference: LabelMap
) -> Iterator[tuple[Organ, NDArray[np.bool_], NDArray[np.bool_]]]:
    """Each organ of the reference's scheme, and its masks within its `organ_boxes`.

    Yields
    ------
    organ : Organ
    prediction, reference : ndarray of bool, shape (z, y, x)

    Raises
    ------
    ImageError
        The two are not on one grid.
    """
    for organ, box in organ_boxes(prediction, reference):
        yield organ, *masks_within(box, organ, prediction, reference)


def masks_within(
    box: Box, organ: Organ, prediction: LabelMap, reference: LabelMap
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks of an organ in two label maps, within a box of both."""
    predicted, real = (labels.data[box.slices] == organ.value for labels in (prediction, reference))
    return predicted, real
