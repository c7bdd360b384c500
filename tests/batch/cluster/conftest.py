"""A cluster in threads, which most tests share."""

from __future__ import annotations

import pytest
import torch
from clusters import cluster_in_threads

from napari_abdoseg.batch.cluster.request import Request


@pytest.fixture(autouse=True, scope="module")
def as_many_threads_as_a_worker():
    """Sums are rounded differently by another number of threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def scheduler():
    """Address of a scheduler with two workers."""
    with cluster_in_threads(2) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def request_for_one_fold(ensemble):
    """What is asked of workers by a small model."""
    return Request.of(ensemble, "exact")
