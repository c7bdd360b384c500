"""Tools that change the shape of an organ."""

from __future__ import annotations

from math import ceil

import numpy as np

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import BACKGROUND
from napari_abdoseg.correction.holes import fill_holes
from napari_abdoseg.correction.margins import grow, hollow, shrink
from napari_abdoseg.correction.smoothing import smooth
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.plugin.correct.question import Question
from napari_abdoseg.plugin.correct.tool import Amount, Choice, OrganTool

THIS, WITH_NEIGHBOURS = "this organ", "with neighbours"
AXES = {"axial": 0, "coronal": 1, "sagittal": 2}


def _fill_holes(question: Question, holes: str) -> Edit:
    return fill_holes(question.labels, question.value, AXES.get(holes))


def _smooth(question: Question, mm: float, organs: str) -> Edit:
    labels, value = question.labels, question.value
    values = [value]
    if organs == WITH_NEIGHBOURS:
        near = labels.data[labels.around([value], mm).slices]
        found = np.flatnonzero(np.bincount(near.ravel())).tolist()
        values += [each for each in found if each not in (BACKGROUND, value, *labels.locked)]
    return smooth(labels, values, mm, around=[value])


def _grow(question: Question, mm: float) -> Edit:
    _require_a_voxel(question, mm)
    return grow(question.labels, question.value, mm)


def _shrink(question: Question, mm: float) -> Edit:
    _require_a_voxel(question, mm)
    return shrink(question.labels, question.value, mm)


def _hollow(question: Question, mm: float) -> Edit:
    _require_a_voxel(question, mm)
    return hollow(question.labels, question.value, mm)


def _require_a_voxel(question: Question, mm: float) -> None:
    """Require a distance that reaches the next voxel, to the nearest side at least."""
    least = min(question.labels.spacing)
    if mm < least:
        raise CorrectionError(
            f"{mm:.1f} mm is less than a voxel: choose {ceil(10 * least) / 10:.1f} mm or more."
        )


FILL_HOLES = OrganTool(
    "fill holes",
    "Fill holes",
    "Fills what the organ encloses, in 3D or slice by slice",
    "fill_holes",
    "H",
    (Choice("holes", "Holes in", ("3D", *AXES)),),
    work=_fill_holes,
)
SMOOTH = OrganTool(
    "smooth",
    "Smooth",
    "Smooths the organ's surface",
    "smooth",
    "S",
    (
        Amount("mm", "Kernel", 2.0, 0.5, 10.0, 0.5, "mm"),
        Choice("organs", "Organs", (THIS, WITH_NEIGHBOURS)),
    ),
    work=_smooth,
)
GROW = OrganTool(
    "grow",
    "Grow",
    "Lets the organ grow into the background by a distance",
    "grow",
    "G",
    (Amount("mm", "By", 3.0, 0.1, 50.0, 0.5, "mm"),),
    work=_grow,
)
SHRINK = OrganTool(
    "shrink",
    "Shrink",
    "Takes a layer off the organ's surface",
    "shrink",
    "J",
    (Amount("mm", "By", 3.0, 0.1, 50.0, 0.5, "mm"),),
    work=_shrink,
)
HOLLOW = OrganTool(
    "hollow",
    "Hollow",
    "Leaves a wall of the organ",
    "hollow",
    "U",
    (Amount("mm", "Wall", 3.0, 0.5, 50.0, 0.5, "mm"),),
    work=_hollow,
)
