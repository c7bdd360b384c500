"""How the workers of a real cluster share cases, with work of no size."""

from __future__ import annotations

import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from clusters import cluster_in_threads
from distributed import get_worker

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.cluster import connection
from napari_abdoseg.batch.cluster.connection import connected
from napari_abdoseg.batch.cluster.introduction import UnfitWorkerError
from napari_abdoseg.batch.cluster.remote_worker import IDLE
from napari_abdoseg.batch.cluster.worker_pool import WorkerPool
from napari_abdoseg.batch.step import End, Step
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.progress import Progress


def cases(count: int) -> list[Case]:
    return [Case(f"c{number}", Path(), Path()) for number in range(count)]


def where_am_i() -> tuple[str, dict[str, float]]:
    time.sleep(0.05)
    worker = get_worker()
    task = worker.state.tasks[worker.get_current_task()]
    return worker.address, dict(task.resource_restrictions or {})


class Travelling:
    """A service that notes where each case was."""

    def __init__(self) -> None:
        self.went: dict[str, tuple[str, dict[str, float]]] = {}
        self.unfit: set[str] = set()

    def welcoming(self, worker):
        yield IDLE
        if worker.address in self.unfit:
            raise UnfitWorkerError(worker.address, "is tired.")

    def serving(self, worker, case):
        self.went[case.name] = yield from worker.calling(where_am_i)
        return Step(case, end=End.MADE)


@contextmanager
def pool_of(scheduler, service, count):
    with (
        connected(scheduler) as client,
        closing(WorkerPool(client, cases(count), service).run()) as run,
    ):
        yield run


def ended(reports) -> list[str]:
    return [report.case.name for report in reports if isinstance(report, Step) and report.end]


def test_all_workers_take_cases_from_one_queue(scheduler):
    service = Travelling()
    with pool_of(scheduler, service, 40) as reports:
        names = ended(reports)
    assert sorted(names) == sorted(case.name for case in cases(40))
    assert len({address for address, _ in service.went.values()}) == 2
    assert all(not resources for _, resources in service.went.values())


def test_a_gpu_is_asked_for_where_workers_have_one():
    service = Travelling()
    with (
        cluster_in_threads(2, {"GPU": 1}) as cluster,
        pool_of(cluster.scheduler_address, service, 10) as reports,
    ):
        assert len(ended(reports)) == 10
    assert all(resources == {"GPU": 1.0} for _, resources in service.went.values())


def test_workers_that_come_later_take_part():
    service = Travelling()
    with cluster_in_threads(0) as cluster, pool_of(cluster.scheduler_address, service, 3) as run:
        assert next(run) == Progress("Waiting for workers", 0, 0)
        cluster.scale(1)
        assert len(ended(run)) == 3


def test_a_worker_that_is_unfit_is_named_and_the_others_work(scheduler):
    service = Travelling()
    with connected(scheduler) as client:
        unfit, fit = client.scheduler_info(n_workers=-1)["workers"]
    service.unfit = {unfit}
    with pool_of(scheduler, service, 6) as run:
        reports = list(run)
    assert len(ended(reports)) == 6
    assert {address for address, _ in service.went.values()} == {fit}
    notices = [report.notice for report in reports if isinstance(report, Progress)]
    assert f"The worker {unfit} is tired." in notices
    service.unfit = {unfit, fit}
    with pool_of(scheduler, service, 6) as run, pytest.raises(UnfitWorkerError, match="is tired"):
        list(run)


def test_a_fault_of_ours_ends_the_run(scheduler):
    class Faulty(Travelling):
        def serving(self, worker, case):
            yield IDLE
            raise ZeroDivisionError

    with pool_of(scheduler, Faulty(), 2) as run, pytest.raises(ZeroDivisionError):
        list(run)


def wait_until_cancelled() -> None:
    worker = get_worker()
    task = worker.state.tasks[worker.get_current_task()]
    while task.state == "executing":
        time.sleep(0.01)


def test_closing_leaves_no_thread_and_no_task():
    class Endless(Travelling):
        def serving(self, worker, case):
            yield from worker.calling(wait_until_cancelled)

    with cluster_in_threads(2) as cluster:
        threads = set(threading.enumerate())
        workers = list(cluster.workers.values())
        with pool_of(cluster.scheduler_address, Endless(), 5) as run:
            while not all(worker.active_threads for worker in workers):
                next(run)
        began = {thread.name for thread in set(threading.enumerate()) - threads}
        assert not {name for name in began if "-Dask-" not in name}
        while any(worker.active_threads for worker in workers):
            time.sleep(0.01)
        assert not cluster.scheduler.tasks


def fail() -> None:
    raise RuntimeError("the GPU is gone")


