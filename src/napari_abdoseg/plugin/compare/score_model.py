"""Scores of organs as the rows of a Qt model."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan

import numpy as np
from qtpy.QtCore import QModelIndex, Qt, Signal
from qtpy.QtGui import QColor, QStandardItem, QStandardItemModel

from napari_abdoseg.evaluation.score import Emptiness, Score
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.organs.cells import check_state
from napari_abdoseg.plugin.widgets.readable import readable
from napari_abdoseg.plugin.widgets.tables import RIGHT_HAND, swatch

NAME, DISTANCE, DSC, NSD, HD95, VOLUME, REFERENCE = range(7)
HEADERS = ("Organ", "3D", "DSC", "NSD", "HD95", "ml", "ref. ml")
TIPS = (
    "Select an organ to list its errors alone, the mean for all; double click to go to it",
    "Show the predicted surface in 3D, coloured by its distance to the reference",
    "Dice similarity coefficient, and its change since the comparison began",
    "Normalized surface Dice at {}, and its change since the comparison began",
    "95th percentile of the Hausdorff distance in mm",
    "Volume in the prediction, in millilitres",
    "Volume in the reference, in millilitres",
)
ORGAN_ROLE = Qt.ItemDataRole.UserRole
MEAN = "mean"
ABSENT, LATER = "–", "…"
BETTER, WORSE = "#2ca982", "#e8837e"
COLOR_ROLE = Qt.ItemDataRole.UserRole + 1
"""What a change is to be coloured like, in any theme."""
LEAST_CHANGE = 5e-5


class ScoreModel(QStandardItemModel):  # type: ignore[misc]
    """An organ a row, and the mean of all in the last one."""

    surface_toggled = Signal(object, bool)
    """An organ, and whether its surface is to be shown."""

    def __init__(self) -> None:
        super().__init__()
        self._filling = False
        self._theme = "dark"
        self.itemChanged.connect(self._pass_on)

    def organ_at(self, index: QModelIndex) -> Organ | None:
        """The organ of a row; None for the mean."""
        return index.siblingAtColumn(NAME).data(ORGAN_ROLE)

    def show_scores(
        self, scores: Mapping[Organ, Score], at_start: Mapping[Organ, Score], tolerances: str
    ) -> None:
        """Show scores, and how they have changed since the start.

        Parameters
        ----------
        scores, at_start : mapping of Organ to Score
            Of the same organs; an HD95 of NaN, where both masks have voxels, comes later.
        tolerances : str
            That the NSD is of, in words.
        """
        self._filling = True
        if not self.rowCount():
            self._lay_out(tuple(scores))
        self.horizontalHeaderItem(NSD).setToolTip(TIPS[NSD].format(tolerances))
        for row, score in enumerate(scores.values()):
            self._fill(row, score, at_start[score.organ])
        self._fill_mean(list(scores.values()), list(at_start.values()))
        self._filling = False

    def show_surfaces(self, shown: Mapping[str, bool]) -> None:
        """Set the check boxes of surfaces by the names of organs."""
        self._filling = True
        for row in range(self.rowCount() - 1):
            name = self.item(row, NAME).text()
            self.item(row, DISTANCE).setCheckState(check_state(shown.get(name, False)))
        self._filling = False

    def _lay_out(self, organs: tuple[Organ, ...]) -> None:
        self.setRowCount(0)
        self.setHorizontalHeaderLabels(HEADERS)
        for column, tip in enumerate(TIPS):
            self.horizontalHeaderItem(column).setToolTip(tip)
            if column >= DSC:
                self.horizontalHeaderItem(column).setTextAlignment(RIGHT_HAND)
        for organ in (*organs, None):
            row = [QStandardItem() for _ in HEADERS]
            for item in row[DSC:]:
                item.setTextAlignment(RIGHT_HAND)
            row[NAME].setText(MEAN if organ is None else organ.name)
            row[NAME].setData(organ, ORGAN_ROLE)
            if organ is not None:
                row[NAME].setIcon(swatch(QColor(organ.color)))
                row[DISTANCE].setCheckable(True)
            self.appendRow(row)

    def _fill(self, row: int, score: Score, start: Score) -> None:
        if score.emptiness is Emptiness.BOTH:
            for column in (DSC, NSD):
                self._clear_metric(row, column)
        else:
            self._fill_metric(row, DSC, score.dsc, start.dsc)
            self._fill_metric(row, NSD, score.nsd, start.nsd)
        self.item(row, HD95).setText(_distance(score))
        self.item(row, VOLUME).setText(volume_text(score.volume_prediction_ml))
        self.item(row, REFERENCE).setText(volume_text(score.volume_reference_ml))
        self.item(row, NAME).setToolTip(score.emptiness.capitalize())

    def _fill_mean(self, scores: list[Score], starts: list[Score]) -> None:
        """Mean of the organs that a side has now, before and after."""
        there = [place for place, s in enumerate(scores) if s.emptiness is not Emptiness.BOTH]
        for column, name in ((DSC, "dsc"), (NSD, "nsd")):
            if not there:
                self._clear_metric(self.rowCount() - 1, column)
                continue
            now, before = (
                float(np.mean([getattr(each[place], name) for place in there]))
                for each in (scores, starts)
            )
            self._fill_metric(self.rowCount() - 1, column, now, before)

    def _clear_metric(self, row: int, column: int) -> None:
        """Say that there is nothing to score."""
        self.item(row, column).setText(ABSENT)
        self.item(row, column).setData(None, Qt.ItemDataRole.ForegroundRole)

    def _fill_metric(self, row: int, column: int, value: float, start: float) -> None:
        item, change = self.item(row, column), value - start
        changed = abs(change) >= LEAST_CHANGE
        item.setText(f"{value:.4f}" + (f"\n{change:+.4f}".replace("-", "−") if changed else ""))
        color = (BETTER if change > 0 else WORSE) if changed else None
        item.setData(color, COLOR_ROLE)
        self._color(item)

    def wear(self, theme: str) -> None:
        """Look as the rest of napari does in a theme."""
        self._theme = theme
        for row in range(self.rowCount()):
            for column in (DSC, NSD):
                self._color(self.item(row, column))

    def _color(self, item: QStandardItem) -> None:
        color = item.data(COLOR_ROLE)
        shown = None if color is None else QColor(readable(color, self._theme))
        item.setData(shown, Qt.ItemDataRole.ForegroundRole)

    def _pass_on(self, item: QStandardItem) -> None:
        if not self._filling and item.column() == DISTANCE:
            organ = self.organ_at(item.index())
            self.surface_toggled.emit(organ, item.checkState() == Qt.CheckState.Checked)


def volume_text(ml: float) -> str:
    """A volume in ml, no finer than it can be read."""
    return f"{ml:,.0f}" if ml >= 999.95 else f"{ml:.1f}"


def _distance(score: Score) -> str:
    if not isnan(score.hd95_mm):
        return f"{score.hd95_mm:.1f}"
    return LATER if score.emptiness is Emptiness.NEITHER else ABSENT
