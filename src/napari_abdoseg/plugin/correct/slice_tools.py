"""Tools that go from slice to slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.between_slices import fill_between
from napari_abdoseg.correction.relabelling import copy_slice
from napari_abdoseg.errors import AbdosegError, CorrectionError
from napari_abdoseg.image.organ import capitalized
from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.question import NotChosenError, Question
from napari_abdoseg.plugin.correct.seeds import seeds_of
from napari_abdoseg.plugin.correct.target import Target
from napari_abdoseg.plugin.correct.tool import Action, Choice, Tool
from napari_abdoseg.plugin.viewing.slice_in_hand import NAMES, SliceInHand, slice_in_hand

FEW = 6
"""So many slices are told of by their numbers."""
THIS, ALL = "this organ", "all painted"


@dataclass(frozen=True)
class CopySlice(Tool):
    """Copies the organ in the slice in hand to the next one, at once, and goes there.

    Parameters
    ----------
    step : int
        1 for the next slice, -1 for the one before.
    """

    step: int = 1

    def begin(self, bench: Bench) -> None:
        try:
            target = bench.target()
            target.require_organ()
            here = slice_shown(target)
            source = here.index(target.layer)
            edit = copy_slice(
                target.editable(), target.value, here.axis, source, source + self.step
            )
        except AbdosegError as error:
            bench.choose(None)
            bench.refuse(error)
            return
        bench.apply(edit)
        here.go_to(source + self.step, target.layer)
        bench.say(f"{target.name} copied to {here.name} slice {source + self.step}.")


@dataclass(frozen=True)
class FillBetween(Tool):
    """Fills organs in between the slices that were painted, which are marked on the slider."""

    def begin(self, bench: Bench) -> None:
        self.renew(bench)

    def renew(self, bench: Bench) -> None:
        try:
            target = bench.target()
            target.require_organ()
            axis, seeds, values = _seeds(target, bench.values["organs"])
        except AbdosegError as error:
            bench.refuse(error)
            return
        work = partial(_fill, axis=axis, seeds=seeds, values=values)
        bench.ask(work, about=told_of(axis, seeds))


def told_of(axis: int, numbers: Sequence[int]) -> str:
    """Such as ``"Axial 12, 30: "``."""
    few = ", ".join(map(str, numbers)) if len(numbers) <= FEW else f"{len(numbers)} slices"
    return f"{NAMES[axis].capitalize()} {few}: "


def mark_slice(bench: Bench) -> None:
    """Let the slice in hand be one to fill from, or no longer.

    Raises
    ------
    CorrectionError
        It lies beside the label map: a larger layer lets the sliders go there.
    """
    target = bench.target()
    here = slice_shown(target)
    number = here.index(target.layer)
    if not 0 <= number < target.layer.data.shape[here.axis]:
        raise CorrectionError("There is no slice there: go to one within the scan.")
    seeds_of(target.layer).toggle(here.axis, number, target.value)


def _fill(question: Question, organs: str, axis: int, seeds: list[int], values: list[int]) -> Edit:
    data = question.labels.data
    shown = [seed for seed in seeds if np.isin(data.take(seed, axis), values).any()]
    return fill_between(question.labels, values, axis, shown)


def _seeds(target: Target, organs: str) -> tuple[int, list[int], list[int]]:
    """The axis that was painted across, the slices, and the organs: the axis in hand if it can."""
    seeds, preferred = seeds_of(target.layer), slice_shown(target).axis
    axes = sorted(range(3), key=lambda axis: axis != preferred)
    for axis in axes:
        values = seeds.organs(axis) if organs == ALL else [target.value]
        numbers = seeds.across(axis, values)
        if len(numbers) > 1:
            return axis, numbers, values
    painted = seeds.across(preferred, [target.value])
    raise NotChosenError(
        f"{capitalized(target.the_organ)} is filled between slices that you have painted, or "
        "marked as right: two at least. So far there is "
        + (f"{NAMES[preferred]} slice {painted[0]}." if painted else "none.")
    )


def slice_shown(target: Target) -> SliceInHand:
    """The slice in hand.

    Raises
    ------
    CorrectionError
        None is shown.
    """
    here = slice_in_hand(target.viewer)
    if here is None:
        raise CorrectionError("No slice is shown: leave the 3D view first.")
    return here


FILL_BETWEEN = FillBetween(
    "fill between slices",
    "Fill between slices",
    "Fills the organ in between the slices that you have painted, marked on the sliders",
    "fill_between",
    "I",
    (
        Choice("organs", "Organs", (THIS, ALL)),
        Action("mark", "Slice in view", "Mark, or unmark", mark_slice),
    ),
)
COPY_TO_NEXT = CopySlice(
    "copy slice",
    "Copy to next slice",
    "Copies the organ from the slice in view to the next, and goes there",
    "copy_next",
    ".",
)
COPY_TO_PREVIOUS = CopySlice(
    "copy slice",
    "Copy to previous slice",
    "Copies the organ from the slice in view to the one before, and goes there",
    "copy_previous",
    ",",
    step=-1,
)
