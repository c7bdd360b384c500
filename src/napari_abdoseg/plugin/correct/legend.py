"""What the colours of a preview mean."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPainter, QPen, QPixmap
from qtpy.QtWidgets import QHBoxLayout, QLabel, QWidget

from napari_abdoseg.plugin.correct.change_overlay import FILLS, GAIN, LOSS

WIDTH, HEIGHT = 22, 14
GROUND = QColor("#707070")
"""That of a CT's soft tissue."""
WORDS = ("comes", "goes")


class Legend(QWidget):
    """A square of each fill, as it is drawn over a CT, and a word."""

    def __init__(self) -> None:
        super().__init__()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for index, (color, word) in enumerate(zip((GAIN, LOSS), WORDS)):
            square = QLabel()
            square.setPixmap(_square(index, color))
            layout.addWidget(square)
            layout.addWidget(QLabel(word))
            layout.addSpacing(HEIGHT)
        layout.addStretch()


def _square(index: int, color: QColor) -> QPixmap:
    pixmap = QPixmap(WIDTH, HEIGHT)
    pixmap.fill(GROUND)
    painter = QPainter(pixmap)
    for brush in FILLS[index]:
        painter.fillRect(pixmap.rect(), brush)
    pen = QPen(color, 2)
    pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
    painter.setPen(pen)
    painter.drawRect(pixmap.rect().adjusted(1, 1, -1, -1))
    painter.end()
    return pixmap
