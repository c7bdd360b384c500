"""Which published scheme a user has chosen for the label maps of a folder without names."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.files.saving import make_folder, write_text
from napari_abdoseg.image.names.label_names import is_named
from napari_abdoseg.image.names.published_schemes import Scheme, find_scheme
from napari_abdoseg.image.volume import LabelMap

MOST = 1000
"""How many folders are remembered, the last ones."""


def remember_scheme(folder: Path, scheme: Scheme) -> None:
    """Keep a choice for a folder, over the end of the program.

    Raises
    ------
    SaveError
        It could not be written.
    """
    choices = _choices()
    choices.pop(_key(folder), None)
    kept = dict([*choices.items(), (_key(folder), scheme.key)][-MOST:])
    make_folder(_file().parent)
    write_text(_file(), json.dumps(kept, indent=1) + "\n")


def remembered_scheme(folder: Path) -> Scheme | None:
    """What was chosen for a folder; None if nothing was, or its scheme is gone."""
    key = _choices().get(_key(folder))
    return find_scheme(key) if key else None


def named_as_chosen(labels: LabelMap) -> LabelMap:
    """A label map without names, with those that were chosen for its folder, if they fit."""
    if labels.path is None or any(map(is_named, labels.organs)):
        return labels
    scheme = remembered_scheme(labels.path.parent)
    if scheme is None or not scheme.fits([organ.value for organ in labels.organs]):
        return labels
    words = f"Its organs are named as in {scheme.title}, as was chosen for its folder."
    return replace(
        labels,
        organs=scheme.organs,
        notices=(*labels.notices, words),
        naming=(*labels.naming, words),
    )


def _file() -> Path:
    import platformdirs

    return platformdirs.user_config_path("napari-abdoseg", appauthor=False) / "label_schemes.json"


def _choices() -> dict[str, str]:
    try:
        return {key: each for key, each in read_json(_file()).items() if isinstance(each, str)}
    except (OSError, ValueError):
        return {}


def _key(folder: Path) -> str:
    return str(folder.absolute().resolve())
