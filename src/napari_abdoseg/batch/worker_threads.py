"""Work in threads."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Self, TypeVar

from napari_abdoseg.progress import Work

Result = TypeVar("Result")


class WorkerThreads:
    """Threads that do pieces of work, so many at a time.

    Leaving it cancels what is not done, each piece at its next report, and waits for that.

    Parameters
    ----------
    threads : int
    """

    def __init__(self, threads: int) -> None:
        self._pool = ThreadPoolExecutor(threads)
        self._left = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._left.set()
        self._pool.shutdown(cancel_futures=True)

    def start(self, work: Work[Result]) -> Future[Result]:
        """Do a piece of work when its turn has come."""
        return self._pool.submit(self._run, work)

    def _run(self, work: Work[Result]) -> Result:
        try:
            while not self._left.is_set():
                next(work)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            work.close()
        raise CancelledError
