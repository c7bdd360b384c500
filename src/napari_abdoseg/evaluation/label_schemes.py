"""Which value stands for which organ in predictions and in references."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.nifti import read_labels, read_organs
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ, organs_from_names
from napari_abdoseg.image.volume import LabelMap

DATASET = "dataset.json"
NO_ORGANS = {"background", "ignore"}

Organs = tuple[Organ, ...]
Labels = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Schemes:
    """Organs that the ``dataset.json`` of either side names; none without one.

    Parameters
    ----------
    prediction, reference : tuple of Organ
    """

    prediction: Organs = ()
    reference: Organs = ()


def find_schemes(prediction: Path, reference: Path) -> Schemes:
    """Schemes of two label maps: of their folders, or of the folders above these.

    Raises
    ------
    ImageError
        A ``dataset.json`` can't be understood.
    """
    return Schemes(_organs_beside(prediction), _organs_beside(reference))


@dataclass(frozen=True, eq=False)
class Matched:
    """Two label maps in which a value means the same organ.

    Parameters
    ----------
    prediction, reference : LabelMap
        Their ``organs`` are those that both sides know, with the reference's values.
    unmatched : tuple of str
        Names of organs that one side alone knows.
    """

    prediction: LabelMap
    reference: LabelMap
    unmatched: tuple[str, ...] = ()


def read_matched(prediction: Path, reference: Path, schemes: Schemes) -> Matched:
    """Read two label maps; a value means the same organ in both.

    Names in a file's header come before those of ``dataset.json``. Where both sides
    name their organs these are matched by name and the prediction gets the values of
    the reference; otherwise they are matched by value. Without any names the values 1
    to 4 are the abdominal organs.

    Raises
    ------
    ImageError
        A file can't be read or has a value that its scheme doesn't have, or the
        schemes have no organ in common.
    """
    predicted = read_organs(prediction) or schemes.prediction
    known = read_organs(reference) or schemes.reference
    return match_organs(
        _read_within(prediction, predicted or known or ABDOMINAL_ORGANS),
        _read_within(reference, known or predicted or ABDOMINAL_ORGANS),
    )


def match_organs(prediction: LabelMap, reference: LabelMap) -> Matched:
    """Give the organs of a prediction the values that organs of the same names have.

    Raises
    ------
    ImageError
        No organ is in both.
    """
    values = {_key(organ): organ.value for organ in prediction.organs}
    common = tuple(organ for organ in reference.organs if _key(organ) in values)
    if not common:
        raise ImageError(
            f"{prediction.path or 'The prediction'} has {_listed(prediction.organs)}, and "
            f"{reference.path or 'the reference'} {_listed(reference.organs)}: no organ is in "
            f"both. Give organs the same names, for files in both {DATASET}."
        )
    renamed = {values[_key(organ)]: organ.value for organ in common}
    shared = {_key(organ) for organ in common}
    everything = (*reference.organs, *prediction.organs)
    others = (organ.name for organ in everything if _key(organ) not in shared)
    return Matched(
        replace(prediction, data=_renumbered(prediction.data, renamed), organs=common),
        replace(reference, organs=common),
        tuple(dict.fromkeys(others)),
    )


def _renumbered(data: Labels, renamed: dict[int, int]) -> Labels:
    """Label values changed; those without a new value become background."""
    if all(old == new for old, new in renamed.items()):
        return data
    table = np.zeros(max(int(data.max()), *renamed) + 1, dtype=np.uint16)
    for old, new in renamed.items():
        table[old] = new
    changed = np.empty(data.shape, np.min_scalar_type(int(table.max())))
    for old_slice, new_slice in zip(data, changed):
        new_slice[...] = table[old_slice]
    return changed


def _read_within(path: Path, scheme: Organs) -> LabelMap:
    labels = read_labels(path, scheme)
    outside = sorted({organ.value for organ in labels.organs} - {organ.value for organ in scheme})
    if outside:
        raise ImageError(
            f"{path} has the value{'s' if len(outside) > 1 else ''} "
            f"{', '.join(map(str, outside))}, which {_listed(scheme)} do not have: put the "
            f"{DATASET} that names its labels beside it."
        )
    return replace(labels, organs=scheme)


def _organs_beside(path: Path) -> Organs:
    folder = path.absolute().parent
    for file in (folder / DATASET, folder.parent / DATASET):
        if file.is_file():
            return _organs_in(file)
    return ()


def _organs_in(file: Path) -> Organs:
    """Organs of nnU-Net's ``{name: value}``, or ``{value: name}`` of its first version."""
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))["labels"].items()
        named = [_name_and_value(*entry) for entry in entries]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ImageError(
            f"{file} gives no whole number for each organ under 'labels': "
            "mend it, or move it away to match labels by value."
        ) from error
    return organs_from_names(
        {value: name for name, value in named if value > 0 and name not in NO_ORGANS}
    )


def _name_and_value(key: str, entry: Any) -> tuple[str, int]:
    return (entry, int(key)) if isinstance(entry, str) else (key, int(entry))


def _key(organ: Organ) -> str:
    return organ.name.casefold()


def _listed(organs: Organs) -> str:
    return ", ".join(f"{organ.name} ({organ.value})" for organ in organs)
