"""Tools that change the parts of an organ that hang together, one by one or all at once."""

from __future__ import annotations

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.islands import find_islands
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.organ import capitalized
from napari_abdoseg.plugin.correct.question import (
    SMALLER,
    Answer,
    Gifts,
    Parts,
    Question,
    another_organ,
)
from napari_abdoseg.plugin.correct.tool import Amount, EachPart, OrganTool, OtherOrgan, PlaceTool
from napari_abdoseg.plugin.widgets.certain import sure

MOST_ROWS = 6
"""So many parts are given one by one, all smaller ones at once."""


def _keep_largest(question: Question) -> Edit:
    return find_islands(question.labels, question.value).keep_largest()


def _remove_small(question: Question, ml: float) -> Edit:
    return find_islands(question.labels, question.value).remove_below(ml)


def _remove(question: Question) -> Edit:
    return find_islands(question.labels, question.value).remove(sure(question.place))


def _keep(question: Question) -> Edit:
    return find_islands(question.labels, question.value).keep(sure(question.place))


def _give(question: Question, to: int | None) -> Edit:
    other = another_organ(question, to)
    return find_islands(question.labels, question.value).give(sure(question.place), other)


def _split(question: Question, to: Gifts) -> Answer:
    islands = find_islands(question.labels, question.value)
    count = len(islands.voxels)
    if count == 1:
        raise CorrectionError(
            f"{capitalized(question.labels.the(question.value))} is one part: cut it with the "
            "eraser or the scissors where the parts meet, then split it."
        )
    parts = islands.largest(MOST_ROWS + 1)
    largest, smaller = (parts, None) if count <= MOST_ROWS else (parts[:-1], parts[-1])
    of_smaller = (len(largest), to[SMALLER]) if SMALLER in to and smaller is not None else None
    one_by_one = {place: value for place, value in to.items() if place != SMALLER}
    return Answer(islands.split(one_by_one, of_smaller), Parts(largest, smaller, count))


KEEP_LARGEST = OrganTool(
    "keep largest",
    "Keep largest",
    "Keeps the largest part of the organ, removes all others",
    "keep_largest",
    "K",
    work=_keep_largest,
)
REMOVE_SMALL = OrganTool(
    "remove small parts",
    "Remove small parts",
    "Removes parts of the organ below a volume",
    "remove_small",
    "D",
    (Amount("ml", "Below", 1.0, 0.01, 1000.0, 0.5, "ml"),),
    work=_remove_small,
)
REMOVE_PART = PlaceTool(
    "remove part",
    "Remove part",
    "Removes the part of the organ that you click",
    "remove_part",
    "R",
    hint="Click the part that is to go, in any slice.",
    work=_remove,
)
KEEP_PART = PlaceTool(
    "keep part",
    "Keep part",
    "Keeps the part of the organ that you click, removes all others",
    "keep_part",
    "Q",
    hint="Click the part that is to stay, in any slice.",
    work=_keep,
)
GIVE_PART = PlaceTool(
    "give part",
    "Give part",
    "Gives the part of the organ that you click to another organ",
    "give_part",
    "T",
    (OtherOrgan("to", "To"),),
    hint="Click the part that another organ gets, in any slice.",
    work=_give,
)
SPLIT = OrganTool(
    "split",
    "Split",
    "Separates the parts of the organ: choose for each which organ it belongs to",
    "split",
    "Y",
    (EachPart("to", "Parts"),),
    work=_split,
)
