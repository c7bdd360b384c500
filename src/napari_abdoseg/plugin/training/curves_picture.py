"""Curves of trainings, drawn in a thread."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QSize
from qtpy.QtGui import QImage, QPainter
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.training.watching.curves import FoldCurves
from napari_abdoseg.training.watching.look import Look
from napari_abdoseg.training.watching.strip import draw_strip

USUAL, LEAST = QSize(340, 520), QSize(200, 320)


class CurvesPicture(QWidget):
    """A picture that is drawn anew for other curves and in another size."""

    def __init__(self) -> None:
        super().__init__()
        self.image: QImage | None = None
        self._shown: tuple[Any, ...] | None = None
        self._background = LatestWork(_draw)
        self._background.yielded.connect(self._take)
        self.setMinimumSize(LEAST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def is_busy(self) -> bool:
        """Whether a newer picture is on its way."""
        return self._background.is_busy

    def sizeHint(self) -> QSize:  # noqa: N802
        return USUAL

    def show_curves(self, folds: Sequence[FoldCurves], colors: Sequence[str], look: Look) -> None:
        """Show other curves, as soon as they are drawn; none clears the picture."""
        self._shown = (tuple(folds), tuple(colors), look) if folds else None
        if self._shown is None:
            self.image = None
            self.update()
        self._draw_soon()

    def close_background(self) -> None:
        """Draw nothing more."""
        self._background.close()

    def showEvent(self, event: Any) -> None:  # noqa: N802
        super().showEvent(event)
        self._draw_soon()

    def resizeEvent(self, event: Any) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._draw_soon()

    def paintEvent(self, event: Any) -> None:  # noqa: N802
        if self.image is not None:
            QPainter(self).drawImage(self.rect(), self.image)

    def _draw_soon(self) -> None:
        if self._shown is not None:
            size = self.width(), self.height()
            self._background.start_soon(*self._shown, size, self.devicePixelRatioF())

    def _take(self, pixels: NDArray[np.uint8]) -> None:
        if self._shown is not None:
            height, width, _ = pixels.shape
            form = QImage.Format.Format_RGBA8888
            self.image = QImage(pixels.tobytes(), width, height, 4 * width, form).copy()
            self.update()


def _draw(*arguments: Any) -> Iterator[NDArray[np.uint8]]:
    yield draw_strip(*arguments)
