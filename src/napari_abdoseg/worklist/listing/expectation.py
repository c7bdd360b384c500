"""How good the label map of a case is expected to be, as the JSON beside it tells."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter, itemgetter
from pathlib import Path
from statistics import fmean

from napari_abdoseg.evaluation.told_quality import ToldQuality, told_qualities
from napari_abdoseg.image.files.json_beside import CORRECTIONS
from napari_abdoseg.image.files.json_file import read_json


@dataclass(frozen=True)
class Expectation:
    """How good a label map that nobody has corrected is expected to be.

    Parameters
    ----------
    dsc : float, optional
        Mean of its organs' expected DSC; None where the model has no calibration.
    agreement : float, optional
        Mean of its organs' DSC between folds.
    worst_organ : str
        The one of which the least is expected.
    worst : float, optional
        What is expected of that one: its DSC, or its agreement where `dsc` is None.
    """

    dsc: float | None = None
    agreement: float | None = None
    worst_organ: str = ""
    worst: float | None = None

    @property
    def rank(self) -> float:
        """The less the sooner a person should look; 2 where nothing is known."""
        known = self.dsc if self.dsc is not None else self.agreement
        return 2.0 if known is None else known


UNKNOWN = Expectation()


def expectation_beside(report: Path) -> Expectation:
    """What the JSON beside a label map tells, an empty one where it tells nothing of use.

    Nothing is expected of a label map that somebody has corrected.
    """
    try:
        content = read_json(report)
        if content.get(CORRECTIONS):
            return UNKNOWN
        return _expectation(list(told_qualities(content).values()))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return UNKNOWN


def _expectation(organs: list[ToldQuality]) -> Expectation:
    if not organs:
        return UNKNOWN
    agreement = fmean(each.agreement for each in organs)
    scores = {each.organ: each.dsc for each in organs if each.dsc is not None}
    if len(scores) == len(organs):
        organ, lowest = min(scores.items(), key=itemgetter(1))
        return Expectation(fmean(scores.values()), agreement, organ, lowest)
    worst = min(organs, key=attrgetter("agreement"))
    return Expectation(None, agreement, worst.organ, worst.agreement)
