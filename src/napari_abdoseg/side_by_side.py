"""The same work on many things, two at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Result = TypeVar("Result")


def side_by_side(work: Callable[..., Result], *arguments: Iterable[Any]) -> tuple[Result, ...]:
    """What a function gives for each of the arguments, called by two threads.

    It pays where most time goes into NumPy's or SciPy's loops, during which threads don't wait
    for each other.
    """
    with ThreadPoolExecutor(2) as pool:
        return tuple(pool.map(work, *arguments))
