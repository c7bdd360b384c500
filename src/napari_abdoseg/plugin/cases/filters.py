"""Which cases the table shows."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget
from superqt.utils import QSignalDebouncer

from napari_abdoseg.plugin.widgets.narrow_choice import keep_narrow
from napari_abdoseg.worklist.listing.expectation import UNKNOWN
from napari_abdoseg.worklist.listing.filtering import Wanted
from napari_abdoseg.worklist.listing.listing import TO_WORK_ON, WORST, Row
from napari_abdoseg.worklist.records.case_record import Status

LETTERS = 6
SETTLE_MS = 150
"""Between letters that are typed."""
ANY = {"status": "any status", "user": "anybody", "flag": "any flag"}
LEFT = "to work on"


class Filters(QWidget):
    """Words, a status, a user and a flag that cases must have."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.text = QLineEdit()
        self.text.setPlaceholderText("Find a case, a comment, an organ…")
        self.text.setClearButtonEnabled(True)
        self.worst = QPushButton(f"Worst {WORST:g} %")
        self.worst.setCheckable(True)
        self.worst.setToolTip("Cases that are not settled, and of which the least is expected")
        self.status, self.user, self.flag = QComboBox(), QComboBox(), QComboBox()
        self.status.addItem(ANY["status"], ())
        self.status.addItem(LEFT, TO_WORK_ON)
        for status in Status:
            self.status.addItem(str(status), (status,))
        self._lay_out()
        self.offer(())
        self._typing = QSignalDebouncer(parent=self)
        self._typing.setTimeout(SETTLE_MS)
        self._typing.triggered.connect(self.changed.emit)
        self.text.textChanged.connect(lambda _: self._typing.throttle())
        self.worst.toggled.connect(lambda _: self.changed.emit())
        for choice in (self.status, self.user, self.flag):
            choice.currentIndexChanged.connect(lambda _: self.changed.emit())

    @property
    def wanted(self) -> Wanted:
        """What cases are asked for."""
        return Wanted(
            tuple(self.status.currentData()),
            self.user.currentData() or "",
            self.flag.currentData() or "",
            self.text.text(),
            WORST if self.worst.isChecked() else None,
        )

    def offer(self, rows: Sequence[Row]) -> None:
        """Offer users and flags that cases have; what is chosen stays so."""
        users = {row.record.user for row in rows if row.record.user}
        flags = {flag for row in rows for flag in row.record.flags}
        _offer(self.user, ANY["user"], users)
        _offer(self.flag, ANY["flag"], flags)
        is_known = any(row.expectation != UNKNOWN for row in rows)
        self.worst.setVisible(is_known or self.worst.isChecked())

    def show_flagged(self, flag: str) -> None:
        """Ask for the cases with a flag, and nothing else."""
        for choice in (self.status, self.user):
            choice.setCurrentIndex(0)
        self.worst.setChecked(False)
        self.text.clear()
        if self.flag.findData(flag) < 0:
            self.flag.addItem(flag, flag)
        self.flag.setCurrentIndex(self.flag.findData(flag))

    def _lay_out(self) -> None:
        layout, above, choices = QVBoxLayout(self), QHBoxLayout(), QHBoxLayout()
        layout.setContentsMargins(0, 0, 0, 0)
        above.addWidget(self.text, stretch=1)
        above.addWidget(self.worst)
        layout.addLayout(above)
        for choice in (self.status, self.user, self.flag):
            keep_narrow(choice, LETTERS)
            choices.addWidget(choice, stretch=1)
        layout.addLayout(choices)


def _offer(choice: QComboBox, anything: str, values: set[str]) -> None:
    chosen = choice.currentData()
    offered = [
        ("", anything),
        *((value, value) for value in sorted(values | {chosen or ""} - {""})),
    ]
    known = [(choice.itemData(place), choice.itemText(place)) for place in range(choice.count())]
    if offered == known:
        return
    choice.blockSignals(True)
    choice.clear()
    for value, words in offered:
        choice.addItem(words, value)
    choice.setCurrentIndex(max(choice.findData(chosen), 0))
    choice.blockSignals(False)
