"""What is known of healthy organs: their pieces, their side, their density in CT.

Organs are known by their English names, in the common spellings; of others only what holds
for any organ is expected. Limits have room for fatty livers, for atrophy, and for scans
without and with contrast in any phase: they tell air, fat, bone and metal from an organ, not
health from disease.

References
----------
.. [1] Standring S (ed.). Gray's Anatomy, 42nd ed., Elsevier 2021.
.. [2] Lamba R. et al. CT Hounsfield numbers of soft tissues on unenhanced abdominal CT scans:
   variability between two different manufacturers' MDCT scanners. AJR 2014; 203(5): 1013-1020.
"""

from __future__ import annotations

from dataclasses import dataclass

from napari_abdoseg.image.names.organ_groups import group_of
from napari_abdoseg.image.names.organ_spelling import organ_key

RIGHT, LEFT = "right", "left"
NEAR_MM = 6.0
"""Pieces so near are one that is drawn in coarse voxels."""
THIN_NEAR_MM = 25.0
"""The same for organs whose thin parts may fade, such as an atrophic pancreas."""

_PAIRED = ("kidney", "lung", "adrenal gland")
_THIN = ("pancreas", "duodenum", "esophagus", "gallbladder", "adrenal gland")
_IN_PIECES = (
    *("bowel", "intestine", "colon", "rectum", "rib", "costal cartilage", "bone", "lung"),
    *("tumor", "lesion", "cyst", "duct", "vessel", "vein", "veins", "artery", "arteries"),
    *("portal", "discs", "muscle", "muscles", "body", "face", "skull", "heart", "atrium"),
)
"""Words in names of what may well be in several pieces."""
_INNER = ("tumor", "lesion", "cyst", "duct")
"""Words in names of what lies within organs and has a label of its own."""
_USUAL_SIDES = {"liver": RIGHT, "gallbladder": RIGHT, "spleen": LEFT}
_ACROSS = ("heart", "atrium", "atrial", "ventricle", "liver")
"""Words in names of what lies in or across the middle, though it has a side in its name."""
_SOLID = (
    *("liver", "kidney", "spleen", "pancreas", "gallbladder", "stomach", "urinary bladder"),
    *("prostate", "prostate or uterus", "uterus", "lung", "heart"),
)
"""Organs that round off where they end; tubes, muscles and bones are cut where a scheme says."""
_HOLLOW = (
    *("myocardium", "skull", "body", "lung", "lobe", "trachea", "bone", "bowel", "intestine"),
    *("colon", "stomach", "vessel", "rib", "vertebra", "sacrum", "hip", "face"),
)
"""Words in names of what encloses something else, such as bowel its gas."""
_HU = {
    "liver": (-40.0, 300.0),
    "spleen": (-20.0, 350.0),
    "kidney": (-30.0, 3000.0),
    "pancreas": (-100.0, 350.0),
    "gallbladder": (-40.0, 3000.0),
    "urinary bladder": (-40.0, 3000.0),
    "adrenal gland": (-60.0, 350.0),
    "aorta": (-10.0, 3000.0),
    "inferior vena cava": (-20.0, 3000.0),
    "heart": (-60.0, 1000.0),
    "lung": (-1100.0, -200.0),
    "vertebra": (20.0, 3000.0),
    "femur": (0.0, 3000.0),
    "hip": (0.0, 3000.0),
    "sacrum": (0.0, 3000.0),
}
"""Medians of whole organs lie within, in HU; contrast, stones and implants may be denser."""


@dataclass(frozen=True)
class Expected:
    """What is expected of an organ.

    Parameters
    ----------
    pieces : int or None
        How many there are; None where any number may be.
    near_mm : float
        Gaps that count as none.
    side : str or None
        ``"right"`` or ``"left"`` of the patient.
    one_of_two : bool
        It has its side in its name.
    paired : bool
        One label for an organ on each side.
    rounds_off : bool
        It ends in no plane.
    encloses : bool
        It may have something else within.
    hu : tuple of float or None
        Least and greatest median in HU.
    """

    pieces: int | None
    near_mm: float
    side: str | None
    one_of_two: bool
    paired: bool
    rounds_off: bool
    encloses: bool
    hu: tuple[float, float] | None


def expected_of(name: str) -> Expected:
    """What is expected of an organ by its name, whatever its spelling.

    Examples
    --------
    >>> expected_of("Kidney_L").side, expected_of("kidney").pieces, expected_of("colon").pieces
    ('left', 2, None)
    """
    key = organ_key(name)
    whole = key.removeprefix(f"{LEFT} ").removeprefix(f"{RIGHT} ")
    base = _base(whole)
    known = group_of(name) != "others"
    paired = has_sides(name)
    in_pieces = not known or (_has(key, _IN_PIECES) and not paired)
    return Expected(
        pieces=None if in_pieces else 2 if paired else 1,
        near_mm=THIN_NEAR_MM if base in _THIN else NEAR_MM,
        side=_side_of(key, whole),
        one_of_two=key != whole,
        paired=paired,
        rounds_off=base in _SOLID,
        encloses=not known or _has(key, _HOLLOW) or _has(key, _INNER),
        hu=_HU.get(base),
    )


def has_sides(name: str) -> bool:
    """Whether an organ is there on the right and on the left, with one label for both."""
    return organ_key(name) in _PAIRED


def is_inner(name: str) -> bool:
    """Whether a label is of something within other organs, such as a tumour."""
    return _has(organ_key(name), _INNER)


def _base(whole: str) -> str:
    """One name for lobes, and for vertebrae of any number."""
    if whole.endswith("lung lobe"):
        return "lung"
    return "vertebra" if whole.startswith("vertebra ") else whole


def _side_of(key: str, whole: str) -> str | None:
    if key == whole:
        return _USUAL_SIDES.get(whole)
    if group_of(key) == "vessels" or _has(key, _ACROSS):
        return None
    return key.split(" ")[0]


def _has(key: str, words: tuple[str, ...]) -> bool:
    return any(f" {word} " in f" {key} " for word in words)
