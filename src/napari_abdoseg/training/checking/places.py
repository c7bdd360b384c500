"""Where organs lie to each other, and cases that are mirrored or turned.

Each case's organs, and the centre of the body beside them, are a small cloud of points in
RAS+ mm about their common centre. The cohort's median cloud is what a case is compared
with: as it is, and mirrored and turned in all 47 other ways that keep to the axes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.organ import Organ
from napari_abdoseg.training.checking.facts import CaseFacts
from napari_abdoseg.training.checking.problem import WHOLE, Kind, Problem

Point = NDArray[np.float64]
Cloud = Mapping[int, Point]

BODY = 0
"""Stands for the body where others are values of organs."""
FEWEST_CASES = 3
"""With fewer there is no cohort to compare with."""
USUAL_SHARE = 0.8
"""A point belongs to the cohort's cloud if so many cases have it."""
MISFIT_MM = 40.0
BETTER_FIT = 0.5
"""A case is mirrored if it misfits by more, and mirrored by less than this share of that."""
FAR_MM, FAR_TIMES = 50.0, 4.0
"""An organ is out of place that is further off, and so many times as far as most."""
WRONG_SIDE_MM = 20.0

KNOWN = (
    ("liver", "spleen", 0, "left of"),
    ("liver", "kidney", 2, "below"),
    ("pancreas", "kidney", 1, "behind"),
)
"""The first organ lies further right, superior or anterior (R, A, S) than the second."""

AXES = ("left and right", "front and back", "head and foot")
MOVES = [
    np.array(
        [[sign if column == axis else 0 for column in range(3)] for axis, sign in zip(order, signs)]
    )
    for order in permutations(range(3))
    for signs in product((1, -1), repeat=3)
][1:]
"""All ways but the first, which moves nothing."""


def place_problems(facts: Sequence[CaseFacts], organs: Iterable[Organ]) -> Iterator[Problem]:
    """Cases that lie otherwise than the cohort, and cohorts that lie otherwise than people.

    Parameters
    ----------
    facts : sequence of CaseFacts
    organs : iterable of Organ
    """
    names = {organ.value: organ.name for organ in organs}
    clouds = {fact.case: _cloud(fact, names) for fact in facts}
    clouds = {case: cloud for case, cloud in clouds.items() if len(cloud) > 1}
    usual = _usual_cloud(list(clouds.values()))
    if len(clouds) < FEWEST_CASES or len(usual) < 2:
        for case, cloud in clouds.items():
            yield from _against_anatomy(case, "The", cloud, names)
        return
    yield from _against_anatomy(WHOLE, "In most cases the", usual, names)
    upright = {}
    for case, cloud in clouds.items():
        move = _better_move(cloud, usual)
        if move is None:
            upright[case] = cloud
        else:
            yield Problem(case, Kind.ORIENTATION, _spoken(move))
    cut_off = {
        (fact.case, value) for fact in facts for value in fact.organs if fact.organs[value].cut_off
    }
    for organ_of_case, problem in _out_of_place(upright, usual, names):
        if organ_of_case not in cut_off:
            yield problem


def _cloud(fact: CaseFacts, names: Mapping[int, str]) -> Cloud:
    points = {value: np.array(fact.organs[value].centre) for value in names if value in fact.organs}
    if points and fact.body is not None:
        points[BODY] = np.array(fact.body)
    return points


def _usual_cloud(clouds: Sequence[Cloud]) -> Cloud:
    """Median place of each point that most cases have, about the centre of these points."""
    needed = USUAL_SHARE * len(clouds)
    values = {value for cloud in clouds for value in cloud}
    usual = [value for value in sorted(values) if sum(value in cloud for cloud in clouds) >= needed]
    whole = [_centred(cloud, usual) for cloud in clouds if all(value in cloud for value in usual)]
    if not whole or not usual:
        return {}
    return dict(zip(usual, np.median(whole, axis=0), strict=True))


def _centred(cloud: Cloud, values: Sequence[int]) -> NDArray[np.float64]:
    """Points of shape (values, 3) about their common centre."""
    points = np.array([cloud[value] for value in values])
    return np.asarray(points - points.mean(axis=0))


def _better_move(cloud: Cloud, usual: Cloud) -> NDArray[np.int64] | None:
    """How a case must be moved to fit the cohort; None where it fits well enough as it is."""
    common = [value for value in usual if value in cloud]
    if len(common) < 2:
        return None
    points, target = _centred(cloud, common), _centred(usual, common)
    misfit = _distance(points, target)
    move = min(MOVES, key=lambda way: _distance(points @ way.T, target))
    moved = _distance(points @ move.T, target)
    return move if misfit > MISFIT_MM and moved < BETTER_FIT * misfit else None


def _distance(points: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    """Root mean square distance in mm."""
    return float(np.sqrt(((points - target) ** 2).sum(axis=1).mean()))


def _spoken(move: NDArray[np.int64]) -> str:
    if np.count_nonzero(move.diagonal()) == 3:
        swapped = [name for name, sign in zip(AXES, move.diagonal(), strict=True) if sign < 0]
        how = f"with {' and with '.join(swapped)} swapped"
    else:
        how = "turned to other axes"
    return (
        f"Its organs lie {how}, compared with the other cases: image and labels have a wrong "
        "affine; convert the case again from DICOM."
    )


def _against_anatomy(
    case: str, whose: str, cloud: Cloud, names: Mapping[int, str]
) -> Iterator[Problem]:
    """Organs that lie on the other side of each other than in people."""
    values = {name: value for value, name in names.items() if value in cloud}
    for first, second, axis, wrong in KNOWN:
        if first in values and second in values:
            beyond = cloud[values[second]][axis] - cloud[values[first]][axis]
            if beyond > WRONG_SIDE_MM:
                yield Problem(
                    case,
                    Kind.ORIENTATION,
                    f"{whose} {first} lies {beyond:.0f} mm {wrong} the {second}: image and labels "
                    "are mirrored or have a wrong affine, or labels are mixed up.",
                )


def _out_of_place(
    clouds: Mapping[str, Cloud], usual: Cloud, names: Mapping[int, str]
) -> Iterator[tuple[tuple[str, int], Problem]]:
    """Organs far from where they are in the other cases, by case and value."""
    values = list(usual)
    whole = {case: cloud for case, cloud in clouds.items() if all(v in cloud for v in values)}
    if len(whole) < FEWEST_CASES:
        return
    distances = {case: _distances(cloud, usual) for case, cloud in whole.items()}
    limits = np.maximum(FAR_MM, FAR_TIMES * np.median(list(distances.values()), axis=0))
    for case, distance in distances.items():
        for value, off, limit in zip(values, distance, limits, strict=True):
            if value != BODY and off > limit:
                message = (
                    f"The {names[value]} lies {off:.0f} mm from its place among the other organs "
                    "in the other cases: look whether its label is right."
                )
                yield (case, value), Problem(case, Kind.PLACE, message, ruins=False)


def _distances(cloud: Cloud, usual: Cloud) -> NDArray[np.float64]:
    """How far each point is from its usual place, in mm.

    The two clouds are laid upon each other by the median, which one point that is far off
    moves little.
    """
    shifts = np.array([cloud[value] - usual[value] for value in usual])
    return np.asarray(np.linalg.norm(shifts - np.median(shifts, axis=0), axis=1))
