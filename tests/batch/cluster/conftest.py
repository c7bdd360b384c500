"""A cluster in threads, which most tests share."""

from __future__ import annotations

import pytest
from clusters import cluster_in_threads

from napari_abdoseg.batch.goal import Goal, SegmentationJob


@pytest.fixture(scope="module")
def scheduler():
    """Address of a scheduler with two workers."""
    with cluster_in_threads(2) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def job_for_one_fold(ensemble):
    """What workers are to do with a small model."""
    return SegmentationJob.for_others(ensemble, Goal.of(ensemble, "exact"))
