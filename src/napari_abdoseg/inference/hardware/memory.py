"""Main memory of this process."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

PAUSE = 0.002
"""Seconds between two looks."""


@dataclass
class Growth:
    """Most memory that was taken since ``before``, both in bytes."""

    before: int
    bytes: int = 0


def available_bytes() -> int:
    """Main memory that this process can still take without swapping."""
    return int(psutil.virtual_memory().available)


def resident_bytes() -> int:
    """Main memory that this process holds."""
    return int(psutil.Process().memory_info().rss)


@contextlib.contextmanager
def watch_growth() -> Iterator[Growth]:
    """Watch the main memory of this process until the end of the block."""
    process, ended = psutil.Process(), threading.Event()
    growth = Growth(process.memory_info().rss)

    def look() -> None:
        growth.bytes = max(growth.bytes, process.memory_info().rss - growth.before)

    def watch() -> None:
        while not ended.wait(PAUSE):
            look()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield growth
    finally:
        ended.set()
        watcher.join()
        look()
