"""What the colours of a preview mean."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QBrush, QColor, QPainter, QPen, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QLabel, QWidget

from napari_abdoseg.plugin.correct.change_overlay import FILLS, GAIN, LOSS
from napari_abdoseg.plugin.correct.proposal import ADDED, REMOVED, Changes

WIDTH, HEIGHT = 22, 14
GROUND = QColor("#707070")
"""That of a CT's soft tissue."""
KINDS = {ADDED: (GAIN, "comes"), REMOVED: (LOSS, "goes")}


class Legend(QWidget):
    """A square of each fill that is drawn over a CT, and a word."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[int, QWidget] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for (kind, (color, word)), brushes in zip(KINDS.items(), FILLS, strict=True):
            row = self._rows[kind] = QWidget()
            inside = QHBoxLayout(row)
            inside.setContentsMargins(0, 0, HEIGHT, 0)
            square = QLabel()
            square.setPixmap(_square(brushes, color))
            inside.addWidget(square)
            inside.addWidget(QLabel(word))
            layout.addWidget(row)
        layout.addStretch()

    def tell(self, changes: Changes | None) -> None:
        """Show what there is of some changes."""
        self.setVisible(changes is not None)
        for kind, row in self._rows.items():
            row.setVisible(changes is not None and kind in changes.present)


def _square(brushes: tuple[QBrush, ...], color: QColor) -> QPixmap:
    pixmap = QPixmap(WIDTH, HEIGHT)
    pixmap.fill(GROUND)
    painter = QPainter(pixmap)
    for brush in brushes:
        painter.fillRect(pixmap.rect(), brush)
    pen = QPen(color, 2)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    painter.drawRect(pixmap.rect().adjusted(1, 1, -1, -1))
    painter.end()
    return pixmap
