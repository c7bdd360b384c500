"""A worker of a real cluster that dies at moments of our choice."""

from __future__ import annotations

import os
import signal
import sys

import cloudpickle
import pytest
from clusters import cluster_of_processes
from distributed import Client

from napari_abdoseg.batch.cluster.remote_worker import IDLE, RemoteWorker, WorkerDiedError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills processes")
cloudpickle.register_pickle_by_value(sys.modules[__name__])


def die_outside(process: int) -> None:
    """End this process, unless it is that one."""
    if os.getpid() != process:
        os.kill(os.getpid(), signal.SIGKILL)


class DeadlyToRead:
    """What kills another process that unpacks it."""

    def __reduce__(self):
        return die_outside, (os.getpid(),)


class DeadlyToSend:
    """What kills the process that packs it."""

    def __reduce__(self):
        os.kill(os.getpid(), signal.SIGKILL)


def make_deadly() -> DeadlyToSend:
    return DeadlyToSend()


def take(_: object) -> str:
    return "taken"


@pytest.fixture
def worker():
    """A worker that is known to have died as soon as another process is in its place."""
    with cluster_of_processes(1) as cluster, Client(cluster) as client:
        (address,) = client.scheduler_info(n_workers=-1)["workers"]
        yield RemoteWorker(client, address, {})


def followed(worker: RemoteWorker, work):
    """Follow a call as a pool does, which looks now and then at who is there."""
    for report in work:
        assert report is IDLE
        client = worker._client
        if worker.address not in client.sync(client.scheduler.identity, n_workers=-1)["workers"]:
            worker.has_died.set()


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_a_result_that_died_with_its_worker_is_not_waited_for(worker):
    with pytest.raises(WorkerDiedError):
        followed(worker, worker.calling(make_deadly))
    assert worker.has_died.is_set()


@pytest.mark.timeout(120)
def test_a_load_that_kills_its_worker_is_not_waited_for(worker):
    with pytest.raises(WorkerDiedError):
        followed(worker, worker.sending(take, DeadlyToRead()))
