"""How a model's folds agree where it is right and where it is wrong, learnt when it was trained.

It is the file ``expected_dsc.json`` in the model's folder, and may be missing.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.inference.model.schema import FolderName, Part, Text, read_checked

QUALITY = "expected_dsc.json"
ADVICE = "copy the model again, or remove the file: then nothing but the agreement of folds is told"
COVERAGE = 0.9
"""Share of label maps whose DSC lies in the interval that is told."""

Share = Annotated[float, Field(ge=0, le=1)]
Shares = Annotated[list[Share], Field(min_length=1, max_length=100)]
Spreads = Annotated[list[Annotated[float, Field(gt=0, le=1)]], Field(min_length=1, max_length=100)]
Reach = Annotated[float, Field(ge=-1e6, le=1e6)]


@dataclass(frozen=True)
class Expected:
    """DSC that a label map is expected to have to a reference that nobody has.

    Parameters
    ----------
    dsc : float
    lowest, highest : float
        `COVERAGE` of all label maps lie between them.
    """

    dsc: float
    lowest: float
    highest: float


class QualityCurve(Part):
    """Expected DSC over agreement, between knots along straight lines.

    Parameters
    ----------
    agreement : list of float
        Of the knots, in order.
    dsc : list of float
        What is expected there; never falls.
    spread : list of float
        By how much DSC differs from that, in the median.
    below, above : float
        Spreads from the expected DSC to the ends of the interval; what is below is negative.
    observations : int
        It was learnt from.
    """

    agreement: Shares
    dsc: Shares
    spread: Spreads
    below: Reach
    above: Reach
    observations: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _is_a_curve(self) -> QualityCurve:
        if not len(self.agreement) == len(self.dsc) == len(self.spread):
            raise ValueError("agreement, dsc and spread must be of one length")
        if any(a >= b for a, b in zip(self.agreement, self.agreement[1:], strict=False)):
            raise ValueError("agreement must rise")
        if any(a > b for a, b in zip(self.dsc, self.dsc[1:], strict=False)):
            raise ValueError("dsc must not fall")
        if self.below > self.above:
            raise ValueError("below must not be more than above")
        return self

    def expect(self, agreement: float) -> Expected:
        """What is expected of an organ on which folds agree so far."""
        dsc, spread = (self._at(agreement, values) for values in (self.dsc, self.spread))
        lowest, highest = (
            min(max(dsc + reach * spread, 0.0), 1.0) for reach in (self.below, self.above)
        )
        return Expected(dsc, lowest, highest)

    def _at(self, agreement: float, values: list[float]) -> float:
        right = bisect_right(self.agreement, agreement)
        if right in (0, len(values)):
            return values[min(right, len(values) - 1)]
        (x, a), (y, b) = ((self.agreement[knot], values[knot]) for knot in (right - 1, right))
        return a + (b - a) * (agreement - x) / (y - x)


class OrganCurves(Part):
    """What is expected of an organ.

    Parameters
    ----------
    plausible : QualityCurve
        Where anatomy does not speak against it.
    in_doubt : QualityCurve
        Where it does.
    """

    plausible: QualityCurve
    in_doubt: QualityCurve


class QualityCalibration(Part):
    """What is expected of each organ that a model finds.

    Parameters
    ----------
    format : int
    sha256 : str
        Of the model with these folds, as `Model.sha256` gives it.
    folds : list of str
    preset : str
        By which folds have worked.
    coverage : float
    cases : int
        It was learnt from.
    organs : dict of str to OrganCurves
        By name; of others nothing is expected.
    """

    format: Literal[1] = 1
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    folds: Annotated[list[FolderName], Field(min_length=2, max_length=100)]
    preset: Annotated[str, Field(pattern=r"^(exact|balanced)$")]
    coverage: Annotated[float, Field(ge=COVERAGE, le=COVERAGE)] = COVERAGE
    cases: Annotated[int, Field(ge=1)]
    organs: dict[Text, OrganCurves]


def read_quality(folder: Path) -> QualityCalibration | None:
    """The calibration in a model's folder; None if there is none.

    Raises
    ------
    ModelError
        It can't be read, or a value is not what it must be; it names the first such key.
    """
    path = folder / QUALITY
    if not path.exists():
        return None
    return read_checked(QualityCalibration, path, ADVICE)


def write_quality(folder: Path, calibration: QualityCalibration) -> None:
    """Write a calibration into a model's folder, in the place of the one that is there.

    Raises
    ------
    SaveError
        It could not be written; what was there is untouched.
    """
    write_text(folder / QUALITY, json.dumps(calibration.model_dump(), indent=1) + "\n")
