"""The workers of a cluster, and the cases that they take from one queue."""

from __future__ import annotations

import queue
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

from distributed import Client

from napari_abdoseg.batch.background import Background
from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.cluster.introduction import UnfitWorkerError
from napari_abdoseg.batch.cluster.remote_worker import IDLE, RemoteWorker, WorkerDiedError
from napari_abdoseg.batch.run import Segmenting
from napari_abdoseg.batch.step import End, Step
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.progress import Progress, Work, relay

MOST_WORKERS = 512
"""Workers that work for one run."""
TRIES = 3
"""Workers that may die of a case."""
PATIENCE = 0.2
"""Seconds between two reports when nothing is heard."""
LOOKED_FOR = 1.0
"""Seconds between two looks at who is there."""
GPU = "GPU"
"""A resource of workers, as Dask's documentation has it."""
WAITING = "Waiting for workers"


class Service(Protocol):
    """What a crew does with its cases."""

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
        WorkerDiedError
            The case is to be begun anew elsewhere.
        """


class Crew:
    """Gives cases to the workers of a cluster, one at a time to each, those who come later too.

    A task is meant for one worker, so that it is known which case it died of.

    Parameters
    ----------
    client : Client
    cases : sequence of Case
    service : Service
    """

    def __init__(self, client: Client, cases: Sequence[Case], service: Service) -> None:
        self._client, self._service = client, service
        self._waiting = deque(cases)
        self._open = {case.name: case for case in cases}
        self._deaths: Counter[str] = Counter()
        self._workers: dict[str, RemoteWorker] = {}
        self._unfit: dict[str, UnfitWorkerError] = {}
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
        with Background(MOST_WORKERS) as background:
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
                    self._unfit[report.address] = report
                    self._workers.pop(report.address, None)
                    report = Progress(WAITING, 0, 0, str(report))
                elif isinstance(report, Exception):
                    raise report
                if isinstance(report, Step) and report.end:
                    self._open.pop(report.case.name)
                else:
                    last = replace(report, notice=None)
                yield report

    def _look_for_workers(self, background: Background) -> None:
        try:
            present = self._present()
        except OSError:  # it reconnects, or gives up
            return
        for address, worker in list(self._workers.items()):
            if address not in present or worker.has_died.is_set():
                worker.has_died.set()
                del self._workers[address]
                self._inbox.put(Progress(WAITING, 0, 0))
        for address in present.keys() - self._workers.keys() - self._unfit.keys():
            worker = RemoteWorker(self._client, address, present[address])
            self._workers[address] = worker
            background.start(self._following(worker))
        if self._unfit and not self._workers:
            raise next(iter(self._unfit.values()))

    def _present(self) -> dict[str, dict[str, float]]:
        """Workers that are there, with what a case takes of their resources.

        Raises
        ------
        OSError
            The scheduler does not answer now.
        AbdosegError
            It is gone.
        """
        scheduler = self._client.scheduler
        if scheduler is None or self._client.status in ("closing", "closed"):
            raise AbdosegError(
                "The scheduler no longer answers. What is finished stays: start the same command "
                "again when it is back."
            )
        workers: dict[str, Any] = self._client.sync(scheduler.identity, n_workers=-1)["workers"]
        resources = {address: about["resources"] for address, about in workers.items()}
        with_gpu = {address: {GPU: 1.0} for address, has in resources.items() if has.get(GPU)}
        return with_gpu or {address: {} for address in resources}

    def _following(self, worker: RemoteWorker) -> Work[None]:
        """A worker's life, in a thread of its own."""
        try:
            yield from relay(self._service.welcoming(worker), self._pass_on)
            while True:
                try:
                    case = self._waiting.popleft()
                except IndexError:
                    time.sleep(PATIENCE)
                    yield IDLE
                else:
                    yield from self._following_case(worker, case)
        except WorkerDiedError:
            worker.has_died.set()
        except Exception as error:
            self._inbox.put(error)

    def _following_case(self, worker: RemoteWorker, case: Case) -> Work[None]:
        try:
            self._inbox.put((yield from self._service.serving(worker, case)))
        except WorkerDiedError as death:
            self._deaths[case.name] += death.deaths
            if self._deaths[case.name] < TRIES:
                self._waiting.append(case)
            else:
                reason = (
                    f"{TRIES} workers that had it died; the last was {worker.address}: its log may "
                    "say why."
                )
                self._inbox.put(Step(case, end=End.FAILED, notice=reason))
            raise

    def _pass_on(self, progress: Progress) -> Progress:
        if progress.stage:
            self._inbox.put(progress)
        return IDLE
