"""One training at a time in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_abdoseg.errors import TrainingError


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file that no other process holds; it is let go when this process ends, however.

    Raises
    ------
    TrainingError
        Another process holds it.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise TrainingError(
            f"Another `abdoseg train` works in {path.parent} on this data set: wait until it has "
            "ended, or stop it."
        ) from error
    try:
        yield
    finally:
        lock.release()
