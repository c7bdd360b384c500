"""What is known of the cases that are selected, and what can be done with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from napari_abdoseg.plugin.cases.version_choice import VersionChoice
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.listing.words import details_words
from napari_abdoseg.worklist.opening.steps import STEPS, Step, steps_of
from napari_abdoseg.worklist.records.changing import Change, with_comment, with_flags

NONE = "Double click a case to open it; select one to see what is known of it."


class CaseDetails(QWidget):
    """Words, versions, comment, flags and buttons of cases."""

    changed = Signal(list, object)
    """Rows, and the `Change` that the user wants of them."""
    stepped = Signal(list, object)
    """Rows, and the `Step` that they are to take."""
    place_wanted = Signal(object)
    """`Row`, of whose last verdict the place is to be seen."""
    taken_over = Signal()
    """The case that is open is to be taken from a dead session."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[Row, ...] = ()
        self.words, self.versions = WrappedLabel(), VersionChoice()
        self.place, self.take_over = QPushButton("Show place"), QPushButton("Take over")
        self.comment, self.flags = _Line("Comment"), _Line("Flags")
        self.steps = {step: QPushButton(step.words) for step in STEPS}
        self._lay_out()
        self.comment.finished.connect(partial(self._change, _commented))
        self.flags.finished.connect(partial(self._change, _flagged))
        self.place.clicked.connect(lambda: self.place_wanted.emit(self.rows[0]))
        self.take_over.clicked.connect(lambda: self.taken_over.emit())
        for step, button in self.steps.items():
            button.clicked.connect(partial(self._step, step))
        self.show_rows(())

    def show_rows(self, rows: Sequence[Row], why_not: str = "", is_left: bool = False) -> None:
        """Show other rows, or how they are now.

        Parameters
        ----------
        rows : sequence of Row
        why_not : str, optional
            Why the case that is open can't be changed.
        is_left : bool, optional
            Whether it can be taken from a dead session.
        """
        self.rows = tuple(rows)
        one = rows[0] if len(rows) == 1 else None
        self.words.setText(details_words(rows, why_not) or NONE)
        self.comment.show_of(one, "" if one is None else one.record.comment)
        self.flags.show_of(one, "" if one is None else " ".join(one.record.flags))
        self.place.setVisible(one is not None and one.place is not None)
        self.take_over.setVisible(is_left)
        offered = steps_of(rows)
        for step, button in self.steps.items():
            button.setVisible(step in offered)

    def _lay_out(self) -> None:
        self.flags.setToolTip("Words to find the case by, with spaces between")
        self.place.setToolTip("Bring all panels to where the reviewer means")
        self.take_over.setToolTip("Its session gave no sign of life for two minutes")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        told = QHBoxLayout()
        told.addWidget(self.words, stretch=1)
        for button in (self.place, self.take_over):
            told.addWidget(button, alignment=Qt.AlignmentFlag.AlignTop)
        layout.addLayout(told)
        layout.addWidget(self.versions)
        said = QHBoxLayout()
        said.addWidget(self.comment, stretch=2)
        said.addWidget(self.flags, stretch=1)
        layout.addLayout(said)
        layout.addLayout(_side_by_side(*self.steps.values()))
        for step, button in self.steps.items():
            button.setToolTip(step.tip)

    def _change(self, change: Callable[[str], Change], row: Row, text: str) -> None:
        self.changed.emit([row], change(text))

    def _step(self, step: Step) -> None:
        self.stepped.emit(list(self.rows), step)


class _Line(QLineEdit):
    """A line of a case; what is typed counts for the case that it was typed for."""

    finished = Signal(object, str)
    """`Row`, and what was typed."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.setPlaceholderText(words)
        self._row: Row | None = None
        self._told = ""
        self.editingFinished.connect(self._finish)

    def show_of(self, row: Row | None, text: str) -> None:
        """Show what a case has; what is being typed for it stays."""
        is_same = row is not None and self._row is not None and row.name == self._row.name
        if not is_same:
            self._finish()
        if not is_same or self.text() == self._told:
            self.setText(text)
        self._row, self._told = row, text
        self.setEnabled(row is not None)

    def _finish(self) -> None:
        if self._row is not None and self.text() != self._told:
            self._told = self.text()
            self.finished.emit(self._row, self.text())


def _commented(text: str) -> Change:
    return with_comment(text.strip())


def _flagged(text: str) -> Change:
    return with_flags(text.split())


def _side_by_side(*buttons: QPushButton) -> QHBoxLayout:
    row = QHBoxLayout()
    for button in buttons:
        row.addWidget(button)
    return row
