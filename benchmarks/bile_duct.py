"""The bile-duct search region on label maps of PANORAMA: its table is learned, and measured.

    python benchmarks/bile_duct.py learn FOLDER
    python benchmarks/bile_duct.py measure FOLDER [--half tuning]
    python benchmarks/bile_duct.py time FOLDER

FOLDER has the set's automatic label maps (https://github.com/DIAGNijmegen/panorama_labels). Half
of the patients are to learn from, the other half to measure on: that is told by the first byte of
the SHA-256 of a patient's number, even or odd. `learn` writes the table of the package from the
first half. `time` says how long region, course and straightened view take in scans of 512 x 512 x
600 voxels. Ducts, like all but tumours, were labelled by a network: nothing here is a truth.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from napari_abdoseg.anatomy.bile_duct import (
    NoCourseError,
    RegionNotFoundError,
    bile_duct_region,
    measure_duct,
    straighten,
    way_to_duct,
)
from napari_abdoseg.anatomy.bile_duct import expected_place as table
from napari_abdoseg.anatomy.bile_duct.expected_place import (
    ExpectedPlace,
    load_expected_place,
)
from napari_abdoseg.anatomy.bile_duct.from_liver import HILUM_MM, between
from napari_abdoseg.anatomy.bile_duct.from_veins import (
    COARSE_MM,
    Surroundings,
    points_of,
    surroundings,
)
from napari_abdoseg.anatomy.bile_duct.landmarks import (
    PANCREAS,
    VEINS,
    Landmarks,
    Mask,
    head_of_pancreas,
)
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap

DUCT = "common bile duct"
ORGANS = (VEINS, PANCREAS)
TUNING, TEST = "tuning", "test"
PADDING_MM = 40.0
"""The maps may be cut close around their labels; a scan goes on."""

COVERAGES = (0.99, 0.98, 0.95, 0.9)
LEAST_ML = 0.1
"""Less of a duct is a few voxels: listed, but nothing is learned from it."""

FOLDS = 6
PLACE_SIGMA_MM, BESIDE_SIGMA = 6.0, 1.0
"""By how much the tables are smoothed, in mm and in entries."""

STILL_ML, SELDOM, STILL_SHARE = 5.0, 1e-5, 3e-4
"""What is added where nothing or little was seen: volume, ducts, share of a duct."""

UNSEEN_MM = 12.0
"""How much farther landmark points may vary than was seen, along each axis."""

CLEARLY = 0.3
"""How much stranger a body must be in other directions for something to be learned from it."""

LARGE, LARGE_MM = (600, 512, 512), (1.0, 0.8, 0.8)
"""Voxels of a large scan along (z, y, x), and their spacing."""
TIMED, ROUNDS = 5, 5

TARGETS = {
    "region by liver and pancreas": 0.5,
    "region by pancreas and veins": 0.5,
    "course, diameters and gaps of a duct": 1.0,
    "straightened view": 0.05,
    "the line to look along without a duct": None,
}
"""Seconds that each is to take at most."""


@dataclass(frozen=True, eq=False)
class Case:
    """A label map with a duct.

    `duct` is the share of it that falls into each coarse voxel of the landmarks.
    """

    name: str
    landmarks: Landmarks
    pancreas: Mask
    veins: Mask
    points: NDArray[Any]
    duct: NDArray[Any]
    duct_ml: float

    @classmethod
    def of(cls, name: str, labels: LabelMap) -> Case:
        landmarks = Landmarks.of(labels, COARSE_MM)
        organs = tuple(landmarks.without_fragments(name) for name in (PANCREAS, VEINS))
        fine = np.argwhere(duct_of(labels))
        at = np.rint((fine - landmarks.first * landmarks.step) / landmarks.step).astype(int)
        duct = np.zeros(landmarks.values.shape)
        np.add.at(duct, tuple(np.clip(at, 0, np.array(duct.shape) - 1).T), 1 / len(fine))
        ml = len(fine) * labels.grid.voxel_volume
        return cls(name, landmarks, *organs, points_of(landmarks, *organs), duct, ml)

    @property
    def voxel_ml(self) -> float:
        return float(np.prod(self.landmarks.spacing)) / 1000

    def seen_by(self, expected: ExpectedPlace) -> tuple[Surroundings, NDArray[Any]]:
        """What is around the expected place, and the share of the duct in each voxel of it."""
        origin = expected.origin(self.points)
        around = surroundings(self.landmarks, self.pancreas, self.veins, origin)
        return around, self.duct[around.part].ravel()


def half_of(path: Path) -> str:
    """The half that a map's patient belongs to."""
    patient = path.name.split("_")[0]
    return (TUNING, TEST)[hashlib.sha256(patient.encode()).digest()[0] % 2]


