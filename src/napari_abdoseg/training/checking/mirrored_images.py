"""Images that are mirrored against their own labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.orientation.finding import AXIS_NAMES
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.training.checking.facts import CaseFacts
from napari_abdoseg.training.checking.problem import Kind, Problem
from napari_abdoseg.training.checking.tissues import MIRRORINGS

FEWEST_CASES = 4
"""With fewer there are no usual tissues."""
MISFIT = 0.15
"""Share of the organs' voxels that are of another tissue than usual."""
MOST_DEVIATIONS = 4.0
NORMAL = 1.4826
"""The standard deviation of a normal distribution in median absolute deviations."""
BETTER_FIT = 0.5
"""A mirrored image misfits by less than this share, once it is mirrored back."""


def mirrored_image_problems(
    facts: Sequence[CaseFacts], organs: Sequence[Organ]
) -> Iterator[Problem]:
    """Images whose tissues fit their labels only when they are mirrored.

    Usual is the median over the cohort, by organ and tissue, so that a few mirrored images
    don't count.

    Parameters
    ----------
    facts : sequence of CaseFacts
    organs : sequence of Organ
    """
    labelled = [fact for fact in facts if fact.tissues]
    if len(labelled) < FEWEST_CASES:
        return
    usual = {organ.value: _usual(labelled, organ.value) for organ in organs}
    misfits = {fact.case: _misfits(fact, usual) for fact in labelled}
    as_they_are = np.array([each[0] for each in misfits.values()])
    middle = float(np.median(as_they_are))
    spread = NORMAL * float(np.median(np.abs(as_they_are - middle)))
    limit = max(MISFIT, middle + MOST_DEVIATIONS * spread)
    for case, misfit in misfits.items():
        best = int(np.argmin(misfit))
        if misfit[0] > limit and misfit[best] < min(limit, BETTER_FIT * misfit[0]):
            yield Problem(case, Kind.ORIENTATION, _spoken(misfit, best))


def _usual(facts: Sequence[CaseFacts], value: int) -> NDArray[np.float64]:
    """Shares of tissues that an organ has in the middle of all cases."""
    having = [fact.tissues[value][0] for fact in facts if value in fact.tissues]
    return np.median(having, axis=0) if having else np.zeros(0)


def _misfits(fact: CaseFacts, usual: Mapping[int, NDArray[np.float64]]) -> NDArray[np.float64]:
    """For each mirroring the share of the organs' voxels of another tissue than usual."""
    values = [value for value in usual if value in fact.tissues]
    if not values:
        return np.zeros(len(MIRRORINGS))
    off = [np.abs(np.array(fact.tissues[value]) - usual[value]).sum(axis=1) / 2 for value in values]
    volumes = [fact.organs[value].volume_ml for value in values]
    return np.asarray(np.average(off, axis=0, weights=volumes))


def _spoken(misfit: NDArray[np.float64], best: int) -> str:
    flips = " and ".join(AXIS_NAMES[axis] for axis in reversed(MIRRORINGS[best]))
    return (
        f"{misfit[0]:.0%} of its organs' voxels are of another tissue than in the other cases, and "
        f"{misfit[best]:.0%} with the image flipped {flips}: image and labels are mirrored against "
        "each other; take both from the same source again."
    )
