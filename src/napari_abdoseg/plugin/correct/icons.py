"""Icons of the tool bar, drawn in the colour of a theme's text."""

from __future__ import annotations

from importlib.resources import files

from napari.utils.theme import get_theme
from qtpy.QtCore import QByteArray, QRectF, QSize, Qt
from qtpy.QtGui import QIcon, QPainter, QPixmap
from qtpy.QtSvg import QSvgRenderer

SIZE = 24
SHARPNESS = 3
"""Pixels drawn for each, for screens of a high resolution."""
INK, ACCENT = "#000000", "#ff0000"
"""What the files are drawn in: the words' colour, and that of what a tool does."""
ACCENTS = {"dark": "#56b4e9", "light": "#0072b2"}


def icon(name: str, theme: str) -> QIcon:
    """An icon by its name in ``icons/``, for a theme of napari."""
    colors = get_theme(theme)
    drawing = files(__package__).joinpath("icons", f"{name}.svg").read_text("utf-8")
    is_light = colors.text.as_rgb_tuple()[0] < 128
    drawing = drawing.replace(ACCENT, ACCENTS["light" if is_light else "dark"])
    drawing = drawing.replace(INK, colors.text.as_hex(format="long"))
    pixmap = QPixmap(QSize(SIZE, SIZE) * SHARPNESS)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(drawing.encode())).render(painter, QRectF(pixmap.rect()))
    painter.end()
    return QIcon(pixmap)