def read_padded(path: Path) -> LabelMap:
    """A label map with room around."""
    labels = read_labels(path)
    room = np.ceil(PADDING_MM / np.array(labels.grid.spacing)).astype(int)
    data = np.pad(labels.data, [(by, by) for by in room])
    grid = labels.grid.part(tuple(-room), tuple(room + labels.grid.shape))
    return replace(labels, data=data, grid=grid)


def duct_of(labels: LabelMap) -> Mask:
    (value,) = (organ.value for organ in labels.organs if organ.name == DUCT)
    return labels.data == value


def maps_with_ducts(folder: Path, half: str) -> Iterator[tuple[str, LabelMap]]:
    for path in sorted(folder.glob("*.nii.gz")):
        if half_of(path) == half:
            labels = read_padded(path)
            if duct_of(labels).any():
                yield path.name.split(".")[0], labels


# What is learned


def usual_points(cases: Sequence[Case]) -> ExpectedPlace:
    """How pancreas and veins usually lie; of the duct nothing yet."""
    points = np.stack([case.points[0] for case in cases])
    middle = points.mean(axis=1, keepdims=True)
    usual = (points - middle).mean(axis=0)
    away = points - usual
    away = (away - away.mean(axis=1, keepdims=True)).reshape(len(cases), -1)
    precision = np.linalg.inv(np.cov(away.T) + UNSEEN_MM**2 * np.eye(away.shape[1]))
    return ExpectedPlace(usual, precision, np.inf, *(np.zeros(0),) * 4)


def upright(cases: Sequence[Case]) -> list[Case]:
    """Cases that clearly lie as their headers say, told by what they have in common."""
    kept, before = list(cases), 0
    while len(kept) != before:
        before, expected = len(kept), usual_points(kept)
        kept = [case for case in cases if is_upright(case, expected, CLEARLY)]
    return kept


def is_upright(case: Case, expected: ExpectedPlace, by: float = 0.0) -> bool:
    """Whether a case is stranger by that much in each of the other directions."""
    as_it_is, *turned = expected.strangeness(case.points)
    return bool(min(turned) - as_it_is > by)


def learned(cases: Sequence[Case]) -> ExpectedPlace:
    """What is expected after some cases, without thresholds."""
    expected = usual_points(cases)
    seen = [(case, *case.seen_by(expected)) for case in cases if case.duct_ml >= LEAST_ML]
    duct, volume = np.zeros(table.PLACES), np.zeros(table.PLACES)
    entries = [place_entries(around) for _, around, _ in seen]
    for (case, _, share), at in zip(seen, entries, strict=True):
        np.add.at(duct, at, share)
        np.add.at(volume, at, case.voxel_ml)
    sigma = PLACE_SIGMA_MM / table.PLACE_MM
    duct, volume = (ndimage.gaussian_filter(each, sigma) for each in (duct, volume))
    places = np.log((duct + SELDOM) / (volume + STILL_ML))

    found, foreseen = (np.zeros((table.DISTANCES, table.DISTANCES)) for _ in range(2))
    for (_, around, share), at in zip(seen, entries, strict=True):
        beside = beside_entries(around)
        by_place = np.exp(places[at])
        np.add.at(found, beside, share)
        np.add.at(foreseen, beside, by_place / by_place.sum())
    found, foreseen = (ndimage.gaussian_filter(each, BESIDE_SIGMA) for each in (found, foreseen))
    still = STILL_SHARE * len(seen)
    beside = np.log((found + still) / (foreseen + still))
    return replace(expected, places=places, beside=beside)


def place_entries(around: Surroundings) -> Any:
    at = np.rint((around.offsets - table.FIRST_MM) / table.PLACE_MM).astype(int)
    return tuple(np.clip(at, 0, np.array(table.PLACES) - 1).T)


def beside_entries(around: Surroundings) -> Any:
    distances = np.stack([around.to_pancreas, around.to_veins])
    at = np.rint((distances - table.DEEPEST_MM) / table.BESIDE_MM).astype(int)
    return tuple(np.clip(at, 0, table.DISTANCES - 1))


