"""A cluster in threads, which most tests share."""

from __future__ import annotations

import pytest
from clusters import cluster_in_threads

from napari_abdoseg.batch.cluster.request import Request


@pytest.fixture(scope="module")
def scheduler():
    """Address of a scheduler with two workers."""
    with cluster_in_threads(2) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def request_for_one_fold(ensemble):
    """What is asked of workers by a small model."""
    return Request.of(ensemble, "exact")
