"""Cases that differ from the cohort in volume, spacing or the organs they have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from napari_abdoseg.image.organ import Organ
from napari_abdoseg.training.checking.facts import CaseFacts
from napari_abdoseg.training.checking.problem import WHOLE, Kind, Problem
from napari_abdoseg.training.conversion.source import listed

FEWEST_CASES = 5
"""With fewer there is no usual volume or spacing."""
NORMAL = 1.4826
"""The standard deviation of a normal distribution in median absolute deviations."""
MOST_DEVIATIONS = 5.0
LEAST_DEVIATION = 0.2
"""Of the logarithm of a volume, for a cohort of volumes much alike."""
SPACING_TIMES = 3.0
DIRECTIONS = ("from head to foot", "from front to back", "from left to right")
AXIAL = ("LR", "AP", "IS")
"""Where the stored axes of axial slices may point to."""


def outlier_problems(
    facts: Sequence[CaseFacts], organs: Sequence[Organ], reorients: bool = False
) -> Iterator[Problem]:
    """What makes cases differ from the others.

    Parameters
    ----------
    facts : sequence of CaseFacts
    organs : sequence of Organ
    reorients : bool, optional
        nnU-Net turns images to one orientation, so that it may differ.
    """
    labelled = [fact for fact in facts if fact.organs]
    trained = [fact for fact in labelled if not fact.test]
    for organ in organs:
        yield from _missing(trained, organ)
        yield from _volumes(labelled, organ)
    yield from _spacings(facts)
    if not reorients:
        yield from _orientations(facts)


def _missing(facts: Sequence[CaseFacts], organ: Organ) -> Iterator[Problem]:
    without = [fact.case for fact in facts if organ.value not in fact.organs]
    if facts and len(without) == len(facts):
        message = f"No training case has a {organ.name}: label it, or take it out of dataset.json."
        yield Problem(WHOLE, Kind.MISSING, message)
    elif len(without) > len(facts) / 2:
        message = (
            f"{len(without)} of {len(facts)} training cases have no {organ.name}: where it was not "
            "labelled, nnU-Net learns it as background."
        )
        yield Problem(WHOLE, Kind.MISSING, message, ruins=False)
    else:
        for case in without:
            message = f"It has no {organ.name}, which most cases have: was it forgotten?"
            yield Problem(case, Kind.MISSING, message, ruins=False)


def _volumes(facts: Sequence[CaseFacts], organ: Organ) -> Iterator[Problem]:
    having = [fact for fact in facts if organ.value in fact.organs]
    if len(having) < FEWEST_CASES:
        return
    volumes = np.array([fact.organs[organ.value].volume_ml for fact in having])
    logarithms = np.log(volumes)
    usual = float(np.median(logarithms))
    spread = max(NORMAL * float(np.median(np.abs(logarithms - usual))), LEAST_DEVIATION)
    for fact, volume, deviation in zip(having, volumes, (logarithms - usual) / spread, strict=True):
        if abs(deviation) > MOST_DEVIATIONS:
            cut_off = fact.organs[organ.value].cut_off and deviation < 0
            why = "it is cut off by the edge of the scan; " if cut_off else ""
            yield Problem(
                fact.case,
                Kind.VOLUME,
                f"Its {organ.name} has {volume:.3g} ml, the cohort's median is {np.exp(usual):.3g} "
                f"ml: {why}look whether the label is right and the spacing in mm.",
                ruins=False,
            )


def _spacings(facts: Sequence[CaseFacts]) -> Iterator[Problem]:
    scans = {fact.case: fact.scan for fact in facts if fact.scan}
    if len(scans) < FEWEST_CASES:
        return
    usual = np.median([scan.spacing for scan in scans.values()], axis=0)
    for case, scan in scans.items():
        for step, median, direction in zip(scan.spacing, usual, DIRECTIONS, strict=True):
            if not 1 / SPACING_TIMES <= step / median <= SPACING_TIMES:
                yield Problem(
                    case,
                    Kind.SPACING,
                    f"Its voxels are {step:.3g} mm apart {direction}, the cohort's median is "
                    f"{median:.3g} mm: look whether the spacing is right.",
                    ruins=False,
                )


def _orientations(facts: Sequence[CaseFacts]) -> Iterator[Problem]:
    """Orders of axes that nnU-Net, which reads voxels as they are stored, sees as they lie."""
    codes = {fact.case: fact.scan.axis_codes for fact in facts if fact.scan}
    for case, code in codes.items():
        if not all(letter in axis for letter, axis in zip(code, AXIAL, strict=True)):
            yield Problem(
                case,
                Kind.ORIENTATION,
                f"Its axes are stored in the order {code}, so that nnU-Net does not see axial "
                "slices: save it in the order LPS or RAS.",
                ruins=False,
            )
    counts = Counter(codes.values())
    if len(counts) > 1:
        yield Problem(WHOLE, Kind.ORIENTATION, _mixed(counts), ruins=False)


def _mixed(counts: Mapping[str, int]) -> str:
    orders = listed(f"{code} ({count})" for code, count in Counter(counts).most_common())
    return (
        f"Cases are stored in different orientations: {orders}. nnU-Net reads them as they lie, "
        "mirrored or turned to each other. Unless that is wanted, have it turn them: "
        "'overwrite_image_reader_writer': 'NibabelIOWithReorient' in dataset.json."
    )
