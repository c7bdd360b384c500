"""Real clusters of Dask on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from distributed import LocalCluster
from distributed.security import Security


@contextmanager
def cluster_in_threads(
    count: int = 1, resources: dict[str, float] | None = None, security: Security | None = None
) -> Iterator[LocalCluster]:
    """A scheduler and workers in this process, which talk over the loopback interface."""
    with (
        _as_many_threads_as_a_worker(),
        LocalCluster(
            n_workers=count,
            processes=False,
            protocol="tls" if security else "tcp",
            security=security,
            resources=resources,
            **_settings(),
        ) as cluster,
    ):
        yield cluster


@contextmanager
def cluster_of_processes(count: int) -> Iterator[LocalCluster]:
    """A scheduler in this process, and workers in others, begun anew when they die."""
    with _as_many_threads_as_a_worker(), LocalCluster(n_workers=count, **_settings()) as cluster:
        yield cluster


def processes_of(cluster: LocalCluster) -> list[int]:
    """Numbers of the workers' processes, those that are there now."""
    return [nanny.pid for nanny in cluster.workers.values() if nanny.pid]


@contextmanager
def _as_many_threads_as_a_worker() -> Iterator[None]:
    """Sums are rounded differently by another number of threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _settings() -> dict[str, Any]:
    return {"threads_per_worker": 1, "dashboard_address": ":0", "memory_limit": 0}
