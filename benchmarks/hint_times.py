"""How long a hint takes until what would change is known, by the demo's logits and without.

    python benchmarks/hint_times.py

A phantom as large as a hospital's CT, segmented by the demo. Places are a few millimetres from the
outline of each of its organs, on either side. Each hint is asked for as the panel `Correct` asks,
from the click to the words and the picture of what would change, and once more with the wheel
turned, or another stroke, which is what a live preview costs. All of it is done some times over;
of each place the median counts. CPU seconds are those of all threads.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from large_scan import large_ct
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg import LabelMap, Volume, load_ensemble
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.brush import swept
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.answers import (
    Corrected,
    CorrectedOrgan,
    Hinted,
    Knowledge,
    boundary_moved,
    made_ready,
    scribbled,
    slices_followed,
)
from napari_abdoseg.correction.hints.clicks import Click
from napari_abdoseg.correction.hints.scribble import Stroke
from napari_abdoseg.correction.hints.standing import Standing
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.logits.kept import KeptLogits
from napari_abdoseg.plugin.correct.proposal import Proposal
from napari_abdoseg.plugin.correct.question import Answer
from napari_abdoseg.progress import drain

NEAR_MM, FAR_MM = 1.0, 3.0
"""From the outline, where hints are given."""
SHELL_MM = 3.0
"""By which a corrected slice is larger than it was."""
PEN_MM, STROKE_MM = 4.0, 20.0
SLICES, APART, STROKES = 4, 5, 5
TAKEN_UP = "tool taken up"
"""Before the first click, in the background."""
Shape = tuple[int, int, int]
Look = Callable[[], Hinted]
Measured = tuple[float, float, int]
"""See `measured`."""


@dataclass(frozen=True, eq=False)
class Case:
    """An organ of a label map, and what its hints go by."""

    scan: Volume
    labels: LabelMap
    kept: KeptLogits | None
    value: int

    def organ(self, edits: list[Edit] | None = None) -> CorrectedOrgan:
        """As it is in a window that was opened just now, with slices that were corrected."""
        data, standing = self.labels.data.copy(), Standing(self.labels.data.shape)
        for edit in edits or []:
            data[edit.where] = edit.after
            standing.hear([edit], "do", "brush")
        labels = replace(EditableLabels.of(self.labels), data=data)
        knowledge = Knowledge(lambda: self.kept)
        standing.by_hand()
        return CorrectedOrgan(labels, self.value, self.scan.data, standing, knowledge)

    def places(self, inside: bool, rng: np.random.Generator, count: int) -> list[Shape]:
        """Voxels near the outline that should be the organ's, or should not."""
        away, first = self._away(inside)
        near = np.argwhere((away >= NEAR_MM) & (away <= FAR_MM)) + first
        chosen = rng.choice(len(near), count, replace=False)
        return [(int(z), int(y), int(x)) for z, y, x in near[chosen]]

    def slice(self, z: int) -> Edit:
        """An axial slice of the organ as it is drawn by hand, larger than it was."""
        now = self.labels.data[z]
        away = ndimage.distance_transform_edt(now != self.value, sampling=self.spacing[1:])
        y, x = np.nonzero((away <= SHELL_MM) & (now == 0))
        where = np.full(y.size, z), y, x
        before = self.labels.data[where]
        return Edit(where, before, np.full_like(before, self.value))

    def stroke(self, place: Shape, inside: bool) -> Stroke:
        """From a place along y, over what is on the wrong side."""
        end = np.array(place, float)
        end[1] += STROKE_MM / self.spacing[1]
        area = swept(place, end, PEN_MM / 2, self.spacing, self.labels.data.shape, axis=0)
        assert area is not None
        voxels = np.argwhere(area.mask) + area.box.start
        z, y, x = voxels.T
        wrong = (self.labels.data[z, y, x] == self.value) != inside
        return Stroke((z[wrong], y[wrong], x[wrong]), inside)

    @property
    def spacing(self) -> tuple[float, float, float]:
        return self.labels.grid.spacing

    def _away(self, inside: bool) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """mm from the organ's outline, on one side of it, and where that box begins."""
        labels = EditableLabels.of(self.labels)
        box = labels.around([self.value], 2 * FAR_MM)
        now = labels.data[box.slices]
        beyond = now != self.value if inside else now == self.value
        away = ndimage.distance_transform_edt(beyond, sampling=self.spacing)
        return np.where(now == (0 if inside else self.value), away, 0), np.array(box.start)


Hint = Callable[[Case, np.random.Generator, int], Iterator[list[Look]]]
"""Of a case at so many places on either side."""


def too_small_or_large(case: Case, rng: np.random.Generator, count: int) -> Iterator[list[Look]]:
    yield from _clicked(case, rng, count, [{"more": 0.3}, {"more": 0.6}])


def wrong_here(case: Case, rng: np.random.Generator, count: int) -> Iterator[list[Look]]:
    yield from _clicked(case, rng, count, [{"reach_mm": 10.0}, {"reach_mm": 20.0}])


def _clicked(
    case: Case, rng: np.random.Generator, count: int, turned: list[dict[str, float]]
) -> Iterator[list[Look]]:
    """Clicks, each as the wheel turns it."""
    for inside in (True, False):
        for place in case.places(inside, rng, count):
            organ = case.organ()
            clicks = [Click(place, inside, **each) for each in turned]
            looks = [partial(boundary_moved, organ, click) for click in clicks]
            yield [partial(made_ready, organ), *looks]


