"""What was corrected in a label map, in figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from napari_abdoseg.anatomy.tally import Edit, NamesEdit
from napari_abdoseg.correction.journal.effort import Effort
from napari_abdoseg.correction.journal.records import Content


@dataclass(frozen=True, eq=False)
class Corrections:
    """What was corrected in a label map since it was saved, or opened, or made.

    Parameters
    ----------
    sha256 : str
        Of the file that was corrected; empty if there was none.
    tools : dict of str to int
        Strokes by tool.
    voxels : dict of int to (int, int)
        How many each label has won and lost.
    names : NamesEdit or None
        Organs that were called otherwise, or added.
    effort : Effort
        How much work it was.
    """

    sha256: str
    tools: dict[str, int]
    voxels: dict[int, tuple[int, int]]
    names: NamesEdit | None = None
    effort: Effort = field(default_factory=Effort)

    @classmethod
    def of(cls, content: Content) -> Self:
        """Those that a journal holds."""
        unsaved = content.history.unsaved
        voxels = {} if unsaved is None else won_and_lost(unsaved)
        names = content.history.unsaved_names
        return cls(content.subject.sha256, dict(content.tools), voxels, names, content.effort)


def won_and_lost(edit: Edit) -> dict[int, tuple[int, int]]:
    """How many voxels each label wins and loses by an edit, background left out."""
    won, lost = (
        Counter(dict(zip(*map(np.ndarray.tolist, np.unique(values, return_counts=True)))))
        for values in (edit.after, edit.before)
    )
    return {value: (won[value], lost[value]) for value in sorted({*won, *lost}) if value}
