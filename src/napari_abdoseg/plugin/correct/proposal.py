"""What a tool would change, before it is taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.plugin.correct.question import Answer, Parts

ADDED, REMOVED = 1, 2
MM3_PER_ML = 1000.0
MOST_ORGANS = 3
"""So many are told of by their names."""
NOTHING = "Nothing to change."
TO_CHOOSE = "{} parts, none of which is given away yet."


@dataclass(frozen=True, eq=False)
class Changes:
    """Which voxels a preview shows.

    Parameters
    ----------
    box : Box
        That holds all of them.
    kinds : ndarray of uint8, of the box's shape
        `ADDED` to an organ, `REMOVED` from all, or 0.
    """

    box: Box
    kinds: NDArray[np.uint8]

    @classmethod
    def of(cls, edit: Edit) -> Self:
        """Those of an edit of one voxel at least."""
        return cls.at(edit.where, np.where(edit.after == BACKGROUND, REMOVED, ADDED))

    @classmethod
    def at(cls, where: Iterable[NDArray[Any]], kinds: NDArray[Any]) -> Self:
        """At one voxel (z, y, x) at least, of these kinds."""
        where = tuple(where)
        starts = [int(axis.min()) for axis in where]
        stops = [int(axis.max()) + 1 for axis in where]
        box = Box((starts[0], starts[1], starts[2]), (stops[0], stops[1], stops[2]))
        shown = np.zeros([b - a for a, b in zip(starts, stops)], np.uint8)
        shown[tuple(axis - start for axis, start in zip(where, starts))] = kinds
        return cls(box, shown)

    @cached_property
    def present(self) -> frozenset[int]:
        """`ADDED`, `REMOVED` or both."""
        return frozenset(kind for kind in (ADDED, REMOVED) if (self.kinds == kind).any())

    @cached_property
    def busiest(self) -> Shape:
        """A voxel (z, y, x) that changes, in the slices where most do, in the middle of its row."""
        part: NDArray[Any] = self.kinds > 0
        inside = []
        while part.ndim > 1:
            counts = part.sum(axis=tuple(range(1, part.ndim)))
            inside.append(int(counts.argmax()))
            part = part[inside[-1]]
        row = np.flatnonzero(part)
        z, y, x = (
            at + first for at, first in zip((*inside, int(row[row.size // 2])), self.box.start)
        )
        return z, y, x

    def slice(self, axis: int, index: int) -> NDArray[np.uint8] | None:
        """The slice of the box at a voxel of the label map, None outside the box."""
        inside = index - self.box.start[axis]
        if not 0 <= inside < self.kinds.shape[axis]:
            return None
        found: NDArray[np.uint8] = np.moveaxis(self.kinds, axis, 0)[inside]
        return found


@dataclass(frozen=True, eq=False)
class Proposal:
    """An edit, in words and as a picture.

    Parameters
    ----------
    edit : Edit
    words : str
        What organs gain and lose.
    changes : Changes or None
        None for nothing.
    parts : Parts or None
        What it was found by; see `Answer`.
    """

    edit: Edit
    words: str
    changes: Changes | None
    parts: Parts | None = None

    @classmethod
    def of(cls, answer: Answer, labels: EditableLabels) -> Self:
        """That of an edit of a label map."""
        edit, parts = answer.edit, answer.parts
        if not edit.before.size:
            words = NOTHING if parts is None else TO_CHOOSE.format(parts.count)
            return cls(edit, words, None, parts)
        words = " · ".join(filter(None, (_words(edit, labels), answer.note)))
        return cls(edit, words, Changes.of(edit), parts)

    def fits(self, data: NDArray[Any]) -> bool:
        """Whether a label map still is what the edit begins with."""
        return bool((data[self.edit.where] == self.edit.before).all())


def _words(edit: Edit, labels: EditableLabels) -> str:
    """Such as ``"liver + 3.2 ml − 0.4 ml"``, the organs that change most first."""
    gained, lost = np.bincount(edit.after), np.bincount(edit.before)
    size = max(gained.size, lost.size)
    counts = [np.pad(each, (0, size - each.size)) for each in (gained, lost)]
    total = counts[0] + counts[1]
    total[BACKGROUND] = 0
    changed = [int(value) for value in np.argsort(-total, kind="stable") if total[value]]
    ml = float(np.prod(labels.spacing)) / MM3_PER_ML
    words = [
        " ".join(
            (
                labels.name_of(value),
                *(
                    f"{sign} {milliliters(each[value] * ml)}"
                    for sign, each in zip("+−", counts)
                    if each[value]
                ),
            )
        )
        for value in changed[:MOST_ORGANS]
    ]
    more = len(changed) - MOST_ORGANS
    return " · ".join(words) + (f" · {more} more" if more > 0 else "")


def milliliters(ml: float) -> str:
    """A volume with as many digits as tell it from others, such as ``"3.2 ml"``."""
    return f"{ml:.0f} ml" if ml >= 100 else f"{ml:.1f} ml" if ml >= 1 else f"{ml:.2g} ml"
