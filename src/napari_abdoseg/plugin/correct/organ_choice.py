"""A choice of an organ, among as many as there are."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QComboBox, QCompleter

from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.narrow_choice import keep_narrow
from napari_abdoseg.plugin.widgets.tables import swatch

SHOWN = 18
"""Rows of the list."""


class OrganChoice(QComboBox):
    """Organs with their colours; a few letters of a name find it.

    Parameters
    ----------
    none : str
        What is shown while none is chosen.
    """

    chosen = Signal(int)
    """The label of the organ that the user chose."""

    def __init__(self, none: str = "Choose an organ") -> None:
        super().__init__()
        self._organs: tuple[tuple[Organ, str], ...] = ()
        self.setEditable(True)
        self.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.setMaxVisibleItems(SHOWN)
        self.setIconSize(QSize(12, 12))
        keep_narrow(self)
        sure(self.lineEdit()).setPlaceholderText(none)
        completer: QCompleter = sure(self.completer())
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.activated.connect(self._choose)
        sure(self.lineEdit()).editingFinished.connect(self._take_back)

    @property
    def value(self) -> int | None:
        """Label of the organ that is chosen."""
        value: int | None = self.currentData()
        return value

    def offer(self, organs: Sequence[tuple[Organ, str]], value: int | None) -> None:
        """Offer organs with their colours, and show one of them."""
        if tuple(organs) != self._organs:
            self._organs = tuple(organs)
            self.clear()
            for organ, color in organs:
                self.addItem(swatch(QColor(color)), organ.name, organ.value)
        index = -1 if value is None else self.findData(value)
        if index != self.currentIndex() or index < 0:
            self.setCurrentIndex(index)
            if index < 0:
                self.setEditText("")

    def _choose(self, index: int) -> None:
        self.chosen.emit(self.itemData(index))

    def _take_back(self) -> None:
        """What was typed and is no organ's name is no choice."""
        index = self.findText(self.currentText(), Qt.MatchFlag.MatchFixedString)
        if index < 0:
            self.setEditText(self.itemText(self.currentIndex()))
        elif index != self.currentIndex():
            self.setCurrentIndex(index)
            self._choose(index)
