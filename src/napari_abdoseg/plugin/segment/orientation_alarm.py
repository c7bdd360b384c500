"""A warning that a CT lies otherwise than its header says, with pictures."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from weakref import ReferenceType, ref

from napari.layers import Image
from napari.utils.notifications import show_warning
from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QPixmap, QResizeEvent
from qtpy.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout

from napari_abdoseg.anatomy.orientation.check import check_orientation
from napari_abdoseg.anatomy.orientation.picture import draw_orientation
from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.layers.conversion import volume_of
from napari_abdoseg.plugin.widgets.wrapped_label import WrappedLabel

Alarm = tuple[str, bytes]
"""Words, and a picture as PNG; both empty where all is well."""
FRAME = "OrientationAlarm { border: 2px solid #e07000; border-radius: 4px }"
LEGEND = (
    "The middle slices, as the file lies. Letters with a question mark say where the patient's "
    "sides seem to be, rings what speaks for it."
)


class OrientationAlarm(QFrame):
    """Seen while a CT is chosen whose content is mirrored or turned, and else hidden."""

    raised = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.words, self.picture = WrappedLabel(), _Picture()
        self._looked_at: ReferenceType[Image] | None = None
        self._background = LatestWork(_look)
        self._background.yielded.connect(self._show)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 8, 8, 8)
        for widget in (self.words, self.picture):
            layout.addWidget(widget)
        self.picture.setToolTip(LEGEND)
        self.words.setTextFormat(Qt.TextFormat.RichText)
        self.setStyleSheet(FRAME)
        self.hide()

    @property
    def is_busy(self) -> bool:
        """Whether a CT is being looked at."""
        return self._background.is_busy

    def look_at(self, layer: Image | None, labels: LabelMap | None = None) -> None:
        """Look at a CT in a thread, with its organs if they were found.

        Parameters
        ----------
        layer : Image or None
            None hides the warning.
        labels : LabelMap, optional
        """
        if layer is None:
            self.forget()
        elif layer is not self._layer or labels is not None:
            if layer is not self._layer:
                self.forget()
            self._looked_at = ref(layer)
            try:
                self._background.start_soon(volume_of(layer), labels)
            except ImageError:  # told when it is to be segmented
                return

    def forget(self) -> None:
        """Say nothing, and stop looking."""
        self.stop()
        self._looked_at = None
        self.words.setText("")
        self.hide()

    def stop(self) -> None:
        """Stop looking."""
        self._background.close()

    @property
    def _layer(self) -> Image | None:
        return self._looked_at() if self._looked_at is not None else None

    def _show(self, alarm: Alarm) -> None:
        words, picture = alarm
        layer = self._layer
        if layer is None:
            return
        known = self.words.text() != ""
        self.words.setText(
            f"<b>Wrong sides? {escape(layer.name)}</b><br>{escape(words)}" if words else ""
        )
        self.picture.show_png(picture)
        self.setVisible(bool(words))
        if words and not known:
            self.raised.emit()
            show_warning(f"{layer.name}: {words}")


class _Picture(QLabel):
    """A picture as wide as there is room for."""

    def __init__(self) -> None:
        super().__init__()
        self._pixmap = QPixmap()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_png(self, png: bytes) -> None:
        """Show another picture."""
        self._pixmap = QPixmap()
        self._pixmap.loadFromData(png)
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._pixmap.isNull() or not self.width():
            return
        width = min(self.width(), self._pixmap.width())
        scaled = self._pixmap.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
        self.setPixmap(scaled)
        self.setFixedHeight(scaled.height())


def _look(volume: Volume, labels: LabelMap | None) -> Iterator[Alarm]:
    orientation = check_orientation(volume, labels)
    if orientation.alarm:
        yield orientation.alarm, draw_orientation(volume, orientation)
    else:
        yield "", b""
