"""How far apart two surfaces may lie and still count as one, per organ."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, nan

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.names.organ_spelling import organ_key
from napari_abdoseg.image.organ import Organ


@dataclass(frozen=True)
class Tolerances:
    """Tolerances of the normalized surface Dice, in mm.

    Attributes
    ----------
    name
        What reports call the set.
    default_mm
        Tolerance of organs that ``organ_mm`` does not name.
    organ_mm
        Names of organs with their own tolerance.
    """

    name: str
    default_mm: float
    organ_mm: tuple[tuple[str, float], ...] = ()

    def of(self, organ: Organ) -> float:
        """Tolerance of an organ, in mm, however its name is spelled."""
        return dict(self.organ_mm).get(organ_key(organ.name), self.default_mm)


FLARE21 = Tolerances("FLARE21", 1.0)
"""1 mm for all organs, as in the evaluation of FLARE21 by the authors of AbdomenCT-1K.

Ma, J. et al. (2022). Fast and low-GPU-memory abdomen CT organ segmentation: the FLARE
challenge. Medical Image Analysis, 82, 102616.
"""

FLARE22 = Tolerances(
    "FLARE22",
    1.0,
    (
        *(("liver", 5.0), ("kidney", 3.0), ("right kidney", 3.0), ("left kidney", 3.0)),
        *(("spleen", 3.0), ("pancreas", 5.0), ("stomach", 5.0), ("duodenum", 7.0)),
        *(("aorta", 2.0), ("inferior vena cava", 2.0), ("gallbladder", 2.0), ("esophagus", 3.0)),
        *(("right adrenal gland", 2.0), ("left adrenal gland", 2.0)),
    ),
)
"""A tolerance for each organ, as in the evaluation of FLARE22.

Ma, J. et al. (2024). Unleashing the strengths of unlabelled data in deep learning-assisted
pan-cancer abdominal organ quantification: the FLARE22 challenge. The Lancet Digital Health,
6(11), e815-e826.
"""

NAMED = (FLARE21, FLARE22)


def find_tolerances(text: str) -> Tolerances:
    """Tolerances by name, such as ``"FLARE22"``, or of so many mm for all organs.

    Raises
    ------
    AbdosegError
        There is no such set, or the number is negative or no number.

    Examples
    --------
    >>> from napari_abdoseg import Organ
    >>> from napari_abdoseg.evaluation.tolerance import find_tolerances
    >>> liver = Organ(1, "liver")
    >>> find_tolerances("FLARE22").of(liver), find_tolerances("2.5").of(liver)
    (5.0, 2.5)
    """
    for tolerances in NAMED:
        if text.strip().upper() == tolerances.name:
            return tolerances
    try:
        millimetres = float(text.strip().removesuffix("mm"))
    except ValueError:
        millimetres = nan
    if not 0 <= millimetres < inf:
        names = ", ".join(tolerances.name for tolerances in NAMED)
        raise AbdosegError(
            f"{text!r} is no tolerance: give millimetres, such as 1 or 2.5, or one of {names}."
        )
    return Tolerances(f"{millimetres:g} mm", millimetres)
