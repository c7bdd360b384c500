"""Works that share the threads of a CPU."""

from __future__ import annotations

import time
from threading import Thread

import pytest
import torch

from napari_abdoseg.inference.hardware.threads import threads_shared_by


def threads_of_another() -> int:
    """How many a thread uses that begins now."""
    found = []
    other = Thread(target=lambda: found.append(torch.get_num_threads()))
    other.start()
    other.join()
    return found[0]


@pytest.mark.parametrize(("all_threads", "works", "share"), [(4, 2, 2), (3, 3, 1), (5, 2, 2)])
def test_each_work_has_its_share_and_all_others_stay_as_they_were(
    threads, all_threads, works, share
):
    threads(all_threads)
    with threads_shared_by(works) as pool:
        assert set(pool.map(lambda _: torch.get_num_threads(), range(20))) == {share}
        assert torch.get_num_threads() == threads_of_another() == all_threads
    assert torch.get_num_threads() == threads_of_another() == all_threads


def test_what_has_not_begun_is_not_begun_any_more(threads):
    threads(2)
    with pytest.raises(KeyboardInterrupt), threads_shared_by(2) as pool:  # noqa: PT012
        works = [pool.submit(time.sleep, 0.2) for _ in range(6)]
        raise KeyboardInterrupt
    assert all(work.done() for work in works)
    assert any(work.cancelled() for work in works)
