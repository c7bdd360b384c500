r"""How few gestures it takes to correct what an ensemble has found, by a robot that sees the truth.

    python benchmarks/interaction.py --cases 40 --output interaction
    python benchmarks/interaction.py --scan CT.nii.gz LABELS.nii.gz --output real
    python benchmarks/interaction.py --scan CT.nii.gz LABELS.nii.gz --damaged --cases 20 \
        --robots clicks "slices followed" scribbles brush --output damaged

Each case is a phantom that no fold was trained on, spoilt: blurred, noisy, with another contrast,
or with cysts. The demo ensemble, trained on plain ones, segments it. The robot clicks the middle
of the largest error, missing it by a few millimetres as a hand does, and chooses what to do by a
rule that knows no more of the truth than that click. Its gestures are hints, by the ensemble's
logits or without them, or the brush, or slices that are drawn and filled between.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg import (
    LabelMap,
    Volume,
    load_ensemble,
    make_phantom,
    normalized_surface_dice,
    read_labels,
    read_volume,
)
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.between_slices import fill_between
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.boundary import follow, move_boundary
from napari_abdoseg.correction.hints.changed_mind import changed_mind
from napari_abdoseg.correction.hints.clicks import Click as Hint
from napari_abdoseg.correction.hints.propagation import clicks_of_slice
from napari_abdoseg.correction.hints.scribble import Stroke, scribble
from napari_abdoseg.correction.hints.sparing import Sparing
from napari_abdoseg.correction.hints.without_ensemble import presumed_logits
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.evaluation.dice import dice_of_masks
from napari_abdoseg.inference.learning.learning import learning
from napari_abdoseg.inference.learning.slices import ScanSlice
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.logits.kept import KeptLogits
from napari_abdoseg.progress import drain

SPACING = (3.0, 1.5, 1.5)
FIRST_SEED = 9000
LIVER, KIDNEY, SPLEEN, PANCREAS = 1, 2, 3, 4
NAMES = {LIVER: "liver", KIDNEY: "kidney", SPLEEN: "spleen", PANCREAS: "pancreas"}
TOLERANCE_MM = 2.0
JITTER_MM = 1.5
"""Standard deviation along each axis of what a hand misses."""
FAR_MM = 60.0
SHELL_MM = 5.0
"""A click that is no deeper than that beyond the boundary is of a thin shell."""
REACH, MORE = 1.5, 0.3
FAT_HU = -20
"""A leak stops there."""
LESSON, POOR = 3, 0.8
"""Slices of an organ that were drawn when a fold learns from them, and the ensemble's DSC there."""
PEN_MM, PEN_SHARE, MOST_MM = 1.6, 0.6, 12.0
"""Radius of a dab at least; as a share of that of the error, which counts up to so many mm."""
SUSPICIOUS = 0.15
"""Of an organ's voxels: who sees more change takes a smaller hint."""
Shape = tuple[int, int, int]
KINDS = "blurred", "noisy", "shifted", "cysts", "no contrast"


def spoilt(number: int) -> tuple[Volume, LabelMap, str]:
    """A phantom that isn't like those of a training, its truth, and what is wrong with it."""
    kind = KINDS[number % len(KINDS)]
    volume, truth = make_phantom(FIRST_SEED + number, SPACING)
    rng = np.random.default_rng(number)
    hu = volume.data.astype(np.float32)
    if kind == "blurred":
        width = rng.uniform(1.5, 3.0)
        hu = ndimage.gaussian_filter(hu, [width / step for step in SPACING])
    if kind == "noisy":
        hu += ndimage.gaussian_filter(rng.normal(0, rng.uniform(60, 120), hu.shape), 0.7)
    if kind == "shifted":
        hu = hu * rng.uniform(0.8, 1.2) + rng.uniform(-40, 40)
    if kind == "cysts":
        for organ in (LIVER, KIDNEY, SPLEEN, PANCREAS):
            _implant(hu, truth.data, organ, rng)
    if kind == "no contrast":
        inside = truth.data > 0
        soft = ndimage.gaussian_filter(inside.astype(np.float32), 0.7)
        hu += soft * rng.uniform(0.5, 0.8) * (45 - hu) * inside
    data = np.clip(np.rint(hu), -1024, 3071).astype(np.int16)
    return replace(volume, data=data), truth, kind


