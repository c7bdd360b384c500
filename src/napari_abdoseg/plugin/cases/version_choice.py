"""The versions of a case, of which one counts and any other can."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QWidget

from napari_abdoseg.plugin.widgets.narrow_choice import keep_narrow
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.listing.words import version_words
from napari_abdoseg.worklist.opening.other_versions import counts
from napari_abdoseg.worklist.records.case_record import Version

COUNTS = "Counts: {}"
USE = "Let this version count"
IT_COUNTS = "This version counts"
READ_ONLY = "Somebody else has the case open: it is read-only until then"
COMPARE = "Open this version beside the label map in view, in the panel Compare"
NOT_OPEN = "Open the case to compare its versions"
IN_VIEW = "This version is in view: choose another one to compare it with"

TIP = Qt.ItemDataRole.ToolTipRole


class VersionChoice(QWidget):
    """Shows the versions of a case where there is a choice."""

    used = Signal(object, object)
    """`Row`, and the `Version` of it that is to count."""
    compared = Signal(object, object)
    """`Row`, and the `Version` of it that is to be seen beside the one in view."""

    def __init__(self) -> None:
        super().__init__()
        self.versions = QComboBox()
        keep_narrow(self.versions)
        self.use, self.compare = QPushButton("Use"), QPushButton("Compare")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.versions, stretch=1)
        layout.addWidget(self.use)
        layout.addWidget(self.compare)
        self._row: Row | None = None
        self._may_change, self._in_view = False, ""
        self._words: list[str] = []
        self.versions.currentIndexChanged.connect(self._offer)
        self.use.clicked.connect(lambda: self.used.emit(self._row, self.chosen))
        self.compare.clicked.connect(lambda: self.compared.emit(self._row, self.chosen))
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
        in_view: str = "",
    ) -> None:
        """Show the versions of another case, or how they are now.

        Parameters
        ----------
        row : Row or None
        versions : sequence of Version, optional
        may_change : bool, optional
            Whether nobody else has the case open.
        in_view : str, optional
            The file of the version that is open here.
        """
        is_same = row is not None and self._row is not None and row.name == self._row.name
        self._row, self._may_change, self._in_view = row, may_change, in_view
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
        it_counts, is_in_view = counts(self._row.record, chosen), chosen.file == self._in_view
        self.versions.setToolTip(self.versions.currentData(TIP))
        self.use.setEnabled(self._may_change and not it_counts)
        self.use.setToolTip(IT_COUNTS if it_counts else USE if self._may_change else READ_ONLY)
        self.compare.setEnabled(bool(self._in_view) and not is_in_view)
        self.compare.setToolTip(
            NOT_OPEN if not self._in_view else IN_VIEW if is_in_view else COMPARE
        )
