"""A tool that lets an organ follow the slices that were corrected."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from napari_abdoseg.correction.hints.answers import (
    Corrected,
    CorrectedOrgan,
    Hinted,
    slices_followed,
)
from napari_abdoseg.correction.hints.standing import FOLLOW_SLICES
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.organ import capitalized
from napari_abdoseg.plugin.correct.asked_hint import AskedHint
from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.outline_tools import MODE
from napari_abdoseg.plugin.correct.pointer import Drag, IdleHand, Spot, pointer
from napari_abdoseg.plugin.correct.question import NotChosenError
from napari_abdoseg.plugin.correct.seeds import seeds_of
from napari_abdoseg.plugin.correct.slice_tools import slice_shown, told_of
from napari_abdoseg.plugin.correct.target import Target
from napari_abdoseg.plugin.correct.tool import Amount, Tool
from napari_abdoseg.plugin.viewing.slice_in_hand import NAMES

MOST = 4
"""Slices that are followed, the nearest to the one in hand."""
REACH = Amount("reach", "Reach", 200.0, 10.0, 500.0, 10.0, "mm")


@dataclass(frozen=True)
class FollowSlices(Tool):
    """Shows at once what would follow, farther or less far with each turn of the wheel."""

    def begin(self, bench: Bench) -> None:
        pointer(bench.viewer).take_up(bench.target().layer, MODE, _ReachHand(bench))
        self.renew(bench)

    def renew(self, bench: Bench) -> None:
        hand = pointer(bench.viewer).hand
        if not isinstance(hand, _ReachHand):
            return
        try:
            target = bench.target()
            target.require_organ()
            corrected = _corrected(target)
            hand.hint = AskedHint(target, partial(_follow, corrected=corrected))
        except AbdosegError as error:
            bench.refuse(error)
            return
        bench.viewer.status = f"{REACH.told(bench.values)}: turn the wheel for more or less"
        bench.ask(hand.hint.work, about=told_of(corrected.axis, corrected.numbers))

    def taken(self, bench: Bench) -> None:
        """Remember the hint."""
        hand = pointer(bench.viewer).hand
        if isinstance(hand, _ReachHand) and hand.hint is not None:
            hand.hint.remember()
        bench.leave()

    def end(self, bench: Bench) -> None:
        bench.viewer.status = ""
        pointer(bench.viewer).put_down()


class _ReachHand(IdleHand):
    """Turns how far the organ follows."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.hint: AskedHint | None = None

    def drag(self, spot: Spot, event: Any) -> Drag:
        """Nothing."""
        yield from ()

    def wheel(self, steps: float) -> bool:
        """Farther, or less far."""
        reach = float(self._bench.values[REACH.name]) + REACH.step * steps
        reach = min(max(reach, REACH.least), REACH.most)
        self._bench.set(**{REACH.name: reach})
        return True


def _follow(organ: CorrectedOrgan, values: dict[str, Any], corrected: Corrected) -> Hinted:
    return slices_followed(organ, corrected, values[REACH.name])


def _corrected(target: Target) -> Corrected:
    """Slices of the organ that a person has painted, across the axis in hand if there are any.

    Raises
    ------
    NotChosenError
        There is none.
    """
    seeds, here = seeds_of(target.layer), slice_shown(target)
    for axis in sorted(range(3), key=lambda axis: axis != here.axis):
        numbers = seeds.across(axis, [target.value])
        if axis == here.axis:
            number = here.index(target.layer)
            numbers = sorted(numbers, key=lambda each: abs(each - number))
        if numbers:
            nearest = tuple(sorted(numbers[:MOST]))
            return Corrected(axis, nearest, seeds.strokes(axis, nearest))
    raise NotChosenError(
        f"{capitalized(target.the_organ)} follows slices that you have corrected: paint in "
        f"{NAMES[here.axis]} slices first, all that is wrong in each."
    )


FOLLOW = FollowSlices(
    FOLLOW_SLICES,
    "Follow slices",
    "Lets the slices around those that you have corrected follow them; the wheel says how far",
    "follow_slices",
    "Shift+I",
    (REACH,),
)
