"""Damaged label maps, and how a user works with the panel `Compare with labels`."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import Qt

from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.compare.score_columns import DISTANCE, DSC, NAME
from napari_abdoseg.plugin.compare.widget import CompareWidget

LIVER, KIDNEY, SPLEEN, PANCREAS, MEAN = range(5)


def changed(labels: LabelMap, data: np.ndarray) -> LabelMap:
    """A label map of the same scan with other voxels."""
    return LabelMap(data.astype(np.uint8), labels.grid, labels.organs)


def damaged(truth: LabelMap) -> LabelMap:
    """A liver with a hole, a pancreas that has moved, and a blob of spleen far from the spleen."""
    data = truth.data.copy()
    z, y, x = np.argwhere(data == 1).mean(axis=0).astype(int)
    data[z - 2 : z + 3, y - 2 : y + 3, x - 2 : x + 3] = 0
    pancreas = np.roll(data == 4, 2, axis=2) & (data == 0)
    data[data == 4] = 0
    data[pancreas] = 4
    data[2:4, 2:5, 2:5] = 3
    return changed(truth, data)


def compare(widget: CompareWidget, qtbot) -> None:
    """Press the button and wait for the end, whatever it is."""
    widget.button.native.click()
    qtbot.waitUntil(lambda: widget.job is None, timeout=60_000)


def row_of(widget: CompareWidget, row: int) -> list[str]:
    """Texts of a row of scores."""
    scores = widget.findings.scores
    return [scores.index(row, column).data() for column in range(scores.columnCount())]


def dsc(widget: CompareWidget, row: int) -> str:
    """DSC of an organ, and below it the change since the start."""
    return row_of(widget, row)[DSC]


def errors(widget: CompareWidget) -> list[tuple[str, str]]:
    """Organ and kind of the errors that are listed, from top to bottom."""
    model = widget.findings.error_table.model()
    return [
        tuple(model.index(row, column).data() for column in (0, 1))
        for row in range(model.rowCount())
    ]


def show_surface(widget: CompareWidget, row: int) -> None:
    """Tick an organ's check box."""
    scores = widget.findings.scores
    box = scores.index(row, DISTANCE)
    scores.setData(box, Qt.CheckState.Checked, Qt.ItemDataRole.CheckStateRole)


def click_row(qtbot, table, row: int, double: bool = False) -> None:
    """Click on a row of a table with the mouse."""
    place = table.visualRect(table.model().index(row, NAME)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    if double:
        qtbot.mouseDClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
