"""Groups that the organs of large label maps are looked for in: abdomen, vessels, bones, …"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from napari_abdoseg.image.names.organ_spelling import organ_key
from napari_abdoseg.image.organ import PALETTE, Organ

GROUPS = {
    "abdomen": (
        *("liver", "kidney", "spleen", "pancreas", "pancreatic", "gallbladder", "bile", "stomach"),
        *("duodenum", "small bowel", "bowel", "intestine", "colon", "rectum", "adrenal gland"),
        *("esophagus", "urinary bladder", "prostate", "uterus", "ovary", "seminal vesicle"),
    ),
    "vessels": (
        *("aorta", "artery", "arteries", "vein", "veins", "vena", "vessel", "vessels"),
        *("brachiocephalic trunk", "celiac trunk"),
    ),
    "chest": ("lung", "trachea", "bronchus", "bronchi", "heart", "atrial appendage", "breast"),
    "bones": (
        *("vertebra", "rib", "sacrum", "hip", "femur", "humerus", "scapula", "clavicle", "bone"),
        *("sternum", "costal cartilage", "skull", "intervertebral discs", "patella", "tibia"),
        *("fibula", "radius", "ulna", "mandible", "carpal", "tarsal", "metacarpal", "metatarsal"),
    ),
    "muscles": (
        *("gluteus", "autochthon", "iliopsoas", "muscle", "muscles", "quadriceps", "sartorius"),
        *("pectoralis", "trapezius", "deltoid", "thigh"),
    ),
    "head and spine": ("brain", "spinal cord", "face", "thyroid gland", "eye", "eyes"),
}
"""Words that names of organs have in common. A vessel is one wherever it runs."""

OTHERS = "others"
_ASKED_IN_TURN = ("vessels", "chest", "bones", "muscles", "head and spine", "abdomen")


def group_of(name: str) -> str:
    """The group of an organ, whatever its spelling.

    Examples
    --------
    >>> [group_of(name) for name in ("kidney_left", "iliac_vena_right", "vertebrae_L1", "cable")]
    ['abdomen', 'vessels', 'bones', 'others']
    """
    words = f" {organ_key(name)} "
    return next(
        (
            group
            for group in _ASKED_IN_TURN
            if any(f" {known} " in words or f" {known}s " in words for known in GROUPS[group])
        ),
        OTHERS,
    )


def organ_groups(
    organs: Iterable[Organ], stated: Mapping[str, Sequence[str]] | None = None
) -> dict[str, tuple[Organ, ...]]:
    """Organs by their groups, each of which has some.

    Parameters
    ----------
    organs : iterable of Organ
    stated : mapping of str to sequence of str, optional
        Groups with the names of their organs, as a model's card has them; organs that are
        in none of them are put into the well-known ones.
    """
    stated = stated or {}
    stated_group = {name: group for group, names in stated.items() for name in names}
    sorted_in: dict[str, list[Organ]] = {group: [] for group in (*stated, *GROUPS, OTHERS)}
    for organ in organs:
        sorted_in[stated_group.get(organ.name) or group_of(organ.name)].append(organ)
    return {group: tuple(members) for group, members in sorted_in.items() if members}


def is_of_palette(name: str) -> bool:
    """Whether an organ is one of the four that have colours of their own, or a side of it."""
    whole = organ_key(name).removeprefix("left ").removeprefix("right ")
    return whole in PALETTE
