"""Work on many items in several processes."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import TypeVar

from napari_abdoseg.errors import AbdosegError, as_told
from napari_abdoseg.progress import Progress, Work

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
Results = Generator[tuple[int, Outcome | AbdosegError], None, None]


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def over_processes(
    function: Callable[[Item], Outcome],
    items: Sequence[Item],
    workers: int,
    stage: str,
    notice: Callable[[Item, Outcome | AbdosegError], str | None] = lambda item, outcome: None,
) -> Work[list[Outcome | AbdosegError]]:
    """Call ``function`` with each item; an item that can't be used doesn't stop the others.

    One worker, or one item, needs no other process. Closing this waits for the items
    under way and leaves no process behind. When a process dies, as it does when memory
    runs out, the rest is tried again with half as many, and at last one item at a time.

    Parameters
    ----------
    function : callable
        One that other processes can import.
    items : sequence
    workers : int
    stage : str
        What progress is called.
    notice : callable, optional
        What the user must be told of an item as soon as its outcome is there.

    Returns
    -------
    list
        What ``function`` gave for each item, or what is told of the error that it raised.
    """
    outcomes: dict[int, Outcome | AbdosegError] = {}
    workers = min(workers, len(items))
    alone = workers <= 1
    yield Progress(stage, 0, len(items))
    while waiting := [index for index in range(len(items)) if index not in outcomes]:
        if alone:
            results = ((index, _call(function, items[index])) for index in waiting)
        else:
            results = _in_pool(function, {index: items[index] for index in waiting}, workers)
        try:
            for index, outcome in results:
                outcomes[index] = outcome
                yield Progress(stage, len(outcomes), len(items), notice(items[index], outcome))
        except BrokenProcessPool:
            if workers == 1:
                culprit = min(set(waiting) - outcomes.keys())
                outcomes[culprit] = AbdosegError(
                    "The process that worked on it died, maybe for want of memory: "
                    "try it on a machine with more."
                )
            workers = max(1, workers // 2)
        finally:
            results.close()
    return [outcomes[index] for index in range(len(items))]


def _call(function: Callable[[Item], Outcome], item: Item) -> Outcome | AbdosegError:
    try:
        return function(item)
    except Exception as error:
        return as_told(error)


def _in_pool(
    function: Callable[[Item], Outcome], items: dict[int, Item], workers: int
) -> Results[Outcome]:
    pool = ProcessPoolExecutor(
        workers,
        multiprocessing.get_context("spawn"),
        initializer=signal.signal,  # Ctrl-C is for the parent, which then ends this
        initargs=(signal.SIGINT, signal.SIG_IGN),
    )
    try:
        futures = {pool.submit(_call, function, item): index for index, item in items.items()}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
