"""Work that follows edits in a thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from napari.qt.threading import GeneratorWorker
from psygnal import Signal
from superqt.utils import QSignalDebouncer

SETTLE_MS = 150
"""Rest after an edit before work begins."""


class LatestWork:
    """Does one piece of work in a thread, when edits have settled, and always for the last of them.

    Parameters
    ----------
    work : callable
        A generator function; what it yields comes out of `yielded` on the GUI thread.
    settle_ms : int, optional
        Rest after an edit before work begins.
    """

    yielded = Signal(object)
    rested = Signal()
    """All is done that was asked for."""

    def __init__(self, work: Callable[..., Iterator[Any]], settle_ms: int = SETTLE_MS) -> None:
        self._work = work
        self._asked: tuple[Any, ...] | None = None
        self._worker: Any = None
        self._call = _Call()
        self._edits = QSignalDebouncer()
        self._edits.setTimeout(settle_ms)
        self._edits.triggered.connect(self._start)

    @property
    def is_waiting(self) -> bool:
        """Whether work was asked for that has not begun."""
        return self._asked is not None

    @property
    def is_busy(self) -> bool:
        """Whether work is being done or waited for."""
        return self._worker is not None or self.is_waiting

    def start_soon(self, *arguments: Any) -> None:
        """Do the work once nothing else is asked for, with the last arguments."""
        self._asked = arguments
        self._edits.throttle()

    def start_now(self, *arguments: Any) -> None:
        """Do the work at once, or as soon as what is being done has ended."""
        self._asked = arguments
        self._start()

    def close(self) -> None:
        """Do nothing more, and forget what is being done."""
        self._asked = None
        self._call.steps = None
        if self._worker is not None:
            self._worker.yielded.disconnect(self._pass_on)
            self._worker.finished.disconnect(self._rest)
            self._worker = None

    def _start(self) -> None:
        if self._asked is None:
            return
        if self._worker is not None:
            self._edits.throttle()
            return
        arguments, self._asked = self._asked, None
        self._call = _Call(self._work(*arguments))
        self._worker = GeneratorWorker(_take_steps, self._call)  # of which napari need not ask
        self._worker.errored.connect(_raise)
        self._worker.yielded.connect(self._pass_on)
        self._worker.finished.connect(self._rest)
        self._worker.start()

    def _pass_on(self, result: object) -> None:
        self.yielded.emit(result)

    def _rest(self) -> None:
        self._worker = None
        self._call.steps = None
        if not self.is_waiting:
            self.rested.emit()


def _raise(error: Exception) -> None:
    raise error


@dataclass
class _Call:
    """Work under way. napari never lets go of a worker: it has hold of this alone."""

    steps: Iterator[Any] | None = None


def _take_steps(call: _Call) -> Iterator[Any]:
    """The steps of a call, until they end or are taken away."""
    ended = object()
    while (steps := call.steps) is not None:
        step = next(steps, ended)
        del steps
        if step is ended:
            return
        yield step
        del step
