"""An organ that grows from a click, as far as voxels are as dense."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.region_growing import grow_from, hu_around, scan_of
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.brushes import hu_of
from napari_abdoseg.plugin.correct.drawing import STILL_PIXELS
from napari_abdoseg.plugin.correct.outline_tools import MODE
from napari_abdoseg.plugin.correct.pointer import LEFT_BUTTON, Drag, IdleHand, Spot, pointer
from napari_abdoseg.plugin.correct.question import Question
from napari_abdoseg.plugin.correct.sight import first_on_sight
from napari_abdoseg.plugin.correct.tool import Amount, Tool
from napari_abdoseg.plugin.widgets.certain import sure

HINT = "Click on what belongs to the organ; then the wheel makes the range of HU wider or narrower."
HU_A_STEP = 2.0
LEAST_HU, MOST_HU = 1.0, 1000.0


@dataclass(frozen=True)
class GrowingTool(Tool):
    """Shows at once what would be added, with each turn of the wheel."""

    def begin(self, bench: Bench) -> None:
        pointer(bench.viewer).take_up(bench.target().layer, MODE, _GrowingHand(bench))
        bench.say(HINT)

    def renew(self, bench: Bench) -> None:
        hand = pointer(bench.viewer).hand
        if isinstance(hand, _GrowingHand):
            hand.ask()

    def taken(self, bench: Bench) -> None:
        """Wait for the next click."""
        hand = pointer(bench.viewer).hand
        if isinstance(hand, _GrowingHand):
            hand.place = None
        bench.follow_again()
        bench.say(HINT)

    def end(self, bench: Bench) -> None:
        pointer(bench.viewer).put_down()


class _GrowingHand(IdleHand):
    """Clicks on where to begin, and turns the range of HU."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self.place: Shape | None = None

    def drag(self, spot: Spot, event: Any) -> Drag:
        yield
        while event.type == "mouse_move":
            yield
        moved = np.hypot(*np.subtract(spot.pixel, event.pos[:2]))
        if event.button == LEFT_BUTTON and moved <= STILL_PIXELS:
            self._begin_at(spot)

    def wheel(self, steps: float) -> bool:
        """Make the range of HU wider or narrower, once there is a place."""
        if self.place is None:
            return False
        tolerance = float(self._bench.values["tolerance"]) + HU_A_STEP * steps
        self._bench.set(tolerance=min(max(tolerance, LEAST_HU), MOST_HU))
        return True

    def ask(self) -> None:
        """Look again what would be added."""
        if self.place is None:
            self._bench.forget_preview()
            self._bench.say(HINT)
            return
        try:
            target = self._bench.target()
            hu = scan_of(target.editable(), hu_of(target))
            low, high = hu_around(hu, self.place, float(self._bench.values["tolerance"]))
        except AbdosegError as error:
            self._bench.refuse(error)
            return
        self._bench.viewer.status = f"{low:.0f} to {high:.0f} HU: turn the wheel for more or less"
        self._bench.ask(partial(_grown, hu=hu), self.place)

    def _begin_at(self, spot: Spot) -> None:
        place: NDArray[Any] | None = spot.place
        if spot.axis is None:
            place = first_on_sight(spot, spot.layer.data, self._bench.target().value)
        if place is None:
            return
        z, y, x = np.rint(place).astype(int).tolist()
        self.place = (z, y, x)
        self.ask()


def _grown(question: Question, hu: NDArray[Any], tolerance: float, reach: float) -> Edit:
    place = sure(question.place)
    hu_range = hu_around(hu, place, tolerance)
    return grow_from(question.labels, hu, question.value, place, hu_range, reach)


GROW_FROM_CLICK = GrowingTool(
    "grow from a click",
    "Grow from a click",
    "Adds what hangs together with a click and is as dense",
    "grow_from_click",
    "A",
    (
        Amount("tolerance", "HU more or less", 30.0, LEAST_HU, MOST_HU, HU_A_STEP, "HU"),
        Amount("reach", "No farther than", 30.0, 1.0, 500.0, 5.0, "mm"),
    ),
)
