"""The versions of a case, of which one counts and any other can."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QMenu, QPushButton, QWidget

from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.narrow_choice import keep_narrow
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.listing.words import version_words
from napari_abdoseg.worklist.opening.other_versions import counts
from napari_abdoseg.worklist.records.case_record import Version

COUNTS = "Counts: {}"
USE = "Let this version count"
IT_COUNTS = "This version counts"
READ_ONLY = "Somebody else has the case open: it is read-only until then"
COMPARE = "Open this version beside another one, in the panel Compare"
WITH = "with {}"

TIP = Qt.ItemDataRole.ToolTipRole


class VersionChoice(QWidget):
    """Shows the versions of a case where there is a choice."""

    used = Signal(object, object)
    """`Row`, and the `Version` of it that is to count."""
    compared = Signal(object, object, object)
    """`Row`, and two `Version` of it that are to be seen beside each other."""

    def __init__(self) -> None:
        super().__init__()
        self.versions = QComboBox()
        keep_narrow(self.versions)
        self.use, self.compare = QPushButton("Use"), QPushButton("Compare")
        self.compare.setToolTip(COMPARE)
        self.others = QMenu(self)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.versions, stretch=1)
        layout.addWidget(self.use)
        layout.addWidget(self.compare)
        self._row: Row | None = None
        self._may_change = False
        self._words: list[str] = []
        self._offered: tuple[list[str], list[int]] = [], []
        self.versions.currentIndexChanged.connect(self._offer)
        self.use.clicked.connect(lambda: self.used.emit(self._row, self.chosen))
        self.compare.clicked.connect(self._compare_with_the_other)
        self.hide()

    @property
    def chosen(self) -> Version | None:
        """The version that is chosen."""
        version: Version | None = self.versions.currentData()
        return version

    def show_of(
        self,
        row: Row | None,
        versions: Sequence[Version] = (),
        may_change: bool = False,
    ) -> None:
        """Show the versions of another case, or how they are now.

        Parameters
        ----------
        row : Row or None
        versions : sequence of Version, optional
        may_change : bool, optional
            Whether nobody else has the case open.
        """
        is_same = row is not None and self._row is not None and row.name == self._row.name
        self._row, self._may_change = row, may_change
        counting = [row is not None and counts(row.record, version) for version in versions]
        words = [
            COUNTS.format(version_words(version)) if it_counts else version_words(version)
            for version, it_counts in zip(versions, counting, strict=True)
        ]
        before = self.chosen.file if is_same and self.chosen is not None else ""
        if not is_same or words != self._words:
            self._fill(words, versions)
            files = [version.file for version in versions]
            if before in files:
                self.versions.setCurrentIndex(files.index(before))
            elif any(counting):
                self.versions.setCurrentIndex(counting.index(True))
        self.setVisible(len(versions) > 1 or not all(counting))
        self._offer()

    def _fill(self, words: list[str], versions: Sequence[Version]) -> None:
        self._words = words
        self.versions.clear()
        for told, version in zip(words, versions, strict=True):
            self.versions.addItem(told, version)
            tip = f"{told}\n{version.file}"
            self.versions.setItemData(self.versions.count() - 1, tip, TIP)

    def _offer(self, _: int = 0) -> None:
        chosen = self.chosen
        if self._row is None or chosen is None:
            return
        it_counts = counts(self._row.record, chosen)
        self.versions.setToolTip(self.versions.currentData(TIP))
        self.use.setEnabled(self._may_change and not it_counts)
        self.use.setToolTip(IT_COUNTS if it_counts else USE if self._may_change else READ_ONLY)
        self._offer_others()

    def _offer_others(self) -> None:
        """Offer the other versions to compare with; a single one needs no menu."""
        places = [n for n in range(self.versions.count()) if n != self.versions.currentIndex()]
        words = [WITH.format(self.versions.itemText(place)) for place in places]
        self.compare.setMenu(self.others if len(places) > 1 else None)
        self.compare.setEnabled(bool(places))
        if self._offered == (words, places):
            return  # the menu may be open
        self._offered = words, places
        self.others.clear()
        for told, place in zip(words, places, strict=True):
            compare = partial(self._compare, place)
            sure(self.others.addAction(told)).triggered.connect(lambda _, do=compare: do())

    def _compare_with_the_other(self) -> None:
        for action in self.others.actions()[:1]:
            action.trigger()

    def _compare(self, place: int) -> None:
        self.compared.emit(self._row, self.chosen, self.versions.itemData(place))