def one_slice(case: Case, rng: np.random.Generator, count: int) -> Iterator[list[Look]]:
    yield from _followed(case, rng, count, 1)


def four_slices(case: Case, rng: np.random.Generator, count: int) -> Iterator[list[Look]]:
    yield from _followed(case, rng, count, SLICES)


def _followed(
    case: Case, rng: np.random.Generator, count: int, slices: int
) -> Iterator[list[Look]]:
    there = np.flatnonzero((case.labels.data == case.value).any(axis=(1, 2)))
    last = max(1, there.size - slices * APART)
    for first in rng.choice(there[:last], count):
        numbers = tuple(int(first) + APART * each for each in range(slices))
        edits = [case.slice(z) for z in numbers if z <= there[-1]]
        organ = case.organ(edits)
        corrected = Corrected(0, numbers[: len(edits)], partial(list, edits))
        yield [
            lambda reach=reach, organ=organ, corrected=corrected: slices_followed(
                organ, corrected, reach
            )
            for reach in (200.0, 150.0)
        ]


def scribbles(case: Case, rng: np.random.Generator, count: int) -> Iterator[list[Look]]:
    """One stroke; and one, two, three, four and five, each near the one before."""
    for inside in (True, False):
        for place in case.places(inside, rng, count):
            organ, strokes = case.organ(), [case.stroke(place, inside)]
            for side in [False, True] * (STROKES // 2):
                strokes.append(case.stroke(_near(case, place, side, rng), side))
            yield [partial(made_ready, organ)] + [
                lambda many=many, organ=organ, strokes=strokes: scribbled(organ, strokes[:many])
                for many in range(1, STROKES + 1)
            ]


def _near(case: Case, place: Shape, inside: bool, rng: np.random.Generator) -> Shape:
    """A place for another stroke, the nearest of some."""
    places = np.array(case.places(inside, rng, 200))
    away = np.linalg.norm((places - place) * case.spacing, axis=1)
    z, y, x = places[away.argmin()].tolist()
    return z, y, x


HINTS = {
    "too small or large": (too_small_or_large, (TAKEN_UP, "click", "wheel")),
    "wrong here": (wrong_here, (TAKEN_UP, "click", "wheel")),
    "follow a slice": (one_slice, ("at first", "wheel")),
    "follow four slices": (four_slices, ("at first", "wheel")),
    "scribble": (scribbles, (TAKEN_UP, "first stroke", "second", "third", "fourth", "fifth")),
}


def measured(look: Look, labels: EditableLabels) -> Measured:
    """Seconds, CPU seconds, and voxels that would change; nothing for a hint that is refused."""
    begin, cpu = time.perf_counter(), time.process_time()
    try:
        hinted = look()
    except CorrectionError as error:
        print(f"  refused: {error}")
        return np.nan, np.nan, 0
    Proposal.of(Answer(hinted.edit, note=hinted.less), labels)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    return seconds, cpu, hinted.edit.after.size


def all_measured(hint: Hint, cases: Sequence[Case], places: int) -> list[list[Measured]]:
    """A hint on each organ at the same places each time, and what it took step by step."""
    rows = []
    for case in cases:
        labels, rng = EditableLabels.of(case.labels), np.random.default_rng(case.value)
        rows += [[measured(look, labels) for look in looks] for looks in hint(case, rng, places)]
    return rows


def segmented(shape: Shape) -> tuple[Volume, LabelMap, KeptLogits]:
    """A phantom, and what the demo finds."""
    slices, size, _ = shape
    scan, _ = large_ct(slices, size)
    found = drain(segmenting(scan, load_ensemble("demo", device="cpu"), "fast", keep_logits=True))
    assert found.logits is not None
    return scan, found.labels, found.logits


def main() -> None:
    """Print how long each hint takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--places", type=int, default=3, help="on either side of each organ")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--hints", nargs="+", choices=list(HINTS), default=list(HINTS))
    chosen = parser.parse_args()
    scan, labels, kept = segmented((chosen.slices, chosen.size, chosen.size))
    size = " x ".join(f"{step:.2g}" for step in labels.grid.spacing)
    print(f"{scan.data.shape} voxels of {size} mm, logits of {kept.nbytes / 1e6:.0f} MB")
    print("| hint | by | | ms, median | worst | CPU ms, median | worst | voxels, median |")
    print("|---|---|---|--:|--:|--:|--:|--:|")
    for name in chosen.hints:
        hint, steps = HINTS[name]
        for by, logits in (("logits", kept), ("outline and CT", None)):
            cases = [Case(scan, labels, logits, organ.value) for organ in labels.organs]
            rounds = [all_measured(hint, cases, chosen.places) for _ in range(chosen.rounds)]
            table: NDArray[Any] = np.median(rounds, axis=0)
            for number, step in enumerate(steps):
                seconds, cpu, voxels = table[:, number].T
                figures = [each * 1000 for s in (seconds, cpu) for each in _summary(s)]
                told = " | ".join(f"{each:.0f}" for each in figures)
                print(f"| {name} | {by} | {step} | {told} | {np.median(voxels):.0f} |", flush=True)


def _summary(values: NDArray[np.float64]) -> tuple[float, float]:
    """Median and worst."""
    return float(np.nanmedian(values)), float(np.nanmax(values))


if __name__ == "__main__":
    main()
