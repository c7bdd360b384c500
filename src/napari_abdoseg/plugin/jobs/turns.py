"""Work on the window's thread in steps, between which the window answers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from qtpy.QtCore import QTimer

PAUSE_MS = 1
"""Between two turns: what waits for the window comes first."""


def take_turns(steps: Iterator[None]) -> None:
    """Take the first of some steps, and the others each in a turn of the event loop."""
    for _ in steps:
        QTimer.singleShot(PAUSE_MS, partial(take_turns, steps))
        return
