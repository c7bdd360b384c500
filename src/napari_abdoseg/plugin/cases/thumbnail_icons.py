"""Thumbnails of the cases in sight, made in a thread."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Lock

from qtpy.QtCore import QObject, Signal
from qtpy.QtGui import QIcon, QImage, QPixmap

from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.listing.thumbnails import Picture, thumbnail
from napari_abdoseg.worklist.records.work_folder import WorkFolder

AWAITED, KEPT = 40, 2000
"""So many are waited for, those asked for last; and so many are kept in memory."""
Key = tuple[WorkFolder, str, str, int]


class ThumbnailIcons(QObject):
    """Gives the icon of a case, once it is there; asked for first, it is made then."""

    came = Signal()
    """Another icon is there."""
    _made = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        self._icons: OrderedDict[Key, QIcon | None] = OrderedDict()
        self._awaited: OrderedDict[Key, Row] = OrderedDict()
        self._asked: set[Key] = set()
        self._lock = Lock()
        self._thread = ThreadPoolExecutor(1, "abdoseg thumbnails")
        self._made.connect(self._take)

    def of(self, folder: WorkFolder, row: Row) -> QIcon | None:
        """The icon of a case; None as long as there is none, or where none can be made."""
        key = (folder, row.name, row.record.current, row.record.revision)
        if key in self._icons:
            self._icons.move_to_end(key)
            return self._icons[key]
        if key in self._asked:
            with self._lock:
                if key in self._awaited:
                    self._awaited.move_to_end(key)
            return None
        self._asked.add(key)
        with self._lock:
            self._awaited[key] = row
            if len(self._awaited) > AWAITED:
                self._asked.discard(self._awaited.popitem(last=False)[0])
        self._thread.submit(self._make_one)
        return None

    def close(self) -> None:
        """Make no more."""
        with self._lock:
            self._awaited.clear()
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _make_one(self) -> None:
        """Make the one that was asked for last: the others may be out of sight."""
        with self._lock:
            if not self._awaited:
                return
            key, row = self._awaited.popitem()
        picture = thumbnail(key[0], row)
        with suppress(RuntimeError):  # the window is gone
            self._made.emit(key, picture)

    def _take(self, key: Key, picture: Picture | None) -> None:
        self._icons[key] = None if picture is None else _icon(picture)
        if len(self._icons) > KEPT:
            self._icons.popitem(last=False)
        self._asked.discard(key)
        self.came.emit()


def _icon(picture: Picture) -> QIcon:
    height, width = picture.shape[:2]
    image = QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    pixmap = QPixmap.fromImage(image.copy())
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
