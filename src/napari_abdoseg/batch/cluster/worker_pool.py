"""The workers of a cluster, and the cases that they take from one queue."""

from __future__ import annotations

import queue
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from distributed import Client

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.cluster.introduction import UnfitWorkerError
from napari_abdoseg.batch.cluster.remote_worker import (
    IDLE,
    RemoteWorker,
    WorkerDiedError,
    WorkerFaultError,
)
from napari_abdoseg.batch.cluster.worker_list import WorkerList
from napari_abdoseg.batch.run import Segmenting
from napari_abdoseg.batch.step import End, Step
from napari_abdoseg.batch.worker_threads import WorkerThreads
from napari_abdoseg.progress import Progress, Work, relay

MOST_WORKERS = 512
"""Workers that work for one run."""
TRIES = 3
"""Workers that may die of a case, or fail with it."""
MOST_FAULTS = 2
"""Cases that a worker may fail with, one after the other."""
PATIENCE = 0.2
"""Seconds between two reports when nothing is heard."""
LOOKED_FOR = 1.0
"""Seconds between two looks at who is there."""
WAITING = "Waiting for workers"


class Service(Protocol):
    """What a pool does with its cases."""

    def welcoming(self, worker: RemoteWorker) -> Work[None]:
        """See that a worker can do its share.

        Raises
        ------
        UnfitWorkerError
            It can't.
        """

    def serving(self, worker: RemoteWorker, case: Case) -> Work[Step]:
        """Have a worker work on a case, to the step that ends it.

        Raises
        ------
        WorkerDiedError, WorkerFaultError
            The case is to be begun anew elsewhere.
        """


class WorkerPool:
    """Gives cases to the workers of a cluster, one at a time to each, those who come later too.

    A task is meant for one worker, so that it is known which case it died of.

    Parameters
    ----------
    client : Client
    cases : sequence of Case
    service : Service
    """

    def __init__(self, client: Client, cases: Sequence[Case], service: Service) -> None:
        self._service, self._roster = service, WorkerList(client)
        self._waiting = deque(cases)
        self._open = {case.name: case for case in cases}
        self._failures: Counter[str] = Counter()
        self._inbox: queue.SimpleQueue[Step | Progress | Exception] = queue.SimpleQueue()

    def hear(self, case: str, stage: str, fraction: float, notice: str | None) -> None:
        """Take word of a case from elsewhere."""
        if known := self._open.get(case):
            self._inbox.put(Step(known, stage, fraction, notice=notice))

    def run(self) -> Segmenting:
        """Work until all cases have come to an end.

        Raises
        ------
        AbdosegError
            No worker can do its share, or the scheduler is gone.
        """
        last: Step | Progress = Progress(WAITING, 0, 0)
        yield last
        due = 0.0
        with WorkerThreads(MOST_WORKERS) as background:
            while self._open:
                if time.monotonic() >= due:
                    self._look_for_workers(background)
                    due = time.monotonic() + LOOKED_FOR
                try:
                    report = self._inbox.get(timeout=PATIENCE)
                except queue.Empty:
                    yield last
                    continue
                if isinstance(report, UnfitWorkerError):
                    self._roster.note_unfit(report)
                    report = Progress(WAITING, 0, 0, str(report))
                elif isinstance(report, Exception):
                    raise report
                if isinstance(report, Step) and report.end:
                    self._open.pop(report.case.name)
                else:
                    last = replace(report, notice=None)
                yield report

    def _look_for_workers(self, background: WorkerThreads) -> None:
        come, gone = self._roster.look()
        if gone:
            self._inbox.put(Progress(WAITING, 0, 0))
        for worker in come:
            background.start(self._following(worker))

    def _following(self, worker: RemoteWorker) -> Work[None]:
        """A worker's life, in a thread of its own."""
        try:
            yield from relay(self._service.welcoming(worker), self._pass_on)
            self._roster.note_fit(worker)
            while not worker.has_died.is_set():
                if case := self._next_for(worker):
                    yield from self._following_case(worker, case)
                else:
                    time.sleep(PATIENCE)
                    yield IDLE
        except WorkerDiedError:
            worker.has_died.set()
        except Exception as error:
            self._inbox.put(error)

    def _next_for(self, worker: RemoteWorker) -> Case | None:
        if not self._roster.takes_cases(worker):
            return None
        try:
            return self._waiting.popleft()
        except IndexError:
            return None

    def _following_case(self, worker: RemoteWorker, case: Case) -> Work[None]:
        try:
            step = yield from self._service.serving(worker, case)
        except WorkerDiedError as death:
            where = f"the last was {worker.address}: its log may say why."
            self._put_back(case, death.deaths, f"{TRIES} workers that had it died; {where}")
            raise
        except WorkerFaultError as fault:
            self._put_back(case, 1, f"{TRIES} tries failed, the last on {worker.address}: {fault}")
            worker.failed_with.add(case.name)
            if len(worker.failed_with) >= MOST_FAULTS:
                reason = f"failed with one case after the other: {fault}"
                raise UnfitWorkerError(worker.address, reason) from fault
        else:
            worker.failed_with.clear()
            self._inbox.put(step)

    def _put_back(self, case: Case, failures: int, reason: str) -> None:
        """Have a case begun anew, unless that was done often enough."""
        self._failures[case.name] += failures
        if self._failures[case.name] < TRIES:
            self._waiting.append(case)
        else:
            self._inbox.put(Step(case, end=End.FAILED, notice=reason))

    def _pass_on(self, progress: Progress) -> Progress:
        if progress.stage:
            self._inbox.put(progress)
        return IDLE
