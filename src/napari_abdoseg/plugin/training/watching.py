"""A training that is looked at every few seconds, in a thread."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.training.watching.finding import WatchedFold
from napari_abdoseg.training.watching.watch import Watch

SECONDS = 3.0
"""Rest between two looks."""


class TrainingWatch:
    """Looks at the trainings below a folder, never twice at a time."""

    looked = Signal(tuple)
    """Folds as they are now; none where there is no training, or none any more."""

    def __init__(self) -> None:
        self._watch: Watch | None = None
        self._background = LatestWork(_look)
        self._background.yielded.connect(self._pass_on)
        self._timer = QTimer()
        self._timer.setInterval(int(1000 * SECONDS))
        self._timer.timeout.connect(self._look_again)

    @property
    def is_active(self) -> bool:
        """Whether it goes on looking."""
        return bool(self._timer.isActive())

    @property
    def folder(self) -> Path | None:
        """What is looked at."""
        return self._watch.folders[0] if self._watch is not None else None

    def follow(self, folder: Path | None) -> None:
        """Look at another folder from now on, or at none."""
        self._watch = Watch(folder) if folder is not None else None
        self.pause()
        self.resume()

    def resume(self) -> None:
        """Go on looking, at once, if there is a folder."""
        if self._watch is not None:
            self._timer.start()
            self._look_again()

    def pause(self) -> None:
        """Look no more."""
        self._timer.stop()
        self._background.close()

    def _look_again(self) -> None:
        if not self._background.is_busy:
            self._background.start_soon(self._watch)

    def _pass_on(self, result: tuple[Watch, tuple[WatchedFold, ...]]) -> None:
        watch, folds = result
        if watch is self._watch:
            self.looked.emit(folds)


def _look(watch: Watch) -> Iterator[tuple[Watch, tuple[WatchedFold, ...]]]:
    yield watch, watch.look()
