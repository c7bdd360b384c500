"""Label maps to correct: of a phantom with thick slices, and of a real CT."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from shared import FOLDER, REASON

from napari_abdoseg import make_phantom, read_labels
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.image.volume import LabelMap

SOURCES = ("phantom", "real CT")


@cache
def label_map(source: str) -> LabelMap:
    """Voxels of one of these can't be written."""
    if source == "phantom":
        return make_phantom(2, (6.0, 3.0, 2.5))[1]
    path = FOLDER / "abdomen_labels.nii.gz"
    if not path.is_file():
        pytest.skip(REASON)
    return read_labels(path)


def editable(data: np.ndarray, source: str, locked: tuple[int, ...] = ()) -> EditableLabels:
    """Other voxels on the grid of one of these."""
    whole = label_map(source)
    return EditableLabels.of(LabelMap(data, whole.grid, whole.organs), locked)


def made(data: np.ndarray, edit: Edit) -> np.ndarray:
    """A copy of voxels after an edit, which must begin with what is there."""
    assert (data[edit.where] == edit.before).all()
    assert (edit.before != edit.after).all()
    after = data.copy()
    after[edit.where] = edit.after
    return after