@dataclass(frozen=True, eq=False)
class Scored:
    """Voxels of a case in the order of their scores, best first, and what of the duct they hold."""

    scores: NDArray[Any]
    held: NDArray[Any]
    voxel_ml: float
    duct_ml: float

    @classmethod
    def of(cls, case: Case, expected: ExpectedPlace) -> Scored:
        around, share = case.seen_by(expected)
        scores = expected.scores(around.offsets, around.to_pancreas, around.to_veins)
        order = np.argsort(-scores)
        return cls(scores[order], np.cumsum(share[order]), case.voxel_ml, case.duct_ml)

    def at(self, threshold: float) -> tuple[float, float]:
        """Volume in ml and share of the duct where the score is at least a threshold."""
        voxels = int(np.searchsorted(-self.scores, -threshold, side="right"))
        return voxels * self.voxel_ml, float(self.held[voxels - 1]) if voxels else 0.0

    def threshold(self, share: float) -> float:
        """Score at which it holds a share of the duct; -inf if it never does."""
        place = int(np.searchsorted(self.held, share - 1e-6))
        return float(self.scores[place]) if place < len(self.scores) else -np.inf


def cross_validated(cases: Sequence[Case]) -> tuple[list[Scored], float]:
    """Each case scored by what was learned from others, and how strange the strangest was."""
    order = np.random.default_rng(0).permutation(len(cases))
    scored: dict[int, Scored] = {}
    strangest = 0.0
    for fold in range(FOLDS):
        held_out = set(order[fold::FOLDS].tolist())
        expected = learned([case for i, case in enumerate(cases) if i not in held_out])
        scored |= {i: Scored.of(cases[i], expected) for i in held_out}
        strange = [float(expected.strangeness(cases[i].points)[0]) for i in held_out]
        strangest = max(strangest, *strange)
    return [scored[i] for i in range(len(cases))], strangest


def threshold_for(coverage: float, scored: Sequence[Scored]) -> float:
    """Highest score at which a share of the duct is held on average."""
    candidates = np.unique(np.concatenate([each.scores[::20] for each in scored]))
    low, high = 0, len(candidates) - 1
    while low < high:
        middle = (low + high + 1) // 2
        held = np.mean([each.at(candidates[middle])[1] for each in scored])
        low, high = (middle, high) if held >= coverage else (low, middle - 1)
    return float(candidates[low])


def learn(folder: Path) -> None:
    cases = [Case.of(name, labels) for name, labels in maps_with_ducts(folder, TUNING)]
    good = upright(cases)
    others = sorted({case.name for case in cases} - {case.name for case in good})
    print(f"{len(cases)} label maps, of these lie otherwise than their headers say: {others}")
    scored, strangest = cross_validated(good)
    scored = [each for each in scored if each.duct_ml >= LEAST_ML]
    thresholds = np.array([threshold_for(coverage, scored) for coverage in COVERAGES])
    print_curve(scored)
    expected = replace(
        learned(good),
        strangest=strangest,
        coverages=np.array(COVERAGES),
        thresholds=thresholds,
    )
    path = Path(table.__file__).with_name(table.FILE)
    small = {
        name: np.asarray(value, np.float16 if name in ("places", "beside") else np.float32)
        for name, value in vars(expected).items()
    }
    np.savez_compressed(path, **small)
    print(f"{path.name}: {path.stat().st_size / 1024:.0f} kB, strangest {expected.strangest:.1f}")


def print_curve(scored: Sequence[Scored]) -> None:
    """Volume against coverage over thresholds that are the same for all cases."""
    print("\n| median ml | 90th percentile | mean share | >= 95 % held | >= 98 % held |")
    print("|--:|--:|--:|--:|--:|")
    for volume in (25, 50, 75, 100, 125, 150, 175, 200, 250, 300):
        each = [s.scores[min(int(volume / s.voxel_ml), len(s.scores) - 1)] for s in scored]
        pairs = np.array([s.at(float(np.median(each))) for s in scored])
        held = [(pairs[:, 1] >= share).mean() for share in (0.95, 0.98)]
        print(
            f"| {np.median(pairs[:, 0]):.0f} | {np.quantile(pairs[:, 0], 0.9):.0f} | "
            f"{pairs[:, 1].mean():.3f} | {held[0]:.0%} | {held[1]:.0%} |"
        )
    for share, of_cases in ((0.95, 0.9), (0.95, 0.95), (0.98, 0.95)):
        needed = np.quantile([s.threshold(share) for s in scored], 1 - of_cases, method="lower")
        volumes = [s.at(float(needed))[0] for s in scored]
        print(f"{share:.0%} in {of_cases:.0%} of {len(scored)}: {np.median(volumes):.0f} ml")
    for coverage in COVERAGES:
        at = threshold_for(coverage, scored)
        print(f"mean {coverage:.0%}: {np.median([s.at(at)[0] for s in scored]):.0f} ml")


