"""Workers of a cluster: who is there, who is fit, and who takes cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from distributed import Client

from napari_abdoseg.batch.cluster.introduction import UnfitWorkerError
from napari_abdoseg.batch.cluster.remote_worker import RemoteWorker
from napari_abdoseg.errors import AbdosegError

GPU = "GPU"
"""A resource of workers, as Dask's documentation has it."""
MOST_REFUSED = 3
"""Workers that may be unfit before one is fit, when none is left."""


class WorkerList:
    """Keeps the list of a cluster's workers.

    Where workers with a GPU are there, others take no more cases.

    Parameters
    ----------
    client : Client
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self._workers: dict[str, RemoteWorker] = {}
        self._used: frozenset[str] = frozenset()
        self._fit: set[str] = set()
        self._unfit: dict[str, UnfitWorkerError] = {}
        self._refused: list[UnfitWorkerError] = []

    def look(self) -> tuple[list[RemoteWorker], list[RemoteWorker]]:
        """See who has come, and who has gone since the last look.

        Raises
        ------
        UnfitWorkerError
            None is there that can do its share, nor was there ever one.
        AbdosegError
            The scheduler is gone.
        """
        try:
            present = self._present()
        except OSError:  # it reconnects, or gives up
            return [], []
        gone = [
            worker
            for address, worker in self._workers.items()
            if address not in present or worker.has_died.is_set()
        ]
        for worker in gone:
            worker.has_died.set()
            del self._workers[worker.address]
        self._unfit = {address: self._unfit[address] for address in self._unfit.keys() & present}
        come = self._newcomers(present)
        none_left = not self._workers and not self._fit
        if none_left and (self._unfit or len(self._refused) >= MOST_REFUSED):
            raise self._refused[-1]
        return come, gone

    def takes_cases(self, worker: RemoteWorker) -> bool:
        """Whether a worker is to have a case."""
        return worker.address in self._used

    def note_fit(self, worker: RemoteWorker) -> None:
        """A worker is ready."""
        self._fit.add(worker.address)

    def note_unfit(self, error: UnfitWorkerError) -> None:
        """A worker is to be asked no more, as long as it is there."""
        self._unfit[error.address] = error
        self._refused.append(error)
        self._fit.discard(error.address)
        self._workers.pop(error.address, None)

    def _newcomers(self, present: Mapping[str, Mapping[str, float]]) -> list[RemoteWorker]:
        possible = present.keys() - self._unfit.keys()
        with_gpu = {address for address in possible if present[address].get(GPU)}
        self._used = frozenset(with_gpu or possible)
        resources = {GPU: 1.0} if with_gpu else {}
        come = [
            RemoteWorker(self._client, address, resources)
            for address in self._used - self._workers.keys()
        ]
        self._workers |= {worker.address: worker for worker in come}
        return come

    def _present(self) -> dict[str, dict[str, float]]:
        """Resources of the workers that are there.

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
        return {address: about["resources"] for address, about in workers.items()}
