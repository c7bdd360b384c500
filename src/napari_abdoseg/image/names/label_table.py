"""Names of label values as files state them: JSON, look-up tables and label descriptions.

The formats are those of nnU-Net's and the Decathlon's ``dataset.json``, of ITK-SNAP's label
descriptions (http://www.itksnap.org), of 3D Slicer's colour tables
(https://slicer.readthedocs.io/en/latest/developer_guide/modules/colors.html) and segments,
and of BIDS look-up tables (``*_dseg.tsv``).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

BACKGROUND = "background"
IGNORE = "ignore"
"""What nnU-Net calls voxels that nobody has labelled."""

GREATEST = 65535
LONGEST_NAME = 200

Names = dict[int, str]
Colors = dict[int, str]
"""Colours as ``#rrggbb`` by label value."""

_ITK_SNAP = re.compile(r'(\d{1,9})((?:\s+\d+){3})\s+[\d.]+\s+[01]\s+[01]\s+"(.*)"')
_COLOURS = re.compile(r"(\d{1,9})\s+(\S*[^\s\d.]\S*)((?:\s+\d+){3})(?:\s+\d+)?")
_SEGMENT = re.compile(r"Segment(\d{1,5})_(Name|LabelValue)\s*:?=\s*([^\r\n\0]+)")
_VALUE_COLUMNS = ("index", "value", "labelvalue", "labelid", "id", "idx", "key", "label")
_NAME_COLUMNS = (
    *("name", "labelname", "organ", "structure", "classname", "class", "roi", "description"),
    "label",
)


class LabelTableError(ValueError):
    """Labels that are stated in a way that makes no sense; says what is wrong."""


def names_in_text(text: str) -> Names:
    """Names in a table or description of any known format; empty if the text is none.

    Raises
    ------
    LabelTableError
        It is one, and makes no sense.
    """
    if text.lstrip().startswith("{"):
        try:
            return names_in_json(json.loads(text))
        except RecursionError as error:
            raise LabelTableError("it is nested too deeply") from error
    if segments := _segments(text):
        return segments
    lines = _lines(text)
    if found := _coloured(lines):
        return _checked((value, name) for value, name, _ in found)
    return _names_in_columns(lines)


def colors_in_text(text: str) -> Colors:
    """Colours in a label description of ITK-SNAP or a colour table of 3D Slicer; else none."""
    colors = {}
    for value, _, stated in _coloured(_lines(text)):
        parts = [int(part) for part in stated.split()]
        if max(parts) <= 255:
            colors[int(value)] = "#" + "".join(f"{part:02x}" for part in parts)
    return colors


def is_itk_snap(text: str) -> bool:
    """Whether a text is a label description of ITK-SNAP, with a label at least."""
    lines = _lines(text)
    return bool(lines) and all(map(_ITK_SNAP.fullmatch, lines))


def _lines(text: str) -> list[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _coloured(lines: list[str]) -> list[tuple[str, str, str]]:
    """Value, name and colour of each line, if all are of ITK-SNAP or of 3D Slicer."""
    found = [_ITK_SNAP.fullmatch(line) for line in lines]
    if all(found):
        return [(each[1], each[3], each[2]) for each in found if each]
    found = [_COLOURS.fullmatch(line) for line in lines]
    if all(found):
        return [(each[1], each[2].replace("_", " "), each[3]) for each in found if each]
    return []


def names_in_json(content: Any) -> Names:
    """Names under ``labels``, or in a bare object of values and names; else empty.

    Raises
    ------
    LabelTableError
        There are labels that make no sense.
    """
    if not isinstance(content, dict):
        return {}
    if "labels" in content:
        return names_of_labels(content["labels"])
    keyed = all(key.strip().isdecimal() for key in content)
    if content and keyed and all(isinstance(name, str) for name in content.values()):
        return names_of_labels(content)
    return {}


def names_of_labels(labels: Any) -> Names:
    """Names of what ``dataset.json`` has under ``labels``; the label to ignore is one of them.

    Both ``{name: value}`` and ``{value: name}`` are understood, values as numbers or as
    text. Where regions of several values lie in one another, a value has the name of the
    smallest one; what is left of the region around it is called as that: ``"kidney without
    tumor"``. Values that make up a region together have one name.

    Raises
    ------
    LabelTableError
        A value is no whole number from 0 to 65535, or has two names.
    """
    if not isinstance(labels, dict):
        raise LabelTableError("'labels' is no object of names and values")
    regions = dict(_region(key, entry) for key, entry in labels.items())
    regions = {name: values for name, values in regions.items() if name.lower() != BACKGROUND}
    owners: dict[int, list[str]] = {}
    for name, values in regions.items():
        for value in values:
            owners.setdefault(value, []).append(name)
    return {
        value: _name_of(value, names, regions) for value, names in sorted(owners.items()) if value
    }


def whole(value: Any) -> int:
    """A label value, given as a number or as text.

    Raises
    ------
    LabelTableError
        It is no whole number from 0 to 65535.
    """
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]{1,5}\s*", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= GREATEST:
        raise LabelTableError(f"{_spoken(value)} is no whole number from 0 to {GREATEST}")
    return value