# What is measured


@dataclass(frozen=True)
class Outcome:
    """A region in ml, and the share of the duct in it; or neither, and why not."""

    ml: float = np.nan
    held: float = np.nan
    reason: str = ""


def outcome(labels: LabelMap, duct: Mask, coverage: float) -> Outcome:
    try:
        region = bile_duct_region(labels, coverage)
    except RegionNotFoundError as error:
        return Outcome(reason=str(error))
    held = (duct[region.box.slices] & region.mask).sum() / max(1, duct.sum())
    return Outcome(region.mask.sum() * labels.grid.voxel_volume, float(held))


def by_rule(case: Case, rule: Callable[[Case], Mask]) -> Outcome:
    region = rule(case)
    return Outcome(region.sum() * case.voxel_ml, float(case.duct[region].sum()))


def near(name: str, mm: float) -> Callable[[Case], Mask]:
    """Within some mm of the pancreas, the veins, either of them, or the pancreas' head."""

    def rule(case: Case) -> Mask:
        spacing = case.landmarks.spacing
        organ = {
            "pancreas": lambda: case.pancreas,
            "veins": lambda: case.veins,
            "pancreas or veins": lambda: case.pancreas | case.veins,
            "head": lambda: head_of_pancreas(case.pancreas, spacing),
        }[name]()
        return np.asarray(ndimage.distance_transform_edt(~organ, spacing) <= mm)

    return rule


def from_portal_end(case: Case) -> Mask:
    """The rule of liver and pancreas, where the upper right end of the veins is the hilum."""
    spacing = case.landmarks.spacing
    at = np.argwhere(case.veins)
    along = at @ (np.array(spacing) * (1, 0, -1))
    hilum = np.zeros_like(case.veins)
    hilum[tuple(at[along >= along.max() - HILUM_MM].T)] = True
    return between(hilum, head_of_pancreas(case.pancreas, spacing), spacing)


RULES = {
    "head within 10 mm (the share of the earlier region that needs no liver)": near("head", 10),
    "the way from the end of the portal vein to the head, as from the liver": from_portal_end,
    "veins within 20 mm": near("veins", 20),
    "pancreas or veins within 15 mm": near("pancreas or veins", 15),
}


