"""Label descriptions of ITK-SNAP, beside the label maps whose labels they describe.

A line has a label's value, red, green and blue from 0 to 255, its opacity, whether it is seen
in slices and in 3D, and its name in quotes (http://www.itksnap.org).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.files.saving import backup_of, replaced_file
from napari_abdoseg.image.names.label_table import is_itk_snap
from napari_abdoseg.image.organ import Organ

ENDINGS = (".label", ".txt")
LARGEST = 1 << 22

_HEAD = """################################################
# ITK-SnAP Label Description File
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
################################################
"""
_CLEAR = '    0     0    0    0        0  0  0    "Clear Label"'
_VALUE = re.compile(r"\s*(\d+)")


def description_text(organs: Iterable[Organ], others: Iterable[str] = ()) -> str:
    """A label description of organs.

    Parameters
    ----------
    organs : iterable of Organ
    others : iterable of str, optional
        Lines of an earlier one; those of other values stay.
    """
    lines = {0: _CLEAR}
    lines |= {int(found[1]): line for line in others if (found := _VALUE.match(line))}
    lines |= {organ.value: _line(organ) for organ in organs}
    return _HEAD + "".join(f"{line}\n" for _, line in sorted(lines.items()))


def own_description(path: Path) -> Path | None:
    """The description of ITK-SNAP that has a label map's own name; None if there is none."""
    places = (path.with_name(stem(path) + each) for each in ENDINGS)
    return next((place for place in places if _text(place)), None)


def renew_description(path: Path, organs: Iterable[Organ]) -> None:
    """Write the description of a label map beside it: into the one that is there, or a new one.

    Labels that the label map does not have stay in it. What it was is kept as ``.bak``.

    Raises
    ------
    SaveError
        It could not be written; what was there before is untouched.
    """
    place = own_description(path) or path.with_name(stem(path) + ENDINGS[0])
    before = _text(place)
    text = description_text(organs, before.splitlines())
    if text != before:
        with replaced_file(place, backup=backup_of(place)) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="")


def _line(organ: Organ) -> str:
    red, green, blue = (int(organ.color[at : at + 2], 16) for at in (1, 3, 5))
    name = organ.name.replace('"', "'")
    return f'{organ.value:5} {red:5} {green:4} {blue:4}        1  1  1    "{name}"'


def _text(place: Path) -> str:
    """What a description says; empty if it is none."""
    try:
        if not place.is_file() or place.stat().st_size > LARGEST:
            return ""
        text = place.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        return ""
    return text if is_itk_snap(text) else ""
