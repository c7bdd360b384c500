"""What tools are asked, and how they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.grid import Grid, Shape


@dataclass(frozen=True, eq=False)
class Question:
    """To change an organ of a label map as it is now.

    Parameters
    ----------
    labels : EditableLabels
    value : int
        Label of the organ.
    grid : Grid
        Of the label map.
    place : tuple of int, optional
        The voxel (z, y, x) that was clicked.
    """

    labels: EditableLabels
    value: int
    grid: Grid
    place: Shape | None = None


Work = Callable[..., Edit]
"""Called with a `Question` and the settings by their names, in a thread; gives the edit."""


def nothing(question: Question) -> Edit:
    """Change nothing."""
    none = np.zeros(0, np.intp)
    return Edit((none, none, none), none, none)


def another_organ(question: Question, value: int | None) -> int:
    """The label of an organ that a setting names.

    Raises
    ------
    CorrectionError
        None is chosen, or the very organ that is changed.
    """
    if value is None:
        raise CorrectionError("Choose the other organ.")
    if value == question.value:
        raise CorrectionError(
            f"The other organ is the {question.labels.name_of(value)} too: choose another one."
        )
    return value