def odd_variants(labels: LabelMap) -> Iterator[tuple[str, LabelMap]]:
    """What may happen to a label map on its way here; the duct goes with it."""
    data = labels.data
    values = {name: next(v for v in labels.organs if v.name == name).value for name in ORGANS}

    def with_data(changed: NDArray[Any]) -> LabelMap:
        return replace(labels, data=np.ascontiguousarray(changed))

    def without(name: str, part: Any) -> LabelMap:
        changed = data.copy()
        changed[part][changed[part] == values[name]] = 0
        return with_data(changed)

    def cut(part: tuple[slice, ...]) -> LabelMap:
        start = tuple(int(each.start or 0) for each in part)
        stop = tuple(
            int(size if each.stop is None else each.stop)
            for each, size in zip(part, data.shape, strict=True)
        )
        return replace(labels, data=data[part], grid=labels.grid.part(start, stop))

    yield "mirrored right to left", with_data(data[:, :, ::-1])
    yield "upside down", with_data(data[::-1])
    yield "back to front", with_data(data[:, ::-1])
    yield "turned by 180° about the long axis", with_data(data[:, ::-1, ::-1])
    yield "turned by 180° about the left-right axis", with_data(data[::-1, ::-1])
    veins, pancreas = (np.argwhere(data == values[name]) for name in ORGANS)
    top, bottom = veins[:, 0].max(), veins[:, 0].min()
    right, left = pancreas[:, 2].min(), pancreas[:, 2].max()
    whole = slice(None)
    yield (
        "scan cut off in the portal vein",
        cut((slice(0, int(0.7 * top + 0.3 * bottom)), whole, whole)),
    )
    middle = int(pancreas[:, 0].mean())
    yield "scan cut off in the pancreas' head", cut((slice(middle, None), whole, whole))
    yield "veins missing", without("veins", ...)
    yield "pancreas missing", without("pancreas", ...)
    upper = (slice((top + bottom) // 2, None),)
    yield "upper half of the veins not labelled", without("veins", upper)
    side = (whole, whole, slice(None, (right + left) // 2))
    yield "right half of the pancreas not labelled", without("pancreas", side)
    in_pieces = data.copy()
    z, y, x = np.indices(data.shape, sparse=True)
    holes = ((z // 4 + y // 4 + x // 4) % 2 == 0) | (z % 4 == 0) | (y % 4 == 0) | (x % 4 == 0)
    in_pieces[holes & (data == values["pancreas"])] = 0
    yield "pancreas in pieces", with_data(in_pieces)
    swapped = data.copy()
    swapped[data == values["veins"]] = values["pancreas"]
    swapped[data == values["pancreas"]] = values["veins"]
    yield "names of pancreas and veins swapped", with_data(swapped)


def without_mesenteric(labels: LabelMap) -> LabelMap:
    """A label map without the lower end of its veins, about as TotalSegmentator labels them."""
    (veins,) = (organ.value for organ in labels.organs if organ.name == VEINS)
    inside = labels.data == veins
    levels = np.flatnonzero(inside.any(axis=(1, 2)))
    inside[int(levels[0] + 0.4 * (levels[-1] - levels[0])) :] = False
    return replace(labels, data=np.where(inside, 0, labels.data))


def measure(folder: Path, half: str) -> None:
    maps = list(maps_with_ducts(folder, half))
    expected = load_expected_place()
    cases = [Case.of(*item) for item in maps]
    small = {case.name for case in cases if case.duct_ml < LEAST_ML}
    print(f"{len(maps)} maps with a duct, {len(small)} with less than {LEAST_ML} ml of it.")
    rows = {
        f"expected place, {coverage:.0%}": {
            name: outcome(labels, duct_of(labels), coverage) for name, labels in maps
        }
        for coverage in COVERAGES
    }
    short = [(name, without_mesenteric(labels)) for name, labels in maps]
    rows[f"expected place, {COVERAGES[0]:.0%}, lowest 40 % of the veins not labelled"] = {
        name: outcome(labels, duct_of(labels), COVERAGES[0]) for name, labels in short
    }
    reasons = {
        name: each.reason for name, each in rows[f"expected place, {COVERAGES[0]:.0%}"].items()
    }
    refused = {name for name, reason in reasons.items() if reason}
    for name in sorted(refused):
        print(f"- {name}: {reasons[name]}")
    for title, rule in RULES.items():
        rows[title] = {case.name: by_rule(case, rule) for case in cases}
    print("\n| region | maps | median ml | 90th perc. | mean share | lowest | >= 95 % | >= 98 % |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for title, found in rows.items():
        for words, names in (
            ("", reasons.keys() - refused - small),
            (", all", reasons.keys() - refused),
        ):
            given = [found[name] for name in names if not found[name].reason]
            ml = np.array([each.ml for each in given])
            held = np.array([each.held for each in given])
            print(
                f"| {title}{words} | {len(ml)} | {np.median(ml):.0f} | {np.quantile(ml, 0.9):.0f} "
                f"| {held.mean():.3f} | {held.min():.2f} | {(held >= 0.95).mean():.0%} "
                f"| {(held >= 0.98).mean():.0%} |"
            )
    print_curve([Scored.of(case, expected) for case in cases if case.name not in refused | small])
    print_way([item for item in maps if item[0] not in refused | small])
    print_variants([item for item in maps if item[0] not in refused | small])


def print_way(maps: Sequence[tuple[str, LabelMap]]) -> None:
    """How far ducts are from the line that is looked along where no duct is labelled."""
    away = []
    for _, labels in maps:
        duct = duct_of(labels)
        way = way_to_duct(replace(labels, data=np.where(duct, 0, labels.data)))
        voxels = cKDTree(way.course.voxels * labels.grid.spacing)
        distances, _ = voxels.query(np.argwhere(duct) * labels.grid.spacing)
        away.append(np.quantile(distances, (0.5, 0.95)))
    for words, column in zip(("half", "95 %"), np.transpose(away), strict=True):
        median, most = np.quantile(column, (0.5, 0.9))
        print(f"{words} of a duct within {median:.1f} mm of the way (90 % of maps: {most:.1f} mm)")


def print_variants(maps: Sequence[tuple[str, LabelMap]]) -> None:
    """Of each odd variant how many were refused, and what the others' regions held."""
    found: dict[str, list[Outcome]] = {}
    for _, labels in maps:
        for words, variant in odd_variants(labels):
            found.setdefault(words, []).append(outcome(variant, duct_of(variant), COVERAGES[0]))
    print("\n| variant | refused | of | others: lowest share held | held less than half |")
    print("|---|--:|--:|--:|--:|")
    for words, outcomes in found.items():
        held = np.array([each.held for each in outcomes if not each.reason])
        lowest = f"{held.min():.2f}" if len(held) else ""
        print(
            f"| {words} | {len(outcomes) - len(held)} | {len(outcomes)} | {lowest} "
            f"| {(held < 0.5).sum()} |"
        )


# How long it takes


def in_large_scan(labels: LabelMap) -> LabelMap:
    """A label map in the middle of a scan of `LARGE` voxels, by nearest neighbour."""
    picks, inside = [], []
    for size, mm, old_size, old_mm in zip(
        LARGE, LARGE_MM, labels.grid.shape, labels.grid.spacing, strict=True
    ):
        at = np.rint((np.arange(size) - size / 2) * mm / old_mm + old_size / 2).astype(int)
        (there,) = np.nonzero((at >= 0) & (at < old_size))
        inside.append(there)
        picks.append(at[there])
    data = np.zeros(LARGE, labels.data.dtype)
    data[np.ix_(*inside)] = labels.data[np.ix_(*picks)]
    return replace(labels, data=data, grid=Grid.from_spacing(LARGE, LARGE_MM))


def seconds(work: Callable[[], object]) -> list[float]:
    """How long work takes, again and again; the first time, which imports, is not among them."""
    work()
    taken = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return taken


def print_times(folder: Path) -> None:
    """Each row is of all rounds of all maps."""
    taken: dict[str, list[float]] = {words: [] for words in TARGETS}

    def note(words: str, work: Callable[[], object]) -> None:
        taken[words] += seconds(work)

    for seed in range(1, TIMED + 1):
        phantom = in_large_scan(make_phantom(seed, (3.0, 2.5, 2.5))[1])
        note("region by liver and pancreas", partial(bile_duct_region, phantom))
    timed = 0
    for name, small in maps_with_ducts(folder, TUNING):
        labels = in_large_scan(small)
        try:
            duct = measure_duct(labels)
            bile_duct_region(labels)
        except (NoCourseError, RegionNotFoundError) as error:
            print(f"{name} is left out: {error}")
            continue
        without_duct = replace(labels, data=np.where(duct_of(labels), 0, labels.data))
        scan = np.random.default_rng(0).integers(-200, 300, LARGE, dtype=np.int16)
        note("region by pancreas and veins", partial(bile_duct_region, labels))
        note("course, diameters and gaps of a duct", partial(measure_duct, labels))
        note("straightened view", partial(straighten, scan, duct.course, 30.0))
        note("the line to look along without a duct", partial(way_to_duct, without_duct))
        timed += 1
        if timed == TIMED:
            break
    shape = " x ".join(map(str, LARGE[::-1]))
    print(f"\n{shape} voxels, {timed} maps, {TIMED} phantoms, {ROUNDS} rounds each, in ms\n")
    print("| what | median | slowest | target |")
    print("|---|--:|--:|--:|")
    for words, target in TARGETS.items():
        ms = 1000 * np.array(taken[words] or [np.nan])
        aim = f"{1000 * target:.0f}" if target else ""
        print(f"| {words} | {np.median(ms):.1f} | {ms.max():.1f} | {aim} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("what", choices=("learn", "measure", "time"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--half", choices=(TUNING, TEST), default=TEST)
    given = parser.parse_args()
    if given.what == "learn":
        learn(given.folder)
    elif given.what == "time":
        print_times(given.folder)
    else:
        measure(given.folder, given.half)


if __name__ == "__main__":
    main()
