"""Names of label values that a NIfTI file carries in its header extensions.

Ours is a comment of JSON. TotalSegmentator writes a label table of Connectome Workbench
("Caret") in XML. Label descriptions of ITK-SNAP and segments of 3D Slicer are understood
where a file has been given them.
"""

from __future__ import annotations

import json
from xml.parsers import expat

from napari_abdoseg.image.names.label_table import (
    Colors,
    LabelTableError,
    Names,
    clean_name,
    names_in_text,
    whole,
)
from napari_abdoseg.image.organ import is_color

LABEL = "Label"


def names_in_extension(content: bytes) -> Names:
    """Names in a header extension; empty if it is about something else, or makes no sense."""
    try:
        text = content.rstrip(b"\0 \r\n\t").decode("utf-8").lstrip("\ufeff \r\n\t\0")
        return _names_in_xml(text) if text.startswith("<") else names_in_text(text)
    except ValueError:
        return {}


def colors_in_extension(content: bytes) -> Colors:
    """Colours in a header extension of ours; empty in others."""
    try:
        stated = json.loads(content.rstrip(b"\0 \r\n\t"))["colors"]
        return {whole(value): color for value, color in stated.items() if is_color(color)}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def _names_in_xml(text: str) -> Names:
    """Names in elements such as ``<Label Key="1">spleen</Label>``.

    Raises
    ------
    LabelTableError
        The text is no such XML, or defines entities.
    """
    names: Names = {}
    keys: list[str] = []
    written: list[str] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == LABEL:
            keys.append(attributes.get("Key", ""))
            written.clear()

    def end(tag: str) -> None:
        if tag == LABEL and (value := whole(keys.pop())):
            names[value] = clean_name("".join(written))

    def refuse(*_: object) -> None:
        raise LabelTableError("it has a document type definition")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = written.append
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise LabelTableError("it is no XML") from error
    return names
