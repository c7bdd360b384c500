"""How a process's work shares the threads of its CPU."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier


def use_threads(count: int) -> None:
    """Have the networks of this process use so many threads of the CPU."""
    import torch

    torch.set_num_threads(count)


@contextmanager
def threads_shared_by(count: int) -> Iterator[ThreadPoolExecutor]:
    """A pool for so many works at a time, each with its share of the threads that torch uses here.

    What has not begun when the block ends is not begun any more.

    Parameters
    ----------
    count : int
        At most as many as there are threads.
    """
    import torch

    threads = torch.get_num_threads()
    ready = Barrier(count + 1)

    def begin() -> None:
        use_threads(max(threads // count, 1))
        torch.get_num_threads()  # until a thread asks, what was told last counts
        ready.wait()

    pool = ThreadPoolExecutor(count, "abdoseg network", begin)
    try:
        for _ in range(count):
            pool.submit(int)
        ready.wait()
        use_threads(threads)  # so that threads that begin from now on have all
        yield pool
    finally:
        ready.abort()  # for threads that wait where others could not be started
        pool.shutdown(cancel_futures=True)
