"""A tool of strokes for and against an organ: its boundary follows as the CT's edges allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from napari_abdoseg.correction.brush import swept
from napari_abdoseg.correction.hints.answers import CorrectedOrgan, Hinted, scribbled
from napari_abdoseg.correction.hints.scribble import Stroke
from napari_abdoseg.errors import AbdosegError, CorrectionError
from napari_abdoseg.plugin.correct.asked_hint import AskedHint, make_ready
from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.brushes import paintable_labels
from napari_abdoseg.plugin.correct.change_overlay import AGAINST, FOR
from napari_abdoseg.plugin.correct.drawing import line_in
from napari_abdoseg.plugin.correct.outline_tools import MODE
from napari_abdoseg.plugin.correct.pointer import (
    LEFT_BUTTON,
    RIGHT_BUTTON,
    Drag,
    IdleHand,
    Spot,
    pointer,
)
from napari_abdoseg.plugin.correct.proposal import ADDED, REMOVED, Changes
from napari_abdoseg.plugin.correct.target import Target
from napari_abdoseg.plugin.correct.tool import Action, Amount, Tool

HINT = (
    "Draw over some of what the organ lacks, or with the right button of what it should not have; "
    "add strokes until all is right."
)
IN_SLICES = "Strokes are drawn in a slice: draw in one of the three."
PEN = Amount("pen", "Pen", 4.0, 0.5, 60.0, 1.0, "mm")


@dataclass(frozen=True)
class ScribbleTool(Tool):
    """Shows after each stroke what would follow from all of them."""

    def begin(self, bench: Bench) -> None:
        pointer(bench.viewer).take_up(bench.target().layer, MODE, _ScribblingHand(bench))
        bench.say(HINT)
        make_ready(bench)

    def renew(self, bench: Bench) -> None:
        if (hand := _hand_of(bench)) is not None:
            hand.ask()

    def taken(self, bench: Bench) -> None:
        """Wait for the next stroke."""
        if (hand := _hand_of(bench)) is not None:
            hand.forget()
        bench.follow_again()
        bench.say(HINT)
        make_ready(bench)

    def end(self, bench: Bench) -> None:
        if (hand := _hand_of(bench)) is not None:
            hand.forget()
        pointer(bench.viewer).put_down()


class _ScribblingHand(IdleHand):
    """Draws strokes on one organ, and asks what follows from them."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._value: int | None = None
        self.strokes: list[Stroke] = []

    def drag(self, spot: Spot, event: Any) -> Drag:
        if event.button not in (LEFT_BUTTON, RIGHT_BUTTON):
            return
        try:
            value = self._require_stroke(spot)
        except AbdosegError as error:
            self._bench.refuse(error)
            return
        spots = [spot]
        inside = event.button == LEFT_BUTTON
        color = FOR if inside else AGAINST
        line = line_in(self._bench.viewer, spot.panel, closes=False, color=color)
        try:
            yield
            while event.type == "mouse_move":
                spots.append(Spot.of(spot.panel, spot.layer, event))
                if line is not None:
                    line.draw(spots)
                yield
        finally:
            if line is not None:
                line.end()
        self._add(spots, inside, value)

    def forget(self) -> None:
        """Forget all strokes."""
        self.strokes.clear()
        self._bench.mark(None)

    def ask(self) -> None:
        """Look again what would change."""
        bench = self._bench
        try:
            target = bench.target()
        except AbdosegError as error:
            bench.refuse(error)
            return
        if target.value != self._value:
            self.strokes.clear()
        bench.mark(_drawn(self.strokes))
        if not self.strokes:
            bench.forget_preview()
            bench.say(HINT)
            make_ready(bench)
            return
        hint = AskedHint(target, partial(_scribble, strokes=tuple(self.strokes)))
        count = len(self.strokes)
        bench.ask(hint.work, about="" if count == 1 else f"{count} strokes: ")

    def _require_stroke(self, spot: Spot) -> int:
        """The organ that a stroke which begins here is on."""
        if spot.axis is None:
            raise CorrectionError(IN_SLICES)
        target = self._bench.target()
        target.require_organ()
        return target.value

    def _add(self, spots: list[Spot], inside: bool, value: int) -> None:
        """Add a stroke, unless another organ was chosen as it was drawn."""
        target = self._bench.target()
        if target.value != value:
            return
        if value != self._value:
            self._value = value
            self.strokes.clear()
        self.strokes.append(_stroke(target, spots, inside, float(self._bench.values[PEN.name])))
        self.ask()


def _hand_of(bench: Bench) -> _ScribblingHand | None:
    hand = pointer(bench.viewer).hand
    return hand if isinstance(hand, _ScribblingHand) else None


def _stroke(target: Target, spots: list[Spot], inside: bool, pen_mm: float) -> Stroke:
    """Voxels that a pen covers, whose way leads from spot to spot in a slice."""
    labels, axis = paintable_labels(target), spots[0].axis
    z, y, x = labels.data.shape
    ways = pairwise([spots[0], *spots])
    covered = (
        swept(start.place, end.place, pen_mm / 2, labels.spacing, (z, y, x), axis)
        for start, end in ways
    )
    voxels = [np.argwhere(area.mask) + area.box.start for area in covered if area is not None]
    z_at, y_at, x_at = np.unique(np.concatenate([np.zeros((0, 3), int), *voxels]), axis=0).T
    return Stroke((z_at, y_at, x_at), inside)


def _drawn(strokes: Sequence[Stroke]) -> Changes | None:
    """Strokes as a picture shows them; None where there are none in the scan."""
    places = [np.stack(stroke.where, axis=1) for stroke in strokes]
    kinds = [ADDED if stroke.inside else REMOVED for stroke in strokes]
    where = np.concatenate([np.zeros((0, 3), int), *places]).T
    if not where.size:
        return None
    return Changes.at(where, np.repeat(kinds, [len(each) for each in places]))


def _scribble(organ: CorrectedOrgan, values: dict[str, Any], strokes: tuple[Stroke, ...]) -> Hinted:
    return scribbled(organ, strokes)


def _take_back(bench: Bench) -> None:
    hand = _hand_of(bench)
    if hand is None or not hand.strokes:
        raise CorrectionError("No stroke is drawn that could be taken back.")
    hand.strokes.pop()


SCRIBBLE = ScribbleTool(
    "scribble",
    "Scribble",
    "Lets the boundary follow strokes for the organ and against it, up to the CT's edges",
    "scribble",
    "Shift+S",
    (PEN, Action("last", "Last stroke", "Take back", _take_back, "Backspace")),
)
