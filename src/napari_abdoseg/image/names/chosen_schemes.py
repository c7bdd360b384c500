"""Which published scheme a user has chosen for the label maps of a folder without names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari_abdoseg.image.files.remembered import RememberedChoices
from napari_abdoseg.image.names.label_names import is_named
from napari_abdoseg.image.names.published_schemes import Scheme, find_scheme
from napari_abdoseg.image.volume import LabelMap

CHOICES = RememberedChoices("label_schemes.json", most=1000)
"""By the folders that they were made for."""


def remember_scheme(folder: Path, scheme: Scheme) -> None:
    """Keep a choice for a folder, over the end of the program.

    Raises
    ------
    SaveError
        It could not be written.
    """
    CHOICES.keep(_key(folder), scheme.key)


def remembered_scheme(folder: Path) -> Scheme | None:
    """What was chosen for a folder; None if nothing was, or its scheme is gone."""
    key = CHOICES.of(_key(folder))
    return find_scheme(key) if isinstance(key, str) else None


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


def _key(folder: Path) -> str:
    return str(folder.absolute().resolve())