def _region(key: str, entry: Any) -> tuple[str, frozenset[int]]:
    """A name and its values."""
    if isinstance(entry, str) and not entry.strip().isdecimal():
        return clean_name(entry), frozenset((whole(key),))
    entries = entry if isinstance(entry, list) and entry else [entry]
    return clean_name(key), frozenset(map(whole, entries))


def _name_of(value: int, owners: list[str], regions: Mapping[str, frozenset[int]]) -> str:
    """What a value of some regions is called."""
    closest = [
        name for name in owners if not any(regions[other] < regions[name] for other in owners)
    ]
    if len({regions[name] for name in closest}) < len(closest):
        raise LabelTableError(f"{value} has the names {' and '.join(closest)}")
    if len(closest) > 1:
        return " and ".join(closest)
    own = regions[closest[0]]
    if len(own) == 1:
        return closest[0]
    inside = [name for name, values in regions.items() if name not in owners and values & own]
    largest = [n for n in inside if not any(regions[n] < regions[other] for other in inside)]
    return " without ".join((closest[0], " and ".join(largest))) if largest else closest[0]


def _segments(text: str) -> Names:
    """Names of 3D Slicer's segments, which lie in fields of a header."""
    fields: dict[str, dict[str, str]] = {}
    for number, field, content in _SEGMENT.findall(text):
        fields.setdefault(number, {})[field] = content.strip()
    whole_ones = [each for each in fields.values() if len(each) == 2]
    return _checked((each["LabelValue"], each["Name"]) for each in whole_ones)


def _names_in_columns(lines: list[str]) -> Names:
    """Names of a table with a header, its columns parted by tabulators, commas or semicolons."""
    if not lines:
        return {}
    delimiter = next((each for each in "\t;," if each in lines[0]), "")
    if not delimiter or len(lines) < 2:
        return {}
    rows = list(csv.reader(lines, delimiter=delimiter))
    titles = [re.sub(r"[^a-z]", "", title.lower()) for title in rows[0]]
    value_column = next((titles.index(each) for each in _VALUE_COLUMNS if each in titles), None)
    name_column = next((titles.index(each) for each in _NAME_COLUMNS if each in titles), None)
    if value_column is None or name_column is None or value_column == name_column:
        return {}
    width = max(value_column, name_column)
    cells = [(row[value_column], row[name_column]) for row in rows[1:] if len(row) > width]
    return _checked(cells)


def _checked(pairs: Iterable[tuple[Any, str]]) -> Names:
    """Names by value, without the background.

    Raises
    ------
    LabelTableError
        A value is none, or has two names.
    """
    names: Names = {}
    for value, name in pairs:
        number = whole(value)
        if number and names.setdefault(number, clean_name(name)) != clean_name(name):
            raise LabelTableError(f"{number} has the names {names[number]} and {clean_name(name)}")
    return names


def clean_name(name: Any) -> str:
    """A name without what can't be printed.

    Raises
    ------
    LabelTableError
        Nothing is left, or far too much.
    """
    text = "".join(letter for letter in str(name) if letter.isprintable()).strip()
    if not text or len(text) > LONGEST_NAME:
        raise LabelTableError(f"a label has the name {_spoken(name)}")
    return text


def _spoken(value: Any) -> str:
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return "a value"
    return text if len(text) <= 40 else f"{text[:40]}…"
