"""What a comparison of one organ with its reference says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import nan

from napari_abdoseg.image.organ import Organ


class Emptiness(StrEnum):
    """Which of two masks holds no voxel; such rows follow a rule instead of a measurement."""

    NEITHER = ""
    BOTH = "both empty"
    PREDICTION = "prediction empty"
    REFERENCE = "reference empty"


@dataclass(frozen=True, slots=True)
class Score:
    """Agreement of an organ's predicted mask with its reference mask.

    Attributes
    ----------
    organ
        The organ, with its value in the reference.
    dsc, nsd
        Dice similarity coefficient and normalized surface Dice, 0 to 1.
    tolerance_mm
        Tolerance of ``nsd``.
    hd95_mm, assd_mm
        95th percentile of the Hausdorff distance and average symmetric surface
        distance; NaN where a mask is empty.
    volume_prediction_ml, volume_reference_ml
        Volumes.
    emptiness
        Which of the masks is empty. Both: DSC, NSD and clDice are 1; one: 0.
    cldice, centre_line_mm
        Centre-line Dice and average symmetric distance of the centre lines; NaN of organs that
        are not thin structures, the distance also where a mask is empty.
    """

    organ: Organ
    dsc: float
    nsd: float
    tolerance_mm: float
    hd95_mm: float
    assd_mm: float
    volume_prediction_ml: float
    volume_reference_ml: float
    emptiness: Emptiness
    cldice: float = nan
    centre_line_mm: float = nan

    @property
    def volume_difference_ml(self) -> float:
        """Predicted minus reference volume, in ml."""
        return self.volume_prediction_ml - self.volume_reference_ml
