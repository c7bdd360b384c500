"""What tools are asked, and how they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.image.grid import Shape


@dataclass(frozen=True, eq=False)
class Question:
    """To change an organ of a label map as it is now.

    Parameters
    ----------
    labels : EditableLabels
    value : int
        Label of the organ.
    place : tuple of int, optional
        The voxel (z, y, x) that was clicked.
    """

    labels: EditableLabels
    value: int
    place: Shape | None = None


Work = Callable[..., Edit]
"""Called with a `Question` and the settings by their names, in a thread; gives the edit."""


def nothing(question: Question) -> Edit:
    """Change nothing."""
    none = np.zeros(0, np.intp)
    return Edit((none, none, none), none, none)
