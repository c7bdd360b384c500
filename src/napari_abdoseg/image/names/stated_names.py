"""Names of label values as a user gives them."""

from __future__ import annotations

import re
from pathlib import Path

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.names.label_table import LabelTableError, whole
from napari_abdoseg.image.names.names_beside import read_colors, read_names
from napari_abdoseg.image.names.published_schemes import SCHEMES, find_scheme
from napari_abdoseg.image.organ import Organ, organs_from_names

OWN = "own"
"""Leaves label maps the names that they come with."""

_PAIR = re.compile(r"\s*\d+\s*=")


def read_stated(text: str) -> tuple[Organ, ...]:
    """Organs of a published scheme, of a file, or of pairs; none for `OWN`.

    Parameters
    ----------
    text : str
        A published scheme such as ``"amos22"``; a ``dataset.json`` or another file that names
        label values; or pairs such as ``"1=liver,2=kidney,3=ignore"``. Values with one name
        are one organ.

    Raises
    ------
    ImageError
        It is nothing of this.
    """
    if text.strip().lower() == OWN:
        return ()
    if scheme := find_scheme(text):
        return scheme.organs
    if _PAIR.match(text):
        return _pairs(text)
    if not _is_file(text):
        known = ", ".join(scheme.key for scheme in SCHEMES)
        raise ImageError(
            f"{text!r} names no labels: give a published scheme ({known}), a file such as "
            "dataset.json, or pairs such as 1=liver,2=kidney."
        )
    names = read_names(Path(text))
    if not names:
        raise ImageError(
            f"{text} names no labels: give a dataset.json, a label description of ITK-SNAP, a "
            "colour table of 3D Slicer, or a table with the columns index and name."
        )
    return organs_from_names(names, read_colors(Path(text)))


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def _pairs(text: str) -> tuple[Organ, ...]:
    pairs = [[part.strip() for part in pair.split("=")] for pair in text.split(",") if pair.strip()]
    try:
        names = {whole(value): name for value, name in pairs if name}
    except (LabelTableError, ValueError) as error:
        names = {}
        cause: Exception | None = error
    else:
        cause = None
    if len(names) < len(pairs) or not names or 0 in names:
        raise ImageError(
            f"{text!r} does not give a name to each of some label values: write for example "
            "1=liver,2=kidney."
        ) from cause
    return organs_from_names(names)
