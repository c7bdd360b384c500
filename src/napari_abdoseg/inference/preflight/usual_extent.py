"""How far organs reach in an adult, as far as it is known before they are found."""

from __future__ import annotations

from collections.abc import Iterable

from napari_abdoseg.image.grid import Triple
from napari_abdoseg.image.names.organ_spelling import organ_key

ABDOMEN_MM: Triple = (230.0, 190.0, 280.0)
"""Box of liver, kidneys, spleen and pancreas of an adult along (z, y, x)."""
ORGANS_MM: dict[str, Triple] = {"pancreas": (84.0, 73.5, 126.0)}
"""Boxes of single organs along (z, y, x): medians of the 116 label maps of PANORAMA's public set
that were looked at (https://github.com/DIAGNijmegen/panorama_labels)."""


def usual_extent(names: Iterable[str]) -> Triple:
    """Box in mm along (z, y, x) of some organs; that of the abdomen's where one is not known."""
    boxes = [ORGANS_MM.get(organ_key(name), ABDOMEN_MM) for name in names]
    z, y, x = map(max, zip(*boxes, strict=True)) if boxes else ABDOMEN_MM
    return z, y, x
