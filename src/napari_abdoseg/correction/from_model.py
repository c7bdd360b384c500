"""Organs in a box as a model finds them there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.names.label_names import is_named
from napari_abdoseg.image.names.organ_spelling import organ_key
from napari_abdoseg.image.organ import Organ


def same_organs(here: Sequence[Organ], there: Sequence[Organ]) -> dict[int, int]:
    """Labels of organs that a label map and a model both have, by the label that the model gives.

    Parameters
    ----------
    here : sequence of Organ
        Of the label map.
    there : sequence of Organ
        Of the model.

    Returns
    -------
    dict of int to int
        By the field's spellings of their names; by their values where the label map has no names.

    Examples
    --------
    >>> from napari_abdoseg import Organ
    >>> from napari_abdoseg.correction.from_model import same_organs
    >>> same_organs([Organ(6, "Liver")], [Organ(1, "liver"), Organ(2, "spleen")])
    {1: 6}
    """
    if not any(map(is_named, here)):
        values = {organ.value for organ in here}
        return {organ.value: organ.value for organ in there if organ.value in values}
    named = {organ_key(organ.name): organ.value for organ in here}
    keys = ((organ.value, organ_key(organ.name)) for organ in there)
    return {value: named[key] for value, key in keys if key in named}


def replace_organ(
    labels: EditableLabels, box: Box, found: NDArray[Any], same: Mapping[int, int], value: int
) -> Edit:
    """Let an organ be in a box where a model finds it, as far as no other organ is there.

    Parameters
    ----------
    labels : EditableLabels
    box : Box
    found : ndarray, of the box's shape
        Labels that the model gives.
    same : mapping of int to int
        See `same_organs`.
    value : int
        Label of the organ.

    Raises
    ------
    CorrectionError
        It is locked, or no organ of the model's.
    """
    labels.require_unlocked(value)
    if value not in same.values():
        raise CorrectionError(
            f"The model knows no {labels.name_of(value)}: choose another one in the panel Segment."
        )
    now = labels.data[box.slices]
    kept = np.where(now == value, BACKGROUND, now)
    mask = (_translated(found, same) == value) & (kept == BACKGROUND)
    return labels.edit(box, np.where(mask, value, kept))


def replace_organs(
    labels: EditableLabels, box: Box, found: NDArray[Any], same: Mapping[int, int]
) -> Edit:
    """Let all organs that a model knows be in a box where it finds them; others stay.

    Parameters
    ----------
    labels, box, found, same
        See `replace_organ`.

    Raises
    ------
    CorrectionError
        The model knows none of the organs.
    """
    if not same:
        raise CorrectionError(
            "The model knows none of these organs: choose another one in the panel Segment."
        )
    now = labels.data[box.slices]
    others = (now != BACKGROUND) & ~np.isin(now, list(same.values()))
    return labels.edit(box, np.where(others, now, _translated(found, same)))


def _translated(found: NDArray[Any], same: Mapping[int, int]) -> NDArray[np.int64]:
    """Labels of the label map; background for organs that it doesn't have."""
    values = np.full(int(found.max(initial=0)) + 1, BACKGROUND, np.int64)
    for there, here in same.items():
        if there < len(values):
            values[there] = here
    translated: NDArray[np.int64] = values[found]
    return translated
