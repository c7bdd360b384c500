"""Work that takes napari a while, one piece at a time, so that the window answers in between."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial

from qtpy.QtCore import QTimer

PAUSE_MS = 1
"""From the end of a turn to the next one."""
TURN_SECONDS = 0.01
"""After that the window is to answer first."""


class IdleWork:
    """A piece of work that waits until all others before it are done.

    Parameters
    ----------
    work : callable
    is_patient : bool, optional
        Whether it lets all other work go first, also what comes later.
    """

    def __init__(self, work: Callable[[], None], is_patient: bool = False) -> None:
        self._work = work
        self.is_patient = is_patient

    def wait(self) -> None:
        """Have the work done once, as soon as it is its turn."""
        _turns.waiting[self] = self._work
        _turns.come()

    def wait_first(self) -> None:
        """Have the work done once, in the next turn."""
        self.wait()
        _turns.waiting.move_to_end(self, last=False)

    @property
    def is_waiting(self) -> bool:
        """Whether the work is still to be done."""
        return self in _turns.waiting

    def cancel(self) -> None:
        """Wait no longer."""
        _turns.waiting.pop(self, None)

    def hurry(self) -> None:
        """Do the work now, if it waits."""
        if self.is_waiting:
            self.cancel()
            self._work()


def take_turns(steps: Iterator[None], are_wanted: Callable[[], bool] = lambda: True) -> None:
    """Take the first of some steps, and each other one as soon as it is its turn.

    Parameters
    ----------
    steps : iterator of None
    are_wanted : callable, optional
        Asked before each step; where it says no, that step and all after it are not taken.
    """
    if are_wanted():
        for _ in steps:
            IdleWork(partial(take_turns, steps, are_wanted)).wait()
            return


class _Turns:
    """Work in its order, a piece a turn; none begins while another is under way."""

    def __init__(self) -> None:
        self.waiting: OrderedDict[IdleWork, Callable[[], None]] = OrderedDict()
        self._is_coming = False

    def come(self) -> None:
        """Have the next turn soon, if any work waits and no turn is to come, or under way."""
        if self.waiting and not self._is_coming:
            self._is_coming = True
            QTimer.singleShot(PAUSE_MS, self._take)

    def _take(self) -> None:
        try:
            hasty = (each for each in self.waiting if not each.is_patient)
            if (turn := next(hasty, next(iter(self.waiting), None))) is not None:
                self.waiting.pop(turn)()
        finally:
            self._is_coming = False
            self.come()


_turns = _Turns()
