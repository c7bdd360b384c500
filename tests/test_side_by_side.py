"""Threads that work side by side, and those of BLAS."""

from __future__ import annotations

from threading import Barrier

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from napari_abdoseg.side_by_side import matrices_by_one_thread, side_by_side


def blas_threads() -> set[int]:
    """Of all libraries of BLAS that are loaded."""
    np.eye(2) @ np.eye(2)
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def test_two_work_at_once_and_results_are_in_order():
    both = Barrier(2)

    def work(one: int, other: int) -> int:
        both.wait(60)
        return 10 * one + other

    assert side_by_side(work, range(4), range(4)) == (0, 11, 22, 33)


def test_matrices_are_multiplied_by_one_thread_until_the_last_is_done():
    """Blocks overlap where a hint is asked for while another is still found."""
    with threadpool_limits(3, user_api="blas"):
        before = blas_threads()
        first, second = matrices_by_one_thread(), matrices_by_one_thread()
        first.__enter__()
        second.__enter__()
        assert blas_threads() == {1}
        first.__exit__(None, None, None)
        assert blas_threads() == {1}
        second.__exit__(None, None, None)
        assert blas_threads() == before != {1}


def test_an_error_gives_threads_back():
    with threadpool_limits(3, user_api="blas"):
        before = blas_threads()

        @matrices_by_one_thread()
        def fail() -> None:
            assert blas_threads() == {1}
            raise ValueError

        for _ in range(2):
            with pytest.raises(ValueError):  # noqa: PT011
                fail()
            assert blas_threads() == before
