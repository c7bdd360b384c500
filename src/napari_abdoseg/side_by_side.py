"""The same work on many things, two at once, and products of matrices that don't hinder it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

Result = TypeVar("Result")

_asking: list[Any] = []
_changing = Lock()


def side_by_side(work: Callable[..., Result], *arguments: Iterable[Any]) -> tuple[Result, ...]:
    """What a function gives for each of the arguments, called by two threads.

    It pays where most time goes into NumPy's or SciPy's loops, during which threads don't wait
    for each other.
    """
    with ThreadPoolExecutor(2) as pool:
        return tuple(pool.map(work, *arguments))


@contextmanager
def matrices_by_one_thread() -> Iterator[None]:
    """Have BLAS multiply in the thread that asks.

    Its own threads gain nothing for small matrices, and keep cores busy while they wait, which two
    threads that ask at once pay for twice.
    """
    with _changing:
        _asking.append(None if _asking else _blas().limit(limits=1, user_api="blas"))
    try:
        yield
    finally:
        with _changing:
            if len(_asking) == 1:
                _asking[0].restore_original_limits()
            _asking.pop()


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController()
