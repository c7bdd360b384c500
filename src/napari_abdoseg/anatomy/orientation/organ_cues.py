"""What organs that were found tell of where right and left, front and back, head and foot are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.orientation.cue import (
    FRONT_BACK,
    HEAD_FOOT,
    LEFT_RIGHT,
    Cue,
    Usual,
)
from napari_abdoseg.image.grid import Triple
from napari_abdoseg.image.names.organ_spelling import organ_key
from napari_abdoseg.image.volume import LabelMap

COARSE_MM = 4.0
RIGHT, LEFT = "right ", "left "
BESIDE = (("below", "above"), ("in front of", "behind"), ("right of", "left of"))
"""How one lies to another that is further on, or back, along each axis."""


@dataclass(frozen=True)
class Pair:
    """Where the first of two organs lies, seen from the second, in mm."""

    first: str
    second: str
    usual: Usual


PAIRS = (
    Pair("liver", "spleen", Usual(LEFT_RIGHT, -150, 60, 4)),
    Pair("liver", "stomach", Usual(LEFT_RIGHT, -80, 45, 2)),
    Pair("gallbladder", "spleen", Usual(LEFT_RIGHT, -130, 50, 2)),
    Pair("gallbladder", "stomach", Usual(LEFT_RIGHT, -70, 40, 2)),
    Pair("duodenum", "stomach", Usual(LEFT_RIGHT, -60, 40, 1)),
    Pair("inferior vena cava", "aorta", Usual(LEFT_RIGHT, -30, 12, 3)),
    Pair("liver", "kidney", Usual(HEAD_FOOT, 70, 45, 2.5)),
    Pair("spleen", "kidney", Usual(HEAD_FOOT, 60, 40, 2.5)),
    Pair("liver", "urinary bladder", Usual(HEAD_FOOT, 280, 100, 3)),
    Pair("kidney", "urinary bladder", Usual(HEAD_FOOT, 210, 90, 3)),
    Pair("liver", "prostate", Usual(HEAD_FOOT, 320, 100, 2)),
    Pair("lung", "liver", Usual(HEAD_FOOT, 120, 60, 3)),
    Pair("lung", "kidney", Usual(HEAD_FOOT, 200, 80, 3)),
    Pair("heart", "liver", Usual(HEAD_FOOT, 100, 50, 3)),
    Pair("adrenal gland", "kidney", Usual(HEAD_FOOT, 55, 35, 1)),
    Pair("liver", "kidney", Usual(FRONT_BACK, -50, 25, 2)),
    Pair("liver", "spleen", Usual(FRONT_BACK, -35, 30, 1.5)),
    Pair("pancreas", "kidney", Usual(FRONT_BACK, -55, 25, 2)),
    Pair("stomach", "kidney", Usual(FRONT_BACK, -75, 35, 2)),
    Pair("stomach", "spleen", Usual(FRONT_BACK, -50, 35, 1.5)),
    Pair("gallbladder", "kidney", Usual(FRONT_BACK, -75, 35, 2)),
    Pair("pancreas", "aorta", Usual(FRONT_BACK, -40, 20, 2)),
    Pair("liver", "aorta", Usual(FRONT_BACK, -40, 25, 1.5)),
)
"""Means and spreads are rounded, with room for what varies among people."""

BESIDE_SPINE = {
    "liver": Usual(LEFT_RIGHT, -50, 30, 2),
    "spleen": Usual(LEFT_RIGHT, 95, 45, 2),
    "stomach": Usual(LEFT_RIGHT, 50, 40, 1),
    "gallbladder": Usual(LEFT_RIGHT, -50, 35, 1),
}
"""Where organs lie, seen from the spine, in mm."""

NAMED_SIDES = Usual(LEFT_RIGHT, 120, 80, 1)
"""mm from what is called right to what is called left. Networks may go by the side."""

VOLUMES_ML = {"liver": (300, 5000), "spleen": (30, 3000), "kidney": (40, 1000)}
"""Of whole organs; beyond these a mask is hardly one. Others have no limits here."""
LEAST_PIECE = 0.6
"""Share of a mask in one piece, or in two for what comes in pairs."""
PAIRED = ("kidney", "lung", "adrenal gland")
UNSURE = 0.25
"""Trust in what is hardly the organ."""


@dataclass(frozen=True)
class _Found:
    """An organ in a label map: its middle (z, y, x) in voxels, and trust in it."""

    middle: Triple
    trust: float


def organ_cues(labels: LabelMap, spine_x: float | None = None) -> Iterator[Cue]:
    """What is seen in a label map.

    Parameters
    ----------
    labels : LabelMap
        Organs are known by their English names, in the common spellings.
    spine_x : float, optional
        Voxel along x that the spine lies at.
    """
    spacing, found = labels.grid.spacing, _find_organs(labels)
    for pair in PAIRS:
        if pair.first in found and pair.second in found:
            yield _pair_cue(pair.usual, pair.first, pair.second, found, spacing)
    for name in found:
        if name.startswith(LEFT) and (other := RIGHT + name.removeprefix(LEFT)) in found:
            yield _pair_cue(NAMED_SIDES, name, other, found, spacing)
    for name, usual in BESIDE_SPINE.items():
        if name in found and spine_x is not None:
            of_left = (found[name].middle[LEFT_RIGHT] - spine_x) * spacing[LEFT_RIGHT]
            evidence = usual.evidence(of_left, found[name].trust)
            seen = f"the {name} lies {BESIDE[LEFT_RIGHT][of_left > 0]} the spine"
            yield Cue(LEFT_RIGHT, evidence, seen, name, found[name].middle)


def _pair_cue(
    usual: Usual, first: str, second: str, found: Mapping[str, _Found], spacing: Triple
) -> Cue:
    axis, one, other = usual.axis, found[first], found[second]
    beyond = (one.middle[axis] - other.middle[axis]) * spacing[axis]
    evidence = usual.evidence(beyond, min(one.trust, other.trust))
    seen = f"the {first} lies {BESIDE[axis][beyond > 0]} the {second}"
    return Cue(axis, evidence, seen, first, one.middle)


def _find_organs(labels: LabelMap) -> dict[str, _Found]:
    """Organs by name; those of both sides also by that of the pair."""
    values: dict[str, list[int]] = {}
    for organ in labels.organs:
        name, side = _name_and_side(organ.name)
        for each in {name, side + name}:
            values.setdefault(each, []).append(organ.value)
    steps = np.maximum(1, (COARSE_MM / np.array(labels.grid.spacing)).astype(int))
    coarse = labels.data[tuple(slice(None, None, int(step)) for step in steps)]
    present = set(np.unique(coarse).tolist())
    voxel_ml = labels.grid.voxel_volume * float(steps.prod())
    return {
        name: _look_at(name, np.isin(coarse, values[name]), steps, voxel_ml)
        for name in values
        if present.intersection(values[name]) and _is_asked_for(name)
    }


def _name_and_side(spelling: str) -> tuple[str, str]:
    """The name of an organ as it is written here, and its side."""
    key = organ_key(spelling)
    side = next((each for each in (LEFT, RIGHT) if key.startswith(each)), "")
    name = key.removeprefix(side)
    return ("lung" if name.endswith("lung lobe") else name), side


def _is_asked_for(name: str) -> bool:
    asked = {*BESIDE_SPINE, *(each for pair in PAIRS for each in (pair.first, pair.second))}
    return name in asked or name.startswith((LEFT, RIGHT))


def _look_at(
    name: str, mask: NDArray[np.bool_], steps: NDArray[np.int64], voxel_ml: float
) -> _Found:
    (box,) = ndimage.find_objects(mask.view(np.uint8))
    inside = mask[box]
    pieces, _ = ndimage.label(inside)
    sizes = np.sort(np.bincount(pieces.ravel())[1:])[::-1]
    share = sizes[: 2 if name in PAIRED else 1].sum() / sizes.sum()
    least, most = VOLUMES_ML.get(name, (0, np.inf))
    cut_off = any(
        part.start == 0 or part.stop == size for part, size in zip(box, mask.shape, strict=True)
    )
    volume = sizes.sum() * voxel_ml
    sure = share > LEAST_PIECE and (cut_off or least < volume) and volume < most
    z, y, x = (
        float((part.start + at.mean() + 0.5) * step - 0.5)
        for part, at, step in zip(box, np.nonzero(inside), steps, strict=True)
    )
    return _Found((z, y, x), 1.0 if sure else UNSURE)
