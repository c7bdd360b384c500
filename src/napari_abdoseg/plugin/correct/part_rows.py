"""A row for each part of an organ, with the organ that it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from qtpy.QtWidgets import QGridLayout, QLabel, QPushButton, QWidget

from napari_abdoseg.correction.islands import Part
from napari_abdoseg.image.grid import Shape, Triple
from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.organ_choice import OrganChoice
from napari_abdoseg.plugin.correct.proposal import milliliters
from napari_abdoseg.plugin.correct.question import SMALLER, Gifts, Parts
from napari_abdoseg.plugin.correct.target import Target

GO_TO = "Go to"
DIRECTIONS = (("below", "above"), ("in front", "behind"), ("right", "left"))
"""Towards the first and the last voxel of each axis of (z, y, x)."""


class PartRows(QWidget):
    """Shows the parts that a preview was found by, and lets each be given to an organ.

    Parameters
    ----------
    bench : Bench
    gifts : mapping of tuple of int to int
        What was chosen before; see `Gifts`.
    target : Target or None
    tell : callable
        Called with what is chosen.
    """

    def __init__(
        self, bench: Bench, gifts: Gifts, target: Target | None, tell: Callable[[Gifts], None]
    ) -> None:
        super().__init__()
        self.choices: list[OrganChoice] = []
        self._bench, self._target, self._tell = bench, target, tell
        self._gifts = dict(gifts)
        self._shown: Parts | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)

    def follow(self) -> None:
        """Show the parts of the preview that the bench has now; the same while it computes."""
        proposal = self._bench.proposal
        if self._bench.is_problem:
            self._show(None)
        elif proposal is not None:
            self._show(proposal.parts)

    def _show(self, parts: Parts | None) -> None:
        if parts == self._shown or self._target is None:
            return
        self._shown = parts
        self.choices = []
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if parts is None:
            return
        for part in parts.largest:
            where = _direction(part, parts.largest[0], self._target.layer.scale)
            self._add(part.place, f"{milliliters(part.volume_ml)}{where}", part.place)
        if parts.smaller is not None:
            words = f"{parts.count - len(parts.largest)} smaller"
            self._add(SMALLER, words, parts.smaller.place)

    def _add(self, key: tuple[int, ...], words: str, place: Shape) -> None:
        row, choice, go_to = self._grid.rowCount(), OrganChoice(), QPushButton(GO_TO)
        if self._target is not None:
            choice.offer(self._target.organs, self._gifts.get(key, self._target.value))
        choice.chosen.connect(partial(self._give, key))
        go_to.setToolTip("Bring all panels to this part")
        go_to.clicked.connect(lambda: self._bench.go_to(place))
        self.choices.append(choice)
        for column, widget in enumerate((QLabel(words), choice, go_to)):
            self._grid.addWidget(widget, row, column)

    def _give(self, key: tuple[int, ...], value: int) -> None:
        self._gifts = {**self._gifts, key: value}
        self._tell(self._gifts)


def _direction(part: Part, largest: Part, scale: Triple) -> str:
    """Where a part lies from the largest, such as ``", left"``: of the patient."""
    if part is largest:
        return ""
    middles = (np.add(each.box.start, each.box.stop) / 2 for each in (part, largest))
    way = np.subtract(*middles) * scale
    axis = int(np.abs(way).argmax())
    return f", {DIRECTIONS[axis][int(way[axis] > 0)]}"
