"""How good the organs of a label map are expected to be, without a reference."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from napari_abdoseg.anatomy.plausibility.doubt import Certainty, Doubt
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.inference.model.quality_calibration import Expected, QualityCalibration
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.preset import find_preset
from napari_abdoseg.inference.review.disagreement import Disagreement

ONE_FOLD = "One fold alone has worked: there is none that it could agree with."
SEVERAL = (
    "Several configurations have worked, and each is calibrated alone: agreement alone is told."
)
NO_CALIBRATION = "The model has no calibration: agreement of its folds alone is told."
OTHER_MODEL = "The calibration is of other weights: agreement of folds alone is told."


@dataclass(frozen=True)
class OrganQuality:
    """How good an organ of a label map is expected to be.

    Parameters
    ----------
    organ : Organ
    agreement : float
        Mean DSC between two folds.
    in_doubt : bool
        Whether anatomy speaks against it.
    expected : Expected, optional
        None where that was not learnt.
    """

    organ: Organ
    agreement: float
    in_doubt: bool
    expected: Expected | None


@dataclass(frozen=True)
class ExpectedQuality:
    """How good a label map is expected to be.

    Parameters
    ----------
    organs : tuple of OrganQuality
        Those that any fold finds, whether the label map has them or not.
    note : str
        Why less is told than could be; empty otherwise.
    """

    organs: tuple[OrganQuality, ...]
    note: str = ""


def expected_quality(
    disagreement: Disagreement, preset: str, doubts: Iterable[Doubt]
) -> ExpectedQuality:
    """What folds, anatomy and calibration tell of a label map.

    Parameters
    ----------
    disagreement : Disagreement
        Of the folds that have made it.
    preset : str
        By which they worked.
    doubts : iterable of Doubt
        See `check_plausibility`.
    """
    agreements, doubted = disagreement.agreement(), organs_in_doubt(doubts)
    calibration, note = _calibration(disagreement, preset)
    curves = {} if calibration is None else calibration.organs
    organs = []
    for organ, agreement in agreements.items():
        in_doubt, known = organ.value in doubted, curves.get(organ.name)
        curve = known and (known.in_doubt if in_doubt else known.plausible)
        expected = curve.expect(agreement) if curve else None
        organs.append(OrganQuality(organ, agreement, in_doubt, expected))
    return ExpectedQuality(tuple(organs), note)


def organs_in_doubt(doubts: Iterable[Doubt]) -> set[int]:
    """Values of organs against which anatomy speaks, not only possibly."""
    return {doubt.organ.value for doubt in doubts if doubt.certainty > Certainty.POSSIBLE}


def _calibration(disagreement: Disagreement, preset: str) -> tuple[QualityCalibration | None, str]:
    """What was learnt of the very folds that have worked, or why that is of no use."""
    if not disagreement.votes:
        return None, ""
    if len(disagreement.votes) > 1:
        return None, SEVERAL
    (votes,) = disagreement.votes
    if votes.folds < 2:
        return None, ONE_FOLD
    trained = votes.trained
    known, folds = trained.model.quality, trained.folds[: votes.folds]
    if known is None:
        return None, NO_CALIBRATION
    if sorted(folds) != sorted(known.folds):
        names = ", ".join(known.folds)
        return None, f"Folds {names} were calibrated together: agreement of these alone is told."
    if known.preset != preset and _mirrors(trained, preset):
        return None, f"The preset {known.preset} was calibrated: agreement of folds alone is told."
    if known.sha256 != trained.sha256(tuple(known.folds)):
        return None, OTHER_MODEL
    return known, ""


def _mirrors(trained: TrainedConfiguration, preset: str) -> bool:
    """Whether a fold's say is the mean of several passes, and so of another kind by each preset."""
    return find_preset(preset).mirroring and bool(trained.members[0].mirror_axes)
