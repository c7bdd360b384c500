"""Tools that are drawn with: an outline that is filled, and scissors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import BACKGROUND
from napari_abdoseg.correction.outline import outlined
from napari_abdoseg.correction.painted_area import Paintable, paint
from napari_abdoseg.correction.scissors import Side, cut_seen, cut_slices
from napari_abdoseg.errors import AbdosegError, CorrectionError
from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.brushes import (
    ANYTHING,
    HU,
    ONLY_BACKGROUND,
    THIS_ORGAN,
    hu_of,
    over_of,
    paintable_labels,
)
from napari_abdoseg.plugin.correct.drawing import DrawingHand, Drawn, canvas_size
from napari_abdoseg.plugin.correct.pointer import RIGHT_BUTTON, pointer
from napari_abdoseg.plugin.correct.question import Question, Work
from napari_abdoseg.plugin.correct.range_shown import range_shown
from napari_abdoseg.plugin.correct.sight import seen_in
from napari_abdoseg.plugin.correct.tool import Amount, Choice, Tool
from napari_abdoseg.plugin.widgets.certain import sure

MODE = "fill"
"""napari's mode in which the mouse draws; its own fill has no callback meanwhile."""
IN_SLICES = "An outline is filled in a slice: draw in one of the three."
OUTLINE_HINT = (
    "Draw around what is to be filled, or click on its corners and end with a double click; "
    "with the right button to erase."
)
SCISSORS_HINT = "Draw around what is to be cut, in a slice or in 3D."
ALL_ORGANS = "all unlocked"


class _ScissorsHand(DrawingHand):
    """Remembers the last outline, so that a preview follows the settings."""

    work: Work | None = None


@dataclass(frozen=True)
class OutlineTool(Tool):
    """Fills what is drawn in a slice as soon as the outline is closed."""

    def begin(self, bench: Bench) -> None:
        hand = DrawingHand(bench.viewer, partial(self._finish, bench))
        pointer(bench.viewer).take_up(bench.target().layer, MODE, hand)
        self.renew(bench)

    def renew(self, bench: Bench) -> None:
        range_shown(bench.viewer).show(bench.target().scan, bench.values["hu"])
        bench.say(OUTLINE_HINT)

    def taken(self, bench: Bench) -> None:
        """Wait for the next outline."""
        bench.follow_again()

    def end(self, bench: Bench) -> None:
        pointer(bench.viewer).put_down()
        range_shown(bench.viewer).clear()

    def _finish(self, bench: Bench, drawn: Drawn) -> None:
        try:
            edit = self._edit(bench, drawn)
        except AbdosegError as error:
            bench.refuse(error)
            return
        if edit is not None and edit.before.size:
            bench.apply(edit)

    def _edit(self, bench: Bench, drawn: Drawn) -> Edit | None:
        if drawn.axis is None:
            raise CorrectionError(IN_SLICES)
        target = bench.target()
        is_erasing = drawn.button == RIGHT_BUTTON
        if not is_erasing:
            target.require_organ()
        labels = paintable_labels(target)
        number = round(float(drawn.places[0, drawn.axis]))
        area = outlined(drawn.places, drawn.axis, number, labels.data.shape)
        if area is None:
            return None
        over = THIS_ORGAN if is_erasing else bench.values["over"]
        allowed = Paintable(over_of(over, target.value, BACKGROUND), bench.values["hu"])
        value = BACKGROUND if is_erasing else target.value
        return paint(labels, area, value, allowed, hu_of(target))


@dataclass(frozen=True)
class ScissorsTool(Tool):
    """Erases inside or outside an outline, which a preview shows first."""

    def begin(self, bench: Bench) -> None:
        hand = _ScissorsHand(bench.viewer, partial(self._finish, bench))
        pointer(bench.viewer).take_up(bench.target().layer, MODE, hand)
        bench.say(SCISSORS_HINT)

    def renew(self, bench: Bench) -> None:
        hand = pointer(bench.viewer).hand
        if isinstance(hand, _ScissorsHand) and hand.work is not None:
            bench.ask(hand.work)
        else:
            bench.forget_preview()
            bench.say(SCISSORS_HINT)

    def taken(self, bench: Bench) -> None:
        """Wait for the next outline."""
        self._forget(bench)
        bench.follow_again()
        bench.say(SCISSORS_HINT)

    def end(self, bench: Bench) -> None:
        pointer(bench.viewer).put_down()

    def _forget(self, bench: Bench) -> None:
        hand = pointer(bench.viewer).hand
        if isinstance(hand, _ScissorsHand):
            hand.work = None

    def _finish(self, bench: Bench, drawn: Drawn) -> None:
        hand = pointer(bench.viewer).hand
        try:
            work = _cutting(bench, drawn)
        except AbdosegError as error:
            bench.refuse(error)
            return
        if isinstance(hand, _ScissorsHand):
            hand.work = work
            bench.ask(work)


def _cutting(bench: Bench, drawn: Drawn) -> Work:
    """The work that cuts along an outline, as the panel it is drawn in shows the organs now."""
    if drawn.axis is not None:
        return partial(_cut_slices, drawn=drawn)
    spot = drawn.spots[0]
    see = seen_in(
        spot.panel,
        canvas_size(bench.viewer, spot.panel),
        np.asarray(spot.layer.scale),
        np.asarray(spot.layer.translate),
    )
    return partial(_cut_seen, drawn=drawn, see=see)


def _cut_slices(question: Question, drawn: Drawn, erase: str, organs: str, depth: float) -> Edit:
    values, axis = _organs(question, organs), sure(drawn.axis)
    return cut_slices(question.labels, values, drawn.places, axis, depth, Side(erase))


def _cut_seen(
    question: Question, drawn: Drawn, see: Any, erase: str, organs: str, depth: float
) -> Edit:
    values = _organs(question, organs)
    return cut_seen(question.labels, values, drawn.pixels, see, depth, Side(erase))


def _organs(question: Question, organs: str) -> list[int]:
    if organs == THIS_ORGAN:
        return [question.value]
    return [value for value in question.labels.boxes if value not in question.labels.locked]


OUTLINE = OutlineTool(
    "outline",
    "Outline",
    "Fills an outline that you draw, as it closes",
    "outline",
    "O",
    (Choice("over", "Paint over", (ANYTHING, ONLY_BACKGROUND)), HU),
)
SCISSORS = ScissorsTool(
    "scissors",
    "Scissors",
    "Cuts away what is inside or outside an outline, in slices or in 3D",
    "scissors",
    "C",
    (
        Choice("erase", "Erase", tuple(side.value for side in Side)),
        Choice("organs", "Of", (THIS_ORGAN, ALL_ORGANS)),
        Amount("depth", "Depth", 20.0, 0.0, 1000.0, 5.0, "mm"),
    ),
)
