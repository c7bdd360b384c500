"""What tools are asked, and how they answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.islands import Part
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


SMALLER = ()
"""Stands for all parts of an organ that are too small to choose one by one."""
Gifts = Mapping[tuple[int, ...], int]
"""Labels that parts are given, by a voxel (z, y, x) of each, or by `SMALLER`."""


@dataclass(frozen=True)
class Parts:
    """The parts that an organ consists of.

    Parameters
    ----------
    largest : tuple of Part
        To choose one by one, the largest first.
    smaller : Part or None
        The largest of all others, if there are any.
    count : int
        Of all parts.
    """

    largest: tuple[Part, ...]
    smaller: Part | None
    count: int


@dataclass(frozen=True, eq=False)
class Answer:
    """An edit, and what it was found by.

    Parameters
    ----------
    edit : Edit
    parts : Parts or None
        Of the organ, to choose what becomes of each.
    note : str, optional
        What else the user should know of it.
    """

    edit: Edit
    parts: Parts | None = None
    note: str = ""


Work = Callable[..., Edit | Answer]
"""Called with a `Question` and the settings by their names, in a thread; gives the edit."""


class NotChosenError(CorrectionError):
    """A setting is still to be chosen, which the sentence asks for."""


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
        raise NotChosenError("Choose the other organ.")
    if value == question.value:
        raise CorrectionError(
            f"The other organ is {question.labels.the(value)} too: choose another one."
        )
    return value
