"""A choice of an organ, among as many as there are."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QEvent, QObject, QSize, Qt, Signal
from qtpy.QtGui import QColor, QKeyEvent
from qtpy.QtWidgets import QComboBox, QCompleter

from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.narrow_choice import keep_narrow
from napari_abdoseg.plugin.widgets.tables import swatch

SHOWN = 18
"""Rows of the list."""
OWN_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)


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
        line = sure(self.lineEdit())
        line.setPlaceholderText(none)
        line.installEventFilter(self)
        completer: QCompleter = sure(self.completer())
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.activated.connect(self._choose)
        line.editingFinished.connect(self._take_back)

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

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Enter and Esc are the choice's own while a name is being typed."""
        is_typed = self.currentText() != self.itemText(self.currentIndex())
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.ShortcutOverride
            and event.key() in OWN_KEYS
            and is_typed
        ):
            event.accept()
            return True
        return bool(super().eventFilter(watched, event))

    def _choose(self, index: int) -> None:
        self.chosen.emit(self.itemData(index))
        self.clearFocus()  # letters choose tools again

    def _take_back(self) -> None:
        """What was typed and is no organ's name is no choice."""
        index = self.findText(self.currentText(), Qt.MatchFlag.MatchFixedString)
        if index < 0:
            self.setEditText(self.itemText(self.currentIndex()))
        elif index != self.currentIndex():
            self.setCurrentIndex(index)
            self._choose(index)
