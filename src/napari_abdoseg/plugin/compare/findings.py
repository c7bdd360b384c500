"""What a comparison has found: scores of organs, and below them their errors."""

from __future__ import annotations

from qtpy.QtCore import QModelIndex, Qt
from qtpy.QtWidgets import QLabel, QVBoxLayout, QWidget

from napari_abdoseg.evaluation.agreement import COLORS, Agreement
from napari_abdoseg.evaluation.error_regions import ErrorRegion
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.compare.error_columns import ERROR_COLUMNS, VOLUME
from napari_abdoseg.plugin.compare.error_layers import DISTANCE_HEX, DISTANCE_LIMIT_MM
from napari_abdoseg.plugin.compare.scene import ComparisonScene
from napari_abdoseg.plugin.compare.score_columns import ScoreRow, score_columns, score_rows
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.plugin.widgets.table_model import Column, TableModel
from napari_abdoseg.plugin.widgets.tables import PlainTable


def _square(color: str) -> str:
    return f'<span style="color: {color}">■</span>'


AGREEMENT_WORDS = "&nbsp; ".join(
    f"{_square(COLORS[value])} {words}"
    for value, words in (
        (Agreement.TRUE_POSITIVE, "right"),
        (Agreement.FALSE_POSITIVE, "false positive"),
        (Agreement.FALSE_NEGATIVE, "false negative"),
    )
)
DISTANCE_WORDS = (
    f"3D, mm: too small −{DISTANCE_LIMIT_MM:g} "
    f"{''.join(map(_square, DISTANCE_HEX))} {DISTANCE_LIMIT_MM:g} too large"
)


class FindingsPanel(QWidget):
    """Shows a comparison, and leads to its organs and errors."""

    def __init__(self) -> None:
        super().__init__()
        self._scene: ComparisonScene | None = None
        self._listed: list[ErrorRegion] = []
        self._theme = "dark"
        self.scores: TableModel[ScoreRow] = TableModel(self._score_columns())
        self.score_table = PlainTable(self.scores)
        self.errors: TableModel[ErrorRegion] = TableModel(ERROR_COLUMNS)
        self.error_table = PlainTable(self.errors)
        self.error_table.setUniformRowHeights(True)
        self.error_table.sort_by(VOLUME, Qt.SortOrder.DescendingOrder)
        self.title, self.unmatched, self.heading = QLabel(), QLabel(), QLabel()
        self._lay_out()
        self.scores.toggled.connect(self._show_surface)
        self.score_table.selection.currentChanged.connect(self._list_errors)
        self.score_table.doubleClicked.connect(self._go_to_organ)
        self.error_table.selection.currentRowChanged.connect(self._go_to_error)
        self.error_table.clicked.connect(self._go_to_error)

    def show_scene(
        self,
        scene: ComparisonScene | None,
        title: str = "",
        unmatched: tuple[str, ...] = (),
        naming: tuple[str, ...] = (),
    ) -> None:
        """Show a comparison; nothing of the one before.

        Parameters
        ----------
        scene : ComparisonScene or None
        title : str, optional
            What is compared.
        unmatched : tuple of str, optional
            Names of organs that one side alone knows.
        naming : tuple of str, optional
            How organs were named and matched.
        """
        self._scene = scene
        self.setVisible(scene is not None)
        if scene is None:
            return
        tolerances = scene.live.comparison.tolerances.name
        self.title.setText(f"<b>{title}</b> (NSD: {tolerances})")
        left_out = f"Not compared, as one side alone has it: {', '.join(unmatched)}."
        words = [*naming, *([left_out] if unmatched else [])]
        self.unmatched.setVisible(bool(words))
        self.unmatched.setText("\n".join(words))
        scene.live.scored.connect(self._show_scores)
        scene.live.errors_found.connect(self._list_errors)
        scene.surfaces.changed.connect(self._show_scores)
        self.scores.show_rows((), self._score_columns())
        self._show_scores()
        self._list_errors()

    def wear(self, theme: str) -> None:
        """Look as the rest of napari does in a theme."""
        self._theme = theme
        for table in (self.score_table, self.error_table):
            table.wear(theme)
        self.scores.update_rows(self.scores.rows, self._score_columns())

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        agreement, distance = QLabel(AGREEMENT_WORDS), QLabel(DISTANCE_WORDS)
        for label in (self.title, self.unmatched, self.heading, agreement, distance):
            label.setWordWrap(True)
        self.score_table.setSizeAdjustPolicy(PlainTable.SizeAdjustPolicy.AdjustToContents)
        for widget in (self.title, self.score_table, self.unmatched, agreement, distance):
            layout.addWidget(widget)
        layout.addSpacing(6)
        for legend in (agreement, distance):
            legend.setStyleSheet("font-size: 11px")
        layout.addWidget(self.heading)
        layout.addWidget(self.error_table, stretch=1)

    def _show_scores(self) -> None:
        if self._scene is None:
            return
        live, in_3d = self._scene.live, self._scene.surfaces.state()
        self.scores.update_rows(score_rows(live.scores, live.scores_at_start, in_3d))

    def _score_columns(self) -> tuple[Column[ScoreRow], ...]:
        tolerances = self._scene.live.comparison.tolerances.name if self._scene else ""
        return score_columns(tolerances, self._theme)

    def _show_surface(self, row: ScoreRow, shown: bool) -> None:
        if self._scene is not None and row.organ is not None:
            self._scene.show_surface(row.organ, shown)

    def _list_errors(self, current: QModelIndex | None = None) -> None:
        """List the errors of the selected organ, or of all."""
        if self._scene is None:
            return
        organ = self._organ_at(self.score_table.currentIndex())
        of_organ = self._scene.live.errors
        errors = [e for each, found in of_organ.items() if organ in (None, each) for e in found]
        if errors != self._listed:
            self._listed = errors
            bar = sure(self.error_table.verticalScrollBar())
            place = bar.value()
            self.errors.show_rows(errors)
            bar.setValue(place)
        whose = "all organs" if organ is None else f"the {organ.name}"
        self.heading.setText(f"<b>Errors of {whose}</b> ({len(errors):,}): click one")

    def _go_to_error(self, index: QModelIndex, before: QModelIndex | None = None) -> None:
        if index.isValid() and self._scene is not None:
            self._scene.go_to_error(self.errors.rows[index.row()])

    def _go_to_organ(self, index: QModelIndex) -> None:
        organ = self._organ_at(index)
        if organ is not None and self._scene is not None:
            self._scene.go_to(organ)

    def _organ_at(self, index: QModelIndex) -> Organ | None:
        """The organ of a row of scores; None for the mean, and where there is no row."""
        return self.scores.rows[index.row()].organ if index.isValid() else None
