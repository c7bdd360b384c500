"""What a cluster's queue costs by itself: cases without any work on a real scheduler.

The scheduler runs in this process, workers run in others on this machine. Each case is one call
of a function that gives back at once, and goes the way of a real one otherwise. Memory is that
of this process when all cases are done.

    python benchmarks/cluster_overhead.py --cases 10000
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import psutil
from distributed import LocalCluster

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.cluster.connection import connected
from napari_abdoseg.batch.cluster.remote_worker import IDLE, RemoteWorker
from napari_abdoseg.batch.cluster.worker_pool import WorkerPool
from napari_abdoseg.batch.step import End, Step
from napari_abdoseg.progress import Work

MB = 1e6
A_CASE = 30.0
"""Seconds of a case that the overhead is compared with."""


def nothing() -> None:
    """The work of an empty case."""


class Emptiness:
    """A service without work."""

    def welcoming(self, worker: RemoteWorker) -> Work[None]:
        """Ask for nothing."""
        yield IDLE

    def serving(self, worker: RemoteWorker, case: Case) -> Work[Step]:
        """Do nothing on a worker."""
        yield from worker.calling(nothing)
        return Step(case, end=End.MADE)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    cases = [Case(f"case{number}", Path(), Path()) for number in range(chosen.cases)]
    with LocalCluster(
        n_workers=chosen.workers, threads_per_worker=1, dashboard_address=":0"
    ) as cluster:
        with connected(cluster.scheduler_address) as client:
            client.wait_for_workers(chosen.workers)
            begin, cpu = time.perf_counter(), time.process_time()
            made = sum(
                isinstance(report, Step) and report.end is End.MADE
                for report in WorkerPool(client, cases, Emptiness()).run()
            )
            seconds = time.perf_counter() - begin
            cpu = time.process_time() - cpu
        here = psutil.Process().memory_info().rss / MB
    assert made == chosen.cases
    a_case = seconds * chosen.workers / chosen.cases
    print(
        f"{made} empty cases, {chosen.workers} workers: {seconds:.0f} s, {1000 * a_case:.1f} ms of "
        f"a worker's time a case, {a_case / A_CASE:.2%} of a case of {A_CASE:.0f} s; "
        f"{1000 * cpu / chosen.cases:.1f} ms of this process (with the scheduler), "
        f"{here:.0f} MB in the end"
    )


if __name__ == "__main__":
    main()
