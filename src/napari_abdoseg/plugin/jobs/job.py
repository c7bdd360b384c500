"""Long work in a napari thread worker, with Cancel in the activity dock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from napari import current_viewer
from napari.qt.threading import GeneratorWorker
from napari.utils.notifications import show_error, show_info
from napari.utils.progress import cancelable_progress
from napari.utils.task_status import Status
from qtpy.QtCore import QObject, Qt, QTimer, Signal

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.log import logged
from napari_abdoseg.progress import Countdown, Progress, Work, thin_out

SECONDS_BETWEEN_REPORTS = 0.05


class Job(QObject):
    """One piece of work, run once in a thread.

    napari asks before it closes a viewer on it, says what is being done, and cancels it then.

    Parameters
    ----------
    work : Work
        Generator that yields `Progress` and returns its result.
    title : str
        What the activity dock calls it, and napari when it asks, such as ``"Segment ct"``.
    """

    progressed = Signal(Progress, str)
    """`Progress`, and the time left in words."""
    previewed = Signal(object)
    """A first result, while the work goes on."""
    returned = Signal(object)
    """The result; not sent once the job is cancelled."""
    ended = Signal()
    """The thread is free again, whatever became of the work."""

    def __init__(self, work: Work[Any], title: str) -> None:
        super().__init__()
        self.cancelled = False
        self.failed = False
        self.problem = ""
        self._title = title
        self._countdown = Countdown()
        self._newest: Progress | None = None
        self._showing = False
        self._words = _Words()
        self._activity = _Activity(self.cancel, title)
        self._worker = GeneratorWorker(logged, _run(work), title)
        self._worker.yielded.connect(self._take)
        self._worker.returned.connect(self._finish)
        self._worker.errored.connect(self._fail)
        self._worker.finished.connect(self._end)
        in_its_thread = Qt.ConnectionType.DirectConnection
        self._worker.aborted.connect(lambda: work.close(), in_its_thread)

    def start(self) -> None:
        """Begin."""
        self._let_napari_ask()
        self._worker.start()

    def cancel(self) -> None:
        """Stop at the next step and give nothing back."""
        self.cancelled = True
        self.problem = "Cancelled."
        self._worker.quit()

    def _let_napari_ask(self) -> None:
        """Have napari name the work when it closes, by its title and what is being done then.

        `create_worker` would have it name a function, as it was when it started.
        """
        viewer = current_viewer()
        if viewer is not None:
            task = viewer.window._register_task_status(
                self._title, Status.BUSY, self._words, self._worker.quit
            )
            end = partial(viewer.window._update_task_status, task, Status.COMPLETED)
            self._worker.finished.connect(end)

    def _take(self, progress: Progress) -> None:
        self._words.text = progress.words
        if self.cancelled:
            return
        if progress.notice:
            show_info(progress.notice)
        if progress.interim is not None:
            self.previewed.emit(progress.interim)
        self._newest = progress
        self._show_newest()

    def _show_newest(self) -> None:
        """Show the newest report; meanwhile napari handles events, newer ones among them."""
        if self._newest is None or self._showing or self.cancelled:
            return
        progress, self._newest = self._newest, None
        self._showing = True
        self.progressed.emit(progress, self._countdown.words_for(progress))
        self._activity.show(f"{self._title}: {progress.words}", progress)
        self._showing = False
        if self._newest is not None:
            QTimer.singleShot(0, self._show_newest)

    def _finish(self, result: object) -> None:
        self._newest = None
        if not self.cancelled:
            self.returned.emit(result)

    def _fail(self, error: Exception) -> None:
        self.failed = True
        self.problem = str(error)
        self._newest = None
        if isinstance(error, AbdosegError):
            show_error(str(error))
        else:
            raise error

    def _end(self) -> None:
        self._activity.close()
        self.ended.emit()


class _Activity(cancelable_progress):  # type: ignore[misc]
    """A bar in the activity dock whose Cancel button cancels at once."""

    total: int

    def __init__(self, on_cancel: Callable[[], None], title: str) -> None:
        self._on_cancel = on_cancel
        super().__init__(total=0, desc=title)

    def cancel(self) -> None:
        super().cancel()
        self._on_cancel()

    def show(self, words: str, progress: Progress) -> None:
        """Show ``progress``, unless the bar is closed by then."""
        if not self.disable and progress.total != self.total:
            self.total = progress.total
        if not self.disable:
            self.set_description(words)
        if not self.disable:
            self.update(progress.done - self.n)


class UnexpectedError(Exception):
    """A RuntimeError of the work, which napari's workers would take for their own end."""


@dataclass
class _Words:
    """What is being done. napari reads it when it asks, and never lets go of it."""

    text: str = "Starting"

    def __str__(self) -> str:
        return self.text


def _run(work: Work[Any]) -> Work[Any]:
    try:
        return (yield from thin_out(work, SECONDS_BETWEEN_REPORTS))
    except RuntimeError as error:
        raise UnexpectedError(str(error)) from error
