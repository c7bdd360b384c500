"""Tools that take a hint: a click, and the organ's boundary follows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.hints.answers import CorrectedOrgan, Hinted, boundary_moved
from napari_abdoseg.correction.hints.clicks import MORE, Click
from napari_abdoseg.correction.hints.standing import TOO_SMALL_OR_LARGE, WRONG_HERE
from napari_abdoseg.correction.hints.where import Where
from napari_abdoseg.errors import AbdosegError, CorrectionError
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.plugin.correct.asked_hint import AskedHint, make_ready
from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.drawing import STILL_PIXELS
from napari_abdoseg.plugin.correct.outline_tools import MODE
from napari_abdoseg.plugin.correct.pointer import (
    LEFT_BUTTON,
    RIGHT_BUTTON,
    Drag,
    IdleHand,
    Spot,
    pointer,
)
from napari_abdoseg.plugin.correct.sight import beside_surface
from napari_abdoseg.plugin.correct.target import Target
from napari_abdoseg.plugin.correct.tool import Amount, Choice, Tool

PIXELS_A_STEP = 8.0
"""That a drag goes up for what a step of the wheel does."""
PERCENT = 100.0
KEYS = {
    frozenset({"Shift"}): Where.VIEW,
    frozenset({"Control", "Shift"}): Where.SLAB,
    frozenset({"Control", "Alt"}): Where.SIDE,
}
"""Held as a place is clicked; what they mean comes before the setting."""
WITH_KEYS = (
    "with Shift only what is in view changes, with Ctrl+Shift the slab, with Ctrl+Alt this side"
)
TURNS = "turn the wheel, or drag up or down"


@dataclass(frozen=True)
class HintTool(Tool):
    """Shows at once what would follow from a click, with each turn of the wheel.

    The first of its settings is what the wheel turns, and a drag up or down.

    Parameters
    ----------
    hint : str
        What to click on.
    """

    hint: str = ""

    @property
    def amount(self) -> Amount:
        """What the wheel turns."""
        (amount, *_) = (each for each in self.settings if isinstance(each, Amount))
        return amount

    def begin(self, bench: Bench) -> None:
        hand = _HintHand(bench, self)
        pointer(bench.viewer).take_up(bench.target().layer, MODE, hand)
        bench.say(self.hint)
        make_ready(bench)

    def renew(self, bench: Bench) -> None:
        hand = pointer(bench.viewer).hand
        if isinstance(hand, _HintHand):
            hand.ask()

    def taken(self, bench: Bench) -> None:
        """Remember the hint, and wait for the next click."""
        hand = pointer(bench.viewer).hand
        if isinstance(hand, _HintHand):
            hand.note()
        bench.viewer.status = ""
        bench.follow_again()
        bench.say(self.hint)

    def end(self, bench: Bench) -> None:
        hand = pointer(bench.viewer).hand
        if isinstance(hand, _HintHand):
            hand.forget()
        bench.viewer.status = ""
        pointer(bench.viewer).put_down()

    def click(self, clicked: Clicked, values: dict[str, Any]) -> Click:
        """What a click means with the settings as they are."""
        raise NotImplementedError


@dataclass(frozen=True)
class TooSmallOrLarge(HintTool):
    """Moves the whole boundary of the organ."""

    def click(self, clicked: Clicked, values: dict[str, Any]) -> Click:
        return Click(clicked.place, clicked.inside, more=values["more"] / PERCENT)


@dataclass(frozen=True)
class WrongHere(HintTool):
    """Moves the boundary around the click alone."""

    def click(self, clicked: Clicked, values: dict[str, Any]) -> Click:
        return Click(clicked.place, clicked.inside, reach_mm=values["reach"])


@dataclass(frozen=True)
class Clicked:
    """A click of a hint.

    Parameters
    ----------
    place : tuple of int
        Voxel (z, y, x).
    inside : bool
        Whether it should be the organ's.
    axis : int or None
        Of (z, y, x), across the slice; None in 3D.
    view : Box or None
        What the slice's picture shows.
    where : Where or None
        What of the organ is to change, where keys say so.
    """

    place: Shape
    inside: bool
    axis: int | None
    view: Box | None
    where: Where | None

    @classmethod
    def of(cls, target: Target, spot: Spot, event: Any) -> Self:
        """What a button that is pressed at a spot means.

        Raises
        ------
        CorrectionError
            The organ is not there, in 3D.
        """
        inside = event.button == LEFT_BUTTON
        place = spot.place
        if spot.axis is None:
            found = beside_surface(spot, spot.layer.data, target.value, inside)
            if found is None:
                raise CorrectionError(
                    f"In 3D hints are given on the organ's surface: click on {target.the_organ}."
                )
            place = found
        z, y, x = np.rint(place).astype(int).tolist()
        where = KEYS.get(frozenset(event.modifiers))
        return cls((z, y, x), inside, spot.axis, _view(spot), where)


class _HintHand(IdleHand):
    """Clicks on what is wrong, and turns how far it goes."""

    keys = KEYS

    def __init__(self, bench: Bench, tool: HintTool) -> None:
        self._bench, self._tool = bench, tool
        self._clicked: Clicked | None = None
        self._hint: AskedHint | None = None

    def drag(self, spot: Spot, event: Any) -> Drag:
        if event.button not in (LEFT_BUTTON, RIGHT_BUTTON):
            return
        try:
            target = self._bench.target()
            self._clicked = clicked = Clicked.of(target, spot, event)
        except AbdosegError as error:
            self._clicked = None
            self._bench.refuse(error)
            return
        before = float(self._bench.values[self._tool.amount.name])
        self.ask()
        yield
        is_dragged = False
        while event.type == "mouse_move":
            up = spot.pixel[1] - float(event.pos[1])
            is_dragged = is_dragged or abs(up) > STILL_PIXELS
            if is_dragged and self._clicked is clicked:
                self._turn_to(before + self._tool.amount.step * round(up / PIXELS_A_STEP))
            yield
        if is_dragged and self._clicked is clicked and self._bench.target().value == target.value:
            self._bench.take_soon()  # of another organ nobody has seen what would change

    def wheel(self, steps: float) -> bool:
        """More or less, once there is a place."""
        if self._clicked is None:
            return False
        amount = self._tool.amount
        self._turn_to(float(self._bench.values[amount.name]) + amount.step * steps)
        return True

    def ask(self) -> None:
        """Look again what would change."""
        bench, clicked = self._bench, self._clicked
        if clicked is None:
            bench.forget_preview()
            bench.say(self._tool.hint)
            make_ready(bench)
            return
        click = self._tool.click(clicked, bench.values)
        try:
            self._hint = AskedHint(bench.target(), partial(_move, click=click, clicked=clicked))
        except AbdosegError as error:
            bench.refuse(error)
            return
        amount = self._tool.amount
        where = "" if clicked.where is None else f"{clicked.where.value.capitalize()}: "
        bench.viewer.status = f"{where}{amount.told(bench.values)}: {TURNS}"
        bench.ask(self._hint.work, clicked.place, where)

    def note(self) -> None:
        """The hint was taken."""
        if self._hint is not None:
            self._hint.remember()
        self.forget()

    def forget(self) -> None:
        """Wait for another click."""
        self._clicked = self._hint = None

    def _turn_to(self, value: float) -> None:
        amount = self._tool.amount
        self._bench.set(**{amount.name: min(max(value, amount.least), amount.most)})


def _move(organ: CorrectedOrgan, values: dict[str, Any], click: Click, clicked: Clicked) -> Hinted:
    chosen = Where(values.get(WHERE.name, Where.ALL))
    return boundary_moved(organ, click, clicked.where or chosen, clicked.axis, clicked.view)


def _view(spot: Spot) -> Box | None:
    """The part of the scan that a slice's picture shows, through all slices."""
    if spot.axis is None:
        return None
    low, high = np.asarray(spot.layer.corner_pixels)[:, -3:]
    start, stop = np.floor(low).astype(int), np.ceil(high).astype(int) + 1
    start[spot.axis], stop[spot.axis] = 0, spot.layer.data.shape[spot.axis]
    return Box(_shape(start), _shape(stop))


def _shape(values: Any) -> Shape:
    z, y, x = (int(value) for value in values)
    return z, y, x


BEYOND = Amount("more", "Beyond the click", MORE * PERCENT, 0.0, 300.0, 10.0, "%")
REACH = Amount("reach", "Reach", 10.0, 2.0, 100.0, 2.0, "mm")
WHERE = Choice("where", "Change", tuple(where.value for where in Where))

BOUNDARY = TooSmallOrLarge(
    TOO_SMALL_OR_LARGE,
    "Too small or large",
    f"Lets the whole boundary of the organ follow a click; {WITH_KEYS}",
    "too_small_or_large",
    "Shift+G",
    (BEYOND, WHERE),
    "Click a voxel that the organ lacks, or with the right button one that it should not have.",
)
HERE = WrongHere(
    WRONG_HERE,
    "Wrong here",
    "Lets the boundary around a click follow it, and no more",
    "wrong_here",
    "Shift+W",
    (REACH,),
    "Click the middle of what the organ lacks, or with the right button of what it should not "
    "have.",
)
