"""The same work on both masks of a comparison, by two threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def side_by_side(
    work: Callable[..., Result], *arguments: Iterable[object]
) -> tuple[Result, Result]:
    """Call a function twice at once; each argument is a pair.

    It pays where most time goes into NumPy's or SciPy's loops, during which threads don't wait
    for each other.
    """
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(work, *arguments)
    return one, other
