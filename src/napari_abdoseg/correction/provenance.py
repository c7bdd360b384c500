"""Who has corrected a saved label map, when and how: in the JSON beside it."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from napari_abdoseg.anatomy.tally import NamesEdit
from napari_abdoseg.correction.journal.corrections import Corrections
from napari_abdoseg.correction.journal.holder import now, user_name
from napari_abdoseg.correction.journal.recorded_labels import sha256_of
from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.files.json_beside import CORRECTIONS, json_beside
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.image.nifti.volumes import case_name
from napari_abdoseg.image.organ import number_name
from napari_abdoseg.image.volume import LabelMap

Entry = dict[str, Any]
Origin = Mapping[str, Any] | None
"""Model, folds and preset that a label map was made with, where that is known."""


def version_of(path: Path | None) -> Entry | None:
    """What tells a version of a file from others; None where there is no file."""
    if path is None or not path.is_file():
        return None
    return {"file": path.name, "sha256": sha256_of(path)}


def provenance_entry(
    path: Path,
    labels: LabelMap,
    corrections: Corrections | None,
    began_from: Entry | None,
    origin: Origin,
) -> Entry:
    """What is to be known of a label map that was saved just now.

    Parameters
    ----------
    path : Path
        Where it is.
    labels : LabelMap
    corrections : Corrections or None
        Of it since it was saved before; None if nobody has followed them.
    began_from : dict or None
        The version of a file that was corrected; see `version_of`.
    origin : mapping or None
    """
    names = {organ.value: organ.name for organ in labels.organs}
    voxels = {} if corrections is None else corrections.voxels
    return {
        "when": now(),
        "user": user_name(),
        "machine": platform.node(),
        "version": version("napari-abdoseg"),
        "strokes": {} if corrections is None else corrections.tools,
        "voxels": {
            names.get(value, number_name(value)): {"added": won, "removed": lost}
            for value, (won, lost) in voxels.items()
        },
        "effort": _effort(corrections, names),
        **_renamed(None if corrections is None else corrections.names),
        "began_from": began_from,
        "model": None if origin is None else dict(origin),
        "saved": version_of(path),
    }


def _effort(corrections: Corrections | None, names: Mapping[int, str]) -> Entry:
    """Seconds of work, strokes by tool, and slices along z, of each organ."""
    organs = {} if corrections is None else corrections.effort.told["organs"]
    return {names.get(int(value), number_name(int(value))): each for value, each in organs.items()}


def _renamed(names: NamesEdit | None) -> Entry:
    """Names of organs that were changed, and those of new ones."""
    if names is None:
        return {"renamed": {}, "added": []}
    before = {organ.value: organ.name for organ in names.organs_before}
    now = {organ.value: organ.name for organ in names.organs_after}
    return {
        "renamed": {
            before[value]: name for value, name in now.items() if before.get(value, name) != name
        },
        "added": [name for value, name in now.items() if value not in before],
    }


def add_provenance(path: Path, entry: Entry) -> None:
    """Add an entry to the JSON beside a label map, which keeps all else that it says.

    Raises
    ------
    SaveError
        It can't be written, or is there and no JSON object; it is as it was.
    """
    beside = json_beside(path)
    told = _told(beside)
    told.setdefault("case", case_name(path))
    before = told.get(CORRECTIONS, [])
    told[CORRECTIONS] = [*before, entry] if isinstance(before, list) else [before, entry]
    write_text(beside, json.dumps(told, indent=2) + "\n")


def _told(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return read_json(path)
    except (OSError, ValueError) as error:
        raise SaveError(
            f"Who has corrected what was not written to {path} ({error}): the label map itself is "
            "saved. Move that file elsewhere."
        ) from error
