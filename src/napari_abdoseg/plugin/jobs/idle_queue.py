"""Work that takes napari a while, one piece at a time, so that the window answers in between."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QTimer

PAUSE_MS = 4
"""From the end of a turn to the next one."""
TURN_SECONDS = 0.01
"""After that the window is to answer first."""

_waiting: dict[IdleWork, None] = {}


class IdleWork:
    """A piece of work that waits until all others before it are done.

    Parameters
    ----------
    work : callable
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work

    def wait(self) -> None:
        """Have the work done once, as soon as it is its turn."""
        if not _waiting:
            QTimer.singleShot(PAUSE_MS, _next)
        _waiting[self] = None

    def wait_first(self) -> None:
        """Have the work done once, in the next turn."""
        self.wait()
        others = dict(_waiting)
        _waiting.clear()
        _waiting.update({self: None, **others})

    @property
    def is_waiting(self) -> bool:
        """Whether the work is still to be done."""
        return self in _waiting

    def cancel(self) -> None:
        """Wait no longer."""
        _waiting.pop(self, None)

    def hurry(self) -> None:
        """Do the work now, if it waits."""
        if self.is_waiting:
            self.cancel()
            self._work()

    def _take(self) -> None:
        self.cancel()
        self._work()


def _next() -> None:
    """Take the first turn; what comes meanwhile does not begin by itself."""
    if not _waiting or _AT_WORK.is_waiting:
        return
    first = next(iter(_waiting))
    _waiting[_AT_WORK] = None
    try:
        first._take()
    finally:
        _AT_WORK.cancel()
        if _waiting:
            QTimer.singleShot(PAUSE_MS, _next)


_AT_WORK = IdleWork(lambda: None)
"""Among those that wait while one of them has its turn."""