def test_a_worker_that_fails_with_case_after_case_has_none_any_more(scheduler):
    class Failing(Travelling):
        """Until one of the two is told, both have had a case."""

        bad = ""

        def serving(self, worker, case):
            self.bad = self.bad or worker.address
            if worker.address == self.bad:
                yield from worker.calling(fail)
            return (yield from super().serving(worker, case))

    service = Failing()
    with pool_of(scheduler, service, 12) as run:
        reports = list(run)
    steps = [report for report in reports if isinstance(report, Step) and report.end]
    assert {step.case.name for step in steps if step.end is End.MADE} == {
        case.name for case in cases(12)
    }
    notices = [report.notice for report in reports if isinstance(report, Progress)]
    assert (
        f"The worker {service.bad} failed with one case after the other: RuntimeError: the GPU is "
        "gone"
    ) in notices


def test_a_case_that_fails_everywhere_is_given_up_and_the_others_are_made(scheduler):
    class Spoilt(Travelling):
        def serving(self, worker, case):
            if case.name == "c2":
                yield from worker.calling(fail)
            return (yield from super().serving(worker, case))

    with pool_of(scheduler, Spoilt(), 6) as run:
        steps = [report for report in run if isinstance(report, Step) and report.end]
    (failed,) = [step for step in steps if step.end is End.FAILED]
    assert failed.case.name == "c2"
    assert failed.notice.startswith("3 tries failed, the last on tcp://")
    assert failed.notice.endswith(": RuntimeError: the GPU is gone")
    assert len(steps) == 6


def lose(cluster, address: str) -> None:
    """Have the scheduler forget a worker."""
    scheduler = cluster.scheduler
    cluster.sync(scheduler.remove_worker, address, stimulus_id="test", expected=False)


@pytest.mark.slow
def test_idle_workers_that_leave_are_given_no_case():
    """Two idle ones leave; then the one with the only case does, and a new one makes it."""
    with cluster_in_threads(3) as cluster:
        had = []

        class Leaving(Travelling):
            def serving(self, worker, case):
                had.append(worker.address)
                if len(had) > 1:
                    return (yield from super().serving(worker, case))
                for address in set(cluster.scheduler.workers) - {worker.address}:
                    lose(cluster, address)
                until = time.monotonic() + 3
                while time.monotonic() < until:
                    yield IDLE
                cluster.scale(4)
                lose(cluster, worker.address)
                yield from worker.calling(where_am_i)

        with pool_of(cluster.scheduler_address, Leaving(), 1) as run:
            assert ended(run) == ["c0"]
    assert len(had) == 2


@pytest.mark.slow
def test_workers_without_a_gpu_finish_their_case_and_take_no_more_where_others_have_one():
    with cluster_in_threads(1) as cluster:
        (without,) = cluster.scheduler.workers

        class Patient(Travelling):
            """Its first case lasts until a worker with a GPU had another one."""

            def serving(self, worker, case):
                if worker.address == without:
                    cluster.new_spec["options"]["resources"] = {"GPU": 1}
                    cluster.scale(2)
                    while len(self.went) < 4:
                        yield IDLE
                return (yield from super().serving(worker, case))

        service = Patient()
        with pool_of(cluster.scheduler_address, service, 5) as run:
            assert len(ended(run)) == 5
    by_gpu = [resources for _, resources in service.went.values() if resources]
    assert by_gpu == [{"GPU": 1.0}] * 4


@pytest.mark.slow
def test_a_scheduler_that_goes_away_is_told(monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE", 3.0)
    with cluster_in_threads(1) as cluster:

        class Fatal(Travelling):
            def serving(self, worker, case):
                yield IDLE
                cluster.close()
                while True:
                    yield IDLE

        with (
            pool_of(cluster.scheduler_address, Fatal(), 1) as run,
            pytest.raises(AbdosegError, match=r"The scheduler no longer answers\. What is"),
        ):
            list(run)


class Losing(Travelling):
    """A service during whose first case, each time, the worker is lost."""

    def __init__(self, cluster) -> None:
        super().__init__()
        self.cluster, self.lost = cluster, []

    def serving(self, worker, case):
        if case.name == "c0":
            self.lost.append(worker.address)
            lose(self.cluster, worker.address)
        return (yield from super().serving(worker, case))


def test_a_case_of_which_three_workers_die_is_given_up():
    with cluster_in_threads(4) as cluster:
        service = Losing(cluster)
        with pool_of(cluster.scheduler_address, service, 5) as run:
            reports = list(run)
    assert len(set(service.lost)) == 3
    steps = [report for report in reports if isinstance(report, Step)]
    assert {step.case.name for step in steps if step.end is End.MADE} == {"c1", "c2", "c3", "c4"}
    (failed,) = [step for step in steps if step.end is End.FAILED]
    assert failed.case.name == "c0"
    assert failed.notice == (
        f"3 workers that had it died; the last was {service.lost[-1]}: its log may say why."
    )
