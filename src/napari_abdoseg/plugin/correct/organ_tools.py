"""Tools that change a whole organ, or a part of it that hangs together."""

from __future__ import annotations

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.holes import fill_holes
from napari_abdoseg.correction.islands import find_islands
from napari_abdoseg.correction.margins import grow, hollow, shrink
from napari_abdoseg.correction.smoothing import smooth
from napari_abdoseg.plugin.correct.question import Question
from napari_abdoseg.plugin.correct.tool import Amount, Choice, OrganTool

IN_3D, IN_SLICES = "3D", "axial"
AXES = {"axial": 0, "coronal": 1, "sagittal": 2}


def _keep_largest(question: Question) -> Edit:
    return find_islands(question.labels, question.value).keep_largest()


def _remove_small(question: Question, ml: float) -> Edit:
    return find_islands(question.labels, question.value).remove_below(ml)


def _fill_holes(question: Question, holes: str) -> Edit:
    return fill_holes(question.labels, question.value, AXES.get(holes))


def _smooth(question: Question, mm: float) -> Edit:
    return smooth(question.labels, [question.value], mm)


def _grow(question: Question, mm: float) -> Edit:
    return grow(question.labels, question.value, mm)


def _shrink(question: Question, mm: float) -> Edit:
    return shrink(question.labels, question.value, mm)


def _hollow(question: Question, mm: float) -> Edit:
    return hollow(question.labels, question.value, mm)


KEEP_LARGEST = OrganTool(
    "keep largest",
    "Keep largest",
    "Keep the largest part of the organ, remove all others",
    "keep_largest",
    "Shift+K",
    work=_keep_largest,
)
REMOVE_SMALL = OrganTool(
    "remove small parts",
    "Remove small parts",
    "Remove the parts of the organ that are smaller than a volume",
    "remove_small",
    "Shift+D",
    (Amount("ml", "Smaller than", 1.0, 0.01, 1000.0, 0.5, "ml"),),
    work=_remove_small,
)
FILL_HOLES = OrganTool(
    "fill holes",
    "Fill holes",
    "Fill what the organ encloses, in 3D or slice by slice",
    "fill_holes",
    "Shift+H",
    (Choice("holes", "Holes in", ("3D", *AXES)),),
    work=_fill_holes,
)
SMOOTH = OrganTool(
    "smooth",
    "Smooth",
    "Smooth the organ's surface",
    "smooth",
    "Shift+S",
    (Amount("mm", "Kernel", 2.0, 0.5, 10.0, 0.5, "mm"),),
    work=_smooth,
)
GROW = OrganTool(
    "grow",
    "Grow",
    "Let the organ grow into the background by a distance",
    "grow",
    "Shift+G",
    (Amount("mm", "By", 2.0, 0.1, 50.0, 0.5, "mm"),),
    work=_grow,
)
SHRINK = OrganTool(
    "shrink",
    "Shrink",
    "Take a layer off the organ's surface",
    "shrink",
    "Shift+J",
    (Amount("mm", "By", 2.0, 0.1, 50.0, 0.5, "mm"),),
    work=_shrink,
)
HOLLOW = OrganTool(
    "hollow",
    "Hollow",
    "Leave a wall of the organ that is so thick",
    "hollow",
    "Shift+U",
    (Amount("mm", "Wall", 3.0, 0.5, 50.0, 0.5, "mm"),),
    work=_hollow,
)
