"""The logits that are kept beside a case's label map: what is written, and what is read again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from napari_abdoseg.image.files.json_beside import CORRECTIONS, json_beside
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.model.networks import Networks
from napari_abdoseg.inference.result import Segmentation
from napari_abdoseg.logits.file import (
    FARTHEST,
    LogitsTooLargeError,
    PackedLogits,
    logits_path,
    read_logits,
)
from napari_abdoseg.logits.kept import KeptLogits

LOGITS = "logits"
"""Key of what a report says of them."""
NETWORKS = "networks_sha256"
"""Key of the SHA-256 of a model and its folds, where a label map was made in a window."""


def packed_logits(volume: Volume, segmentation: Segmentation) -> tuple[PackedLogits | None, str]:
    """Logits of a case that was segmented, or a sentence that says why there are none to keep."""
    if segmentation.logits is None:
        return None, segmentation.no_logits
    try:
        model = segmentation.networks_sha256
        return PackedLogits.of(segmentation.logits, volume, model), ""
    except LogitsTooLargeError as error:
        return None, str(error)


def logits_entry(packed: PackedLogits | None, why_none: str) -> dict[str, Any]:
    """What a report says of logits that were to be kept."""
    if packed is None:
        return {"kept": False, "note": why_none}
    return {"kept": True, "error": packed.step, "told_up_to": FARTHEST}


def logits_are_kept(report: Mapping[str, Any], path: Path) -> bool:
    """Whether all logits are there that a report speaks of."""
    told = report.get(LOGITS)
    return isinstance(told, dict) and (told.get("kept") is False or path.is_file())


def logits_of_case(labels: Path, scan: Volume, beside: Path | None = None) -> KeptLogits | None:
    """Logits that are kept beside a label map, corrected or not.

    They must be of the CT, voxel for voxel, and of the model that the JSON beside the label map
    names as the last. Where that names none, those of any model are taken, as they lie there.

    Parameters
    ----------
    labels : Path
        The label map's file; it isn't read.
    scan : Volume
        The CT that it is of.
    beside : Path, optional
        Another label map of the case that the logits lie beside.

    Returns
    -------
    KeptLogits or None
        None where none are kept.

    Raises
    ------
    LogitsFileError
        They don't fit, can't be read or are damaged: why, in a sentence.

    Examples
    --------
    >>> from pathlib import Path
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.batch.case_logits import logits_of_case
    >>> scan, _ = make_phantom(1, (12.0, 10.0, 10.0))
    >>> logits_of_case(Path("case.nii.gz"), scan) is None
    True
    """
    place = beside or labels
    path = logits_path(place)
    if not path.exists():
        return None
    told = _networks_told(labels) or _networks_told(place)
    return read_logits(path, scan, None if told is None else told.sha256)


def networks_of_case(labels: Path, beside: Path | None = None) -> Networks:
    """The networks that made a label map, or else those of the case's other one, as JSON tells.

    Parameters
    ----------
    labels, beside
        See `logits_of_case`.

    Examples
    --------
    >>> from pathlib import Path
    >>> from napari_abdoseg.batch.case_logits import networks_of_case
    >>> networks_of_case(Path("case.nii.gz")).sha256
    ''
    """
    told = _networks_told(labels)
    if told is None and beside is not None:
        told = _networks_told(beside)
    return told or Networks()


def _networks_told(labels: Path) -> Networks | None:
    """Those that found the organs; without a hash where a model is named alone, else None."""
    try:
        told = read_json(json_beside(labels))
    except (OSError, ValueError):
        return None
    made = [each["model"] for each in _entries(told, CORRECTIONS) if each.get("model")]
    if made:
        entry = made[-1] if isinstance(made[-1], dict) else {}
        return Networks.told(entry, entry.get(NETWORKS))
    models = _entries(told, "models")
    return Networks.told(models[-1], models[-1].get("sha256")) if models else None


def _entries(told: dict[str, Any], key: str) -> list[dict[str, Any]]:
    entries = told.get(key)
    return [e for e in entries if isinstance(e, dict)] if isinstance(entries, list) else []
