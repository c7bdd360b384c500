"""Columns of the organ list, and what is in their cells."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QStandardItem

from napari_abdoseg.image.grid import Triple
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.widgets.tables import RIGHT_HAND, check_state, swatch

NAME, EYE, MASK, SURFACE, BOX, SOLO, LOCK, VOLUME, HU, SIZE = range(10)
PARTS = MASK, SURFACE, BOX
TOGGLES = EYE, *PARTS, SOLO, LOCK
FIGURES = VOLUME, HU, SIZE
HEADERS = ("Organ", "", "M", "S", "B", "", "", "ml", "HU", "Size in mm")
TIPS = (
    "Select an organ to paint it (keys 1 to 9); double click to go to it (Enter)",
    "Show or hide all of the organ: mask, surface and box (space); click here for all organs",
    "Show the organ's mask (M); click here for all organs",
    "Show the organ's surface in 3D (S); click here for all organs",
    "Show the organ's bounding box (B); click here for all organs",
    "Show the organ alone (O); once more for what was shown before",
    "Lock the organ, so that no stroke changes it (L)",
    "Volume in millilitres; ≥ where the organ reaches the edge of the scan",
    "Mean of the scan in Hounsfield units",
    "Size of the bounding box in millimetres: left–right × front–back × head–foot",
)
NAME_ROLE, ORGAN_ROLE, COLOR_ROLE = (Qt.ItemDataRole.UserRole + i for i in range(3))


def new_row(name: str, organ: Organ | None) -> list[QStandardItem]:
    """Cells of an organ, a side of it or, with no organ, the bile-duct search region."""
    row = [QStandardItem() for _ in HEADERS]
    for item in row:
        item.setEditable(False)
    row[NAME].setText(name)
    row[NAME].setData(name, NAME_ROLE)
    row[NAME].setData(organ, ORGAN_ROLE)
    for column in FIGURES:
        row[column].setTextAlignment(RIGHT_HAND)
    return row


def set_toggle(item: QStandardItem, on: bool | None) -> None:
    """Turn a check box on or off; with None there is none."""
    item.setCheckable(on is not None)
    item.setCheckState(check_state(bool(on)))


def set_figures(row: list[QStandardItem], *texts: str) -> None:
    """Volume, HU and size."""
    for column, text in zip(FIGURES, texts):
        row[column].setText(text)


def size_text(size: Triple) -> str:
    """Size in mm along (z, y, x) as left–right × front–back × head–foot."""
    z, y, x = size
    return f"{x:.0f}×{y:.0f}×{z:.0f}"


def color_name(item: QStandardItem, look: tuple[Any, float]) -> None:
    """Put a swatch beside a name."""
    color = QColor.fromRgbF(*(float(part) for part in look[0]))
    if item.data(COLOR_ROLE) != color:
        item.setData(color, COLOR_ROLE)
        item.setIcon(swatch(color))
