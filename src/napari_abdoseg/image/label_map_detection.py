"""Whether a file holds a label map or a scan: by its voxels, then by its place and name.

Label maps are whole numbers, few of them, in pieces: a voxel of an organ has its own value
again beside it. Scans are noise to the last bit, also where they are stored without negative
values. What the voxels leave open, such as a mask of an organ that is not there, is decided
by where the file lies and how it is called, never by that alone.
"""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.files.file_names import stem

Voxels = NDArray[Any]
Labels = NDArray[np.unsignedinteger[Any]]

GREATEST_LABEL = np.iinfo(np.uint16).max

WHOLE = 1e-3
"""How far a value may be from a whole number and still be a label."""

WHOLE_SHARE = 1e-4
"""The same as a share of the value, for labels that were scaled."""

COARSEST_STEP = 0.1
"""Values that are stored in finer steps than this may be off by half a step."""

SAMPLE_PLANES = 16
"""Planes that are enough to tell a scan."""

MOST_PLANES = 64
"""Planes with anything in them that neighbours are compared in."""

SOLID = 0.5
"""Share of a value's neighbours that have it too, from which on values are labels."""

NOISE = 0.2
"""Share of the same below which many values are no labels."""

FEW = 32
"""Values that can be labels even if they are strewn about."""

MOST_VALUES = 256
"""Below it values are labels for being solid alone."""

_WORD_BREAK = re.compile(r"[\W_]+")
_LABEL_WORD = re.compile(
    r"(annotation|d?seg|groundtruth|label|mask|organ|pred|prediction|segmentation)s?|gt"
    r"|labels(tr|ts|val)"
)
_EITHER_FOLDER = {"final", "original"}
"""Below a folder of labels, as MONAI Label has them."""
_NNUNET_VALIDATION = re.compile(r"(cv|fold)_.*")


class Evidence(Enum):
    """What voxels alone say."""

    SCAN = "a scan"
    LABELS = "a label map"
    EITHER = "nothing for certain"


def is_label_map(voxels: Voxels, says_labels: bool, step: float = 0.0) -> bool:
    """Whether voxels are a label map.

    Parameters
    ----------
    voxels : ndarray, shape (i, j, k)
        In any order; fastest in the order of the file. A sample is looked at where that is
        enough, so that scans take no time.
    says_labels : bool
        Whether the header, the place or the name of the file says so.
    step : float, optional
        Distance of two values that the file can store; 0 for exact ones.
    """
    if evidence_of(voxels[..., _spread(voxels.shape[2], SAMPLE_PLANES)], step) is Evidence.SCAN:
        return False
    evidence = evidence_of(voxels, step)
    return evidence is Evidence.LABELS or (evidence is Evidence.EITHER and says_labels)


def evidence_of(voxels: Voxels, step: float = 0.0) -> Evidence:
    """What voxels of shape (i, j, k) say of themselves."""
    if fault_of_labels(voxels, step):
        return Evidence.SCAN
    labels = as_labels(voxels)
    counts = _counts(labels)
    values = np.flatnonzero(counts)
    if len(values) < 2:
        return Evidence.EITHER
    background = int(counts.argmax())
    solidity = _solidity(labels, background)
    if len(values) > FEW and solidity < NOISE:
        return Evidence.SCAN
    if not counts[0] and values[-1] >= MOST_VALUES:
        return Evidence.SCAN
    small = counts[0] and values[-1] < MOST_VALUES
    return Evidence.LABELS if small and (len(values) == 2 or solidity >= SOLID) else Evidence.EITHER


def fault_of_labels(voxels: Voxels, step: float = 0.0) -> str | None:
    """What keeps voxels from being labels, in words.

    Parameters
    ----------
    voxels : ndarray
    step : float, optional
        As of `is_label_map`.
    """
    if voxels.min() < -WHOLE:
        return "negative values"
    if voxels.max() > GREATEST_LABEL:
        return f"values above {GREATEST_LABEL}"
    if voxels.dtype.kind == "f" and not all(_are_whole(part, step) for part in voxels.T):
        return "fractional values"
    return None


def as_labels(voxels: Voxels) -> Labels:
    """Voxels without a fault as uint8, or uint16 with values above 255."""
    rounded = np.rint(voxels) if voxels.dtype.kind == "f" else voxels
    dtype = np.uint8 if rounded.max() <= np.iinfo(np.uint8).max else np.uint16
    return rounded.astype(dtype, copy=False)


def says_labels(path: Path) -> bool:
    """Whether label maps are kept where a file lies, or called as it is.

    Such are folders and files called labels, masks, segmentations and the like, results and
    validations of nnU-Net, and what MONAI Label keeps.
    """
    folder = path.absolute().parent
    if _has_label_word(stem(path)) or _has_label_word(folder.name):
        return True
    if folder.name.lower() in _EITHER_FOLDER and _has_label_word(folder.parent.name):
        return True
    return _is_of_nnunet(folder)


def _is_of_nnunet(folder: Path) -> bool:
    if folder.name == "validation" and _NNUNET_VALIDATION.fullmatch(folder.parent.name):
        return True
    args, *both = ("predict_from_raw_data_args.json", "plans.json", "dataset.json")
    return (folder / args).is_file() or all((folder / name).is_file() for name in both)


def _has_label_word(name: str) -> bool:
    words = _WORD_BREAK.split(name.lower())
    return any(map(_LABEL_WORD.fullmatch, words)) or "ground_truth" in "_".join(words)


def _are_whole(voxels: Voxels, step: float) -> bool:
    rounded = np.rint(voxels)
    off = WHOLE + WHOLE_SHARE * np.abs(rounded) + (step / 2 if step < COARSEST_STEP else 0)
    return bool((np.abs(voxels - rounded) <= off).all())


def _counts(labels: Labels) -> NDArray[np.int64]:
    counts = np.zeros(np.iinfo(labels.dtype).max + 1, np.int64)
    for plane in labels.T:
        counts += np.bincount(plane.ravel(), minlength=len(counts))
    return counts


def _solidity(labels: Labels, background: int) -> float:
    """Share of a value's neighbours within planes that have it too; the median of all values.

    What most voxels have is left out, and each pair of neighbours is one.
    """
    occupied = np.flatnonzero([(plane != background).any() for plane in labels.T])
    size = np.iinfo(labels.dtype).max + 1
    same, other = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for place in occupied[_spread(len(occupied), MOST_PLANES)]:
        plane = labels[..., place]
        for one, next_one in ((plane[1:], plane[:-1]), (plane[:, 1:], plane[:, :-1])):
            alike = one == next_one
            same += np.bincount(one[alike], minlength=size)
            for side in (one, next_one):
                other += np.bincount(side[~alike], minlength=size)
    same[background] = other[background] = 0
    values = np.flatnonzero(same + other)
    return float(np.median(same[values] / (same + other)[values])) if len(values) else 0.0


def _spread(count: int, most: int) -> NDArray[np.intp]:
    """So many places among others, evenly."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.intp))