def _implant(hu: np.ndarray, labels: np.ndarray, organ: int, rng: np.random.Generator) -> None:
    """Cysts, or masses of another density, at the border of an organ and within it."""
    places = np.argwhere(labels == organ)
    axes = np.ogrid[tuple(map(slice, hu.shape))]
    for _ in range(2):
        at, radius = places[rng.integers(len(places))], rng.uniform(8.0, 16.0)
        squares = sum(((axis - a) * step) ** 2 for axis, a, step in zip(axes, at, SPACING))
        inside = (squares < radius**2) & (labels == organ)
        hu[inside] = rng.choice([5.0, 20.0, 60.0]) + rng.normal(0, 12, np.count_nonzero(inside))


@dataclass(frozen=True)
class Click:
    """What the robot tells: a voxel, and the organ that it should or shouldn't be.

    The radius is of the largest ball around the middle that is all wrong, as an eye sees it.
    """

    place: Shape
    organ: int
    radius_mm: float


@dataclass(eq=False)
class Work:
    """A case being corrected."""

    scan: Volume
    truth: LabelMap
    labels: LabelMap
    kept: KeptLogits
    ensemble: Ensemble
    rng: np.random.Generator
    clicks: dict[int, tuple[Hint, ...]] = field(default_factory=dict)
    drawn: dict[int, list[int]] = field(default_factory=dict)
    tried: list[Shape] = field(default_factory=list)
    depths: dict[int, tuple[float, Shape]] = field(default_factory=dict)
    scored: dict[int, tuple[float, float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.by_hand = np.zeros(self.labels.data.shape, bool)
        self.found = self.labels.data
        self.labels = replace(self.labels, data=self.labels.data.copy())
        self.find_errors(NAMES)

    @property
    def spacing(self) -> tuple[float, float, float]:
        return self.labels.grid.spacing

    @property
    def editable(self) -> EditableLabels:
        return EditableLabels.of(self.labels)

    def is_organ(self, organ: int) -> NDArray[np.bool_]:
        return self.labels.data == organ

    def should_be(self, organ: int) -> NDArray[np.bool_]:
        return self.truth.data == organ

    def find_errors(self, organs: Any) -> None:
        """The middle of the largest error of some organs, how deep it is, and their scores."""
        for organ in organs:
            ours, theirs = self.is_organ(organ), self.should_be(organ)
            nsd = normalized_surface_dice(ours, theirs, self.spacing, TOLERANCE_MM)
            self.scored[organ] = dice_of_masks(ours, theirs), nsd
            wrong = ours != theirs
            for place in self.tried:
                near = tuple(slice(max(0, at - 2), at + 3) for at in place)
                wrong[near] = False
            (box,) = ndimage.find_objects(np.pad(wrong, 1).view(np.uint8)) or [None]
            if box is None:
                self.depths[organ] = 0.0, (0, 0, 0)
                continue
            depth = ndimage.distance_transform_edt(np.pad(wrong, 1)[box], sampling=self.spacing)
            middle = np.unravel_index(depth.argmax(), depth.shape)
            place = tuple(int(at) + part.start - 1 for at, part in zip(middle, box))
            self.depths[organ] = float(depth.max()), place

    def click(self) -> Click:
        """The middle of the largest error, missed as far as a hand does."""
        organ = max(self.depths, key=lambda each: self.depths[each][0])
        radius, middle = self.depths[organ]
        wrong = self.is_organ(organ) != self.should_be(organ)
        for _ in range(10):
            missed = self.rng.normal(0, JITTER_MM, 3) / self.spacing
            place = tuple(int(at) for at in np.rint(np.add(middle, missed)))
            inside = all(0 <= at < size for at, size in zip(place, wrong.shape))
            if inside and wrong[place]:
                return Click(place, organ, radius)
        return Click(middle, organ, radius)

    def apply(self, edit: Edit, click: Click) -> None:
        if edit.is_nothing:
            self.tried.append(click.place)
        self.labels.data[edit.where] = edit.after
        changed = {int(value) for value in np.unique([edit.before, edit.after])} & set(NAMES)
        self.find_errors(changed | {click.organ})

    def depth(self, click: Click) -> float:
        """mm from a click to the boundary of the organ as it is, as the eye sees them."""
        here = self.is_organ(click.organ)
        other = here if not here[click.place] else ~here
        reach = [int(np.ceil(40 / step)) for step in self.spacing]
        box = tuple(
            slice(max(0, at - by), at + by + 1) for at, by in zip(click.place, reach, strict=True)
        )
        places = np.argwhere(other[box]) + [part.start for part in box]
        if not len(places):
            return 40.0
        return float(np.linalg.norm((places - click.place) * self.spacing, axis=1).min())

    def scores(self) -> tuple[float, float]:
        """Mean DSC and NSD of the organs."""
        dsc, nsd = np.mean([self.scored[organ] for organ in NAMES], axis=0)
        return float(dsc), float(nsd)


Gesture = Callable[[Work, Click], Edit]


def by_hints(work: Work, click: Click) -> Edit:
    """Too small or too large; for what is deep, or where much would change, around the click."""
    before = work.clicks.get(click.organ, ())
    inside = not work.is_organ(click.organ)[click.place]
    deep = work.depth(click)
    size = np.count_nonzero(work.is_organ(click.organ))
    ways = [None] if deep < SHELL_MM else []
    for reach_mm in (*ways, max(10.0, REACH * deep)):
        hint = Hint(click.place, inside, reach_mm, MORE)
        edit = move_boundary(work.editable, work.kept, click.organ, hint, before)
        if edit.after.size < SUSPICIOUS * size:
            break
    work.clicks[click.organ] = (*before, hint)
    return edit


def by_propagating(work: Work, click: Click) -> Edit:
    """A slice of an organ that is drawn perfectly, and followed by its boundary elsewhere."""
    organ, z = click.organ, click.place[0]
    drawn = _drawn(work, organ, z)
    labels = EditableLabels.of(replace(work.labels, data=drawn))
    before = work.clicks.get(organ, ())
    clicks = clicks_of_slice(labels, work.kept, organ, 0, z, before)
    work.by_hand[z] |= (drawn[z] == organ) | work.is_organ(organ)[z]
    edit = follow(labels, work.kept, organ, clicks, before, Sparing(by_hand=work.by_hand))
    work.clicks[organ] = (*before, *clicks)
    drawn[edit.where] = edit.after
    return _to(work, drawn)


def by_learning(work: Work, click: Click) -> Edit:
    """A slice that is followed; from the third of a poor organ a fold learns, all that is taken."""
    edit, organ = by_propagating(work, click), click.organ
    slices = work.drawn.setdefault(organ, [])
    slices.append(click.place[0])
    found, should = work.found[slices] == organ, work.should_be(organ)[slices]
    if len(slices) != LESSON or dice_of_masks(found, should) > POOR:
        return edit
    labels = replace(work.labels, data=work.labels.data.copy())
    labels.data[edit.where] = edit.after
    lesson = [ScanSlice(0, z) for z in slices]
    learnt = drain(learning(work.scan, labels, work.kept, work.ensemble, organ, lesson))
    editable, spared = EditableLabels.of(labels), Sparing(by_hand=work.by_hand)
    places = changed_mind(editable, work.kept, learnt, organ, work.clicks[organ], spared)
    for place in places:
        labels.data[place.where] = place.after
    work.kept = learnt
    return _to(work, labels.data)


def by_scribble(work: Work, click: Click) -> Edit:
    """A dab of a pen in the slice, well within what is wrong, for the organ or against it."""
    dab = _ball(work, click, max(PEN_MM, PEN_SHARE * min(click.radius_mm, MOST_MM)))
    places = np.nonzero(dab[click.place[0]])
    stroke = Stroke(
        (np.full(places[0].size, click.place[0]), *places),
        inside=not work.is_organ(click.organ)[click.place],
    )
    before = work.clicks.get(click.organ, ())
    return scribble(work.editable, work.kept, work.scan.data, click.organ, [stroke], before)


def by_all_hints(work: Work, click: Click) -> Edit:
    """An organ's first slice is followed; then a dab where the click is deep, else more slices."""
    first = not work.clicks.get(click.organ)
    if first or work.depth(click) < SHELL_MM:
        return by_propagating(work, click)
    return by_scribble(work, click)


def by_brush(work: Work, click: Click) -> Edit:
    """A ball of the brush that just fits."""
    return _painted(work, click, _ball(work, click, click.radius_mm))


def by_strokes(work: Work, click: Click) -> Edit:
    """A perfect stroke: all in the slice that is wrong and hangs together, up to 20 mm away."""
    z = click.place[0]
    wrong = work.is_organ(click.organ) != work.should_be(click.organ)
    parts, _ = ndimage.label(wrong[z] & _ball(work, click, 20.0)[z])
    mask = np.zeros_like(wrong)
    mask[z] = parts == parts[click.place[1:]]
    return _painted(work, click, mask)


def by_slices(work: Work, click: Click) -> Edit:
    """A slice of an organ that is drawn perfectly, and filled up to the nearest ones drawn."""
    organ, z = click.organ, click.place[0]
    wanted = _drawn(work, organ, z)
    drawn = work.drawn.setdefault(organ, [])
    drawn.append(z)
    below, above = ([each for each in drawn if each < z], [each for each in drawn if each > z])
    seeds = [*([max(below)] if below else []), z, *([min(above)] if above else [])]
    if len(seeds) > 1:
        labels = EditableLabels.of(replace(work.labels, data=wanted))
        try:
            between = fill_between(labels, [organ], 0, seeds)
            wanted[between.where] = between.after
        except CorrectionError:
            pass
    return _to(work, wanted)


def _drawn(work: Work, organ: int, z: int) -> NDArray[Any]:
    there = work.should_be(organ)[z]
    wanted = work.labels.data.copy()
    wanted[z][work.is_organ(organ)[z] & ~there] = 0
    wanted[z][there] = organ
    return wanted


def _ball(work: Work, click: Click, radius_mm: float) -> NDArray[np.bool_]:
    axes = np.ogrid[tuple(map(slice, work.labels.data.shape))]
    squares = [((a - at) * step) ** 2 for a, at, step in zip(axes, click.place, work.spacing)]
    return np.asarray(sum(squares) <= radius_mm**2)


def _painted(work: Work, click: Click, mask: NDArray[np.bool_]) -> Edit:
    """With the organ, or without it where it shouldn't be; an erased voxel is background."""
    wanted = work.labels.data.copy()
    if work.should_be(click.organ)[click.place]:
        wanted[mask] = click.organ
    else:
        wanted[mask & work.is_organ(click.organ)] = 0
    return _to(work, wanted)


def _to(work: Work, wanted: NDArray[Any]) -> Edit:
    where = np.nonzero(wanted != work.labels.data)
    return Edit(where, work.labels.data[where], wanted[where])


ROBOTS: dict[str, Gesture] = {
    "clicks": by_hints,
    "slices followed": by_propagating,
    "slices followed and learnt from": by_learning,
    "scribbles": by_scribble,
    "slices followed, then scribbles": by_all_hints,
    "brush": by_brush,
    "strokes": by_strokes,
    "slices filled between": by_slices,
}
WITHOUT = " without logits"
"""How those are called whose hints have no logits to go by."""


def play(work: Work, gesture: Gesture, gestures: int) -> Iterator[dict[str, float]]:
    """Let a robot work; scores after each gesture, before the first those of the start."""
    dsc, nsd = work.scores()
    yield {"dsc": dsc, "nsd": nsd, "seconds": 0.0, "far": 0}
    for _ in range(gestures):
        click = work.click()
        begin = time.process_time()
        try:
            edit = gesture(work, click)
        except CorrectionError:
            nothing = np.zeros(0, np.intp)
            edit = Edit((nothing, nothing, nothing), nothing, nothing)
        seconds = time.process_time() - begin
        away = np.subtract(np.stack(edit.where, 1), click.place) * work.spacing
        far = int((np.linalg.norm(away, axis=1) > FAR_MM).sum())
        work.apply(edit, click)
        dsc, nsd = work.scores()
        yield {"dsc": dsc, "nsd": nsd, "seconds": seconds, "far": far}


def real(scan: Path, truth: Path) -> tuple[Volume, LabelMap, str]:
    """A CT, and its labels by somebody else, of whose patients no fold has seen any."""
    return read_volume(scan), read_labels(truth), "real"


def damaged(scan: Volume, truth: LabelMap, seed: int) -> LabelMap:
    """Labels of which each organ lacks two balls at its surface, and has leaked into two."""
    rng, data = np.random.default_rng(seed), truth.data.copy()
    axes = np.ogrid[tuple(map(slice, data.shape))]
    for organ in NAMES:
        mask = truth.data == organ
        shell = np.argwhere(mask & ~ndimage.binary_erosion(mask))
        for leaks in (False, False, True, True):
            at, radius = shell[rng.integers(len(shell))], rng.uniform(8.0, 16.0)
            steps = zip(axes, at, truth.grid.spacing)
            ball = sum(((axis - a) * step) ** 2 for axis, a, step in steps) < radius**2
            if leaks:
                data[ball & ~mask & (scan.data > FAT_HU)] = organ
            else:
                data[ball & (data == organ)] = 0
    return replace(truth, data=data)


def cases(
    scans: Iterable[tuple[Volume, LabelMap, str]], first: int
) -> Iterator[tuple[int, str, Callable[[bool], Work]]]:
    """Scans that were segmented, and what makes a work of each."""
    ensemble = load_ensemble("demo", device="cpu")
    for number, (scan, truth, kind) in enumerate(scans, first):
        found = drain(segmenting(scan, ensemble, "balanced", keep_logits=True))
        assert found.logits is not None
        known = scan, truth, found.labels, found.logits, ensemble
        yield number, kind, partial(_work, number, *known)


def damaged_cases(
    scan: Volume, truth: LabelMap, seeds: Iterable[int]
) -> Iterator[tuple[int, str, Callable[[bool], Work]]]:
    """A scan whose labels were damaged, of which no ensemble has said anything."""
    ensemble = load_ensemble("demo", device="cpu")
    for seed in seeds:
        labels = damaged(scan, truth, seed)
        kept = presumed_logits(EditableLabels.of(labels), scan.data)
        yield seed, "damaged", partial(_work, seed, scan, truth, labels, kept, ensemble)


def _work(
    seed: int,
    scan: Volume,
    truth: LabelMap,
    labels: LabelMap,
    kept: KeptLogits,
    ensemble: Ensemble,
    with_logits: bool,
) -> Work:
    if not with_logits:
        kept = presumed_logits(EditableLabels.of(labels), scan.data)
    return Work(scan, truth, labels, kept, ensemble, np.random.default_rng(seed))


def table(rows: list[dict[str, Any]]) -> Iterator[str]:
    """What each robot has reached."""
    yield (
        "| robot | DSC | NSD | of the missing DSC after 1, 3, 5, 10 | of the missing NSD | mean "
        "DSC over ten | cases with half of the missing DSC, NSD | CPU s | voxels beyond 60 mm |"
    )
    yield "|---|--:|--:|--:|--:|--:|--:|--:|--:|"
    for robot in dict.fromkeys(row["robot"] for row in rows):
        own = [row for row in rows if row["robot"] == robot]
        count = len({row["case"] for row in own})
        dsc, nsd, seconds, far = (
            np.array([row[each] for row in own]).reshape(count, -1)
            for each in ("dsc", "nsd", "seconds", "far")
        )
        shares = [(each - each[:, :1]) / (1 - each[:, :1]) for each in (dsc, nsd)]
        told = [
            ", ".join(f"{share.mean(axis=0)[n]:.2f}" for n in (1, 3, 5, 10) if n < share.shape[1])
            for share in shares
        ]
        halves = ", ".join(str(int((share >= 0.5).any(axis=1).sum())) for share in shares)
        yield (
            f"| {robot} | {dsc[:, 0].mean():.4f} -> {dsc[:, -1].mean():.4f} "
            f"| {nsd[:, 0].mean():.4f} -> {nsd[:, -1].mean():.4f} | {told[0]} | {told[1]} "
            f"| {dsc[:, 1:11].mean():.4f} | {halves} of {count} | {np.median(seconds[:, 1:]):.2f} "
            f"| {np.median(far.sum(axis=1)):.0f} |"
        )


def main() -> None:
    """Let all robots correct all cases, and print what they reach."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--cases", type=int, default=40)
    parser.add_argument("--gestures", type=int, default=10)
    names = [*ROBOTS, *(name + WITHOUT for name in ("clicks", "slices followed", "scribbles"))]
    parser.add_argument("--robots", nargs="+", choices=names, default=names, metavar="ROBOT")
    parser.add_argument("--output", type=Path, default=Path("interaction"))
    parser.add_argument(
        "--scan", nargs=2, type=Path, metavar=("CT", "LABELS"), help="instead of phantoms"
    )
    parser.add_argument(
        "--damaged", action="store_true", help="the scan's labels, instead of what the demo finds"
    )
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    rows: list[dict[str, Any]] = []
    numbers = range(arguments.first, arguments.first + arguments.cases)
    scans = [real(*arguments.scan)] if arguments.scan else map(spoilt, numbers)
    if arguments.damaged:
        ((scan, truth, _),) = scans
        work_of_all = damaged_cases(scan, truth, numbers)
    else:
        work_of_all = cases(scans, arguments.first)
    for number, kind, work in work_of_all:
        for robot in arguments.robots:
            gesture = ROBOTS[robot.removesuffix(WITHOUT)]
            played = play(work(not robot.endswith(WITHOUT)), gesture, arguments.gestures)
            rows += [
                {"robot": robot, "case": number, "kind": kind, "gesture": at, **scores}
                for at, scores in enumerate(played)
            ]
        print(number, kind, flush=True)
        with (arguments.output / "gestures.csv").open("w", newline="") as file:
            writing = csv.DictWriter(file, rows[0])
            writing.writeheader()
            writing.writerows(rows)
    print(*table(rows), sep="\n")


if __name__ == "__main__":
    main()
