"""Columns of the organ list, and what is in their cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QStandardItem

from napari_abdoseg.image.grid import Triple
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.widgets.tables import RIGHT_HAND, check_state, swatch

NAME, EYE, MASK, SURFACE, BOX, SOLO, LOCK, VOLUME, HU, SIZE, EXPECTED = range(11)
PARTS = MASK, SURFACE, BOX
TOGGLES = EYE, *PARTS, SOLO, LOCK
FIGURES = VOLUME, HU, SIZE, EXPECTED
HEADERS = ("Organ", "", "M", "S", "B", "", "", "ml", "HU", "Size in mm", "≈ DSC")
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
    "Expected DSC of what the model found, before any correction",
)
GROUP_TIPS = {
    EYE: "Show or hide all of the group's organs",
    MASK: "Show the masks of the group's organs",
    SURFACE: "Show the surfaces of the group's organs in 3D",
    BOX: "Show the bounding boxes of the group's organs",
}
NAME_ROLE, ORGAN_ROLE, COLOR_ROLE, MEMBERS_ROLE = (Qt.ItemDataRole.UserRole + i for i in range(4))


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


def new_group(group: str, organs: Sequence[Organ]) -> list[QStandardItem]:
    """Cells of a group of organs, which are to be its children."""
    row = [QStandardItem() for _ in HEADERS]
    for column, item in enumerate(row):
        item.setEditable(False)
        item.setToolTip(GROUP_TIPS.get(column, ""))
    row[NAME].setText(f"{group} · {len(organs)}")
    row[NAME].setData(tuple(organ.name for organ in organs), MEMBERS_ROLE)
    return row


def set_toggle(item: QStandardItem, on: bool | None) -> None:
    """Turn a check box on or off; with None there is none."""
    item.setCheckable(on is not None)
    item.setCheckState(check_state(bool(on)))


def set_figures(row: list[QStandardItem], *texts: str) -> None:
    """Volume, HU, size and expected DSC; those that are not given stay."""
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
