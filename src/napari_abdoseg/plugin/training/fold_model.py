"""Folds of a training as the rows of a Qt model."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtGui import QColor, QStandardItem, QStandardItemModel

from napari_abdoseg.plugin.widgets.tables import RIGHT_HAND, swatch
from napari_abdoseg.training.watching import words
from napari_abdoseg.training.watching.look import Look
from napari_abdoseg.training.watching.watch import WatchedFold

NAME, EPOCH, STATE, LEFT = range(4)
HEADERS = ("Fold", "Epoch", "State", "Left")
ALL = "all folds"
TROUBLE = "#d55e00"


class FoldModel(QStandardItemModel):  # type: ignore[misc]
    """A row for all folds, where there are several, and one for each."""

    def __init__(self) -> None:
        super().__init__()
        self.trouble = TROUBLE
        self.setHorizontalHeaderLabels(HEADERS)
        self.horizontalHeaderItem(LEFT).setTextAlignment(RIGHT_HAND)

    def show_folds(self, folds: Sequence[WatchedFold], look: Look) -> None:
        """Show how folds are now; rows stay what they are, so that one stays selected."""
        rows: list[tuple[str, ...]] = [(ALL, "", "", "")] if len(folds) > 1 else []
        rows += [_cells(fold) for fold in folds]
        self.setRowCount(len(rows))
        for row, texts in enumerate(rows):
            for column, text in enumerate(texts):
                self._cell(row, column).setText(text)
        first = len(rows) - len(folds)
        for place, fold in enumerate(folds):
            self._cell(first + place, NAME).setIcon(swatch(QColor(look.fold(place))))
            color = self.trouble if fold.findings else look.foreground
            self._cell(first + place, STATE).setForeground(QColor(color))
            self._cell(first + place, LEFT).setTextAlignment(RIGHT_HAND)

    def chosen(self, row: int, count: int) -> slice:
        """Which of so many folds a row stands for; all where there is no such row."""
        place = row - (self.rowCount() - count)
        return slice(place, place + 1) if 0 <= place < count else slice(count)

    def _cell(self, row: int, column: int) -> QStandardItem:
        if self.item(row, column) is None:
            self.setItem(row, column, QStandardItem())
        return self.item(row, column)


def _cells(fold: WatchedFold) -> tuple[str, ...]:
    curves = fold.curves
    epochs, left = words.epochs_done(curves), words.time_left(fold)
    return curves.name.removeprefix("fold "), epochs, words.state(fold), left
