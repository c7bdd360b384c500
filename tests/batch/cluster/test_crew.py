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
from napari_abdoseg.batch.cluster.connection import connected
from napari_abdoseg.batch.cluster.crew import Crew
from napari_abdoseg.batch.cluster.introduction import UnfitWorkerError
from napari_abdoseg.batch.cluster.remote_worker import IDLE
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
def crew_of(scheduler, service, count):
    with connected(scheduler) as client, closing(Crew(client, cases(count), service).run()) as run:
        yield run


def ended(reports) -> list[str]:
    return [report.case.name for report in reports if isinstance(report, Step) and report.end]


def test_all_workers_take_cases_from_one_queue(scheduler):
    service = Travelling()
    with crew_of(scheduler, service, 40) as reports:
        names = ended(reports)
    assert sorted(names) == sorted(case.name for case in cases(40))
    assert len({address for address, _ in service.went.values()}) == 2
    assert all(not resources for _, resources in service.went.values())


def test_a_gpu_is_asked_for_where_workers_have_one():
    service = Travelling()
    with (
        cluster_in_threads(2, {"GPU": 1}) as cluster,
        crew_of(cluster.scheduler_address, service, 10) as reports,
    ):
        assert len(ended(reports)) == 10
    assert all(resources == {"GPU": 1.0} for _, resources in service.went.values())


def test_workers_that_come_later_take_part():
    service = Travelling()
    with cluster_in_threads(0) as cluster, crew_of(cluster.scheduler_address, service, 3) as run:
        assert next(run) == Progress("Waiting for workers", 0, 0)
        cluster.scale(1)
        assert len(ended(run)) == 3


def test_a_worker_that_is_unfit_is_named_and_the_others_work(scheduler):
    service = Travelling()
    with connected(scheduler) as client:
        unfit, fit = client.scheduler_info(n_workers=-1)["workers"]
    service.unfit = {unfit}
    with crew_of(scheduler, service, 6) as run:
        reports = list(run)
    assert len(ended(reports)) == 6
    assert {address for address, _ in service.went.values()} == {fit}
    notices = [report.notice for report in reports if isinstance(report, Progress)]
    assert f"The worker {unfit} is tired." in notices
    service.unfit = {unfit, fit}
    with crew_of(scheduler, service, 6) as run, pytest.raises(UnfitWorkerError, match="is tired"):
        list(run)


def test_a_fault_of_ours_ends_the_run(scheduler):
    class Faulty(Travelling):
        def serving(self, worker, case):
            yield IDLE
            raise ZeroDivisionError

    with crew_of(scheduler, Faulty(), 2) as run, pytest.raises(ZeroDivisionError):
        list(run)


def test_closing_leaves_no_thread_and_no_task(scheduler):
    class Endless(Travelling):
        def serving(self, worker, case):
            while True:
                yield IDLE

    threads = set(threading.enumerate())
    with crew_of(scheduler, Endless(), 5) as run:
        for _ in range(3):
            next(run)
    left = {thread for thread in set(threading.enumerate()) - threads if "IO loop" in thread.name}
    assert not left


def test_a_scheduler_that_goes_away_is_told():
    with cluster_in_threads(1) as cluster:

        class Fatal(Travelling):
            def serving(self, worker, case):
                yield IDLE
                cluster.close()
                while True:
                    yield IDLE

        with (
            crew_of(cluster.scheduler_address, Fatal(), 1) as run,
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
            scheduler = self.cluster.scheduler
            self.cluster.sync(
                scheduler.remove_worker, worker.address, stimulus_id="test", expected=False
            )
        return (yield from super().serving(worker, case))


def test_a_case_of_which_three_workers_die_is_given_up():
    with cluster_in_threads(4) as cluster:
        service = Losing(cluster)
        with crew_of(cluster.scheduler_address, service, 5) as run:
            reports = list(run)
    assert len(set(service.lost)) == 3
    steps = [report for report in reports if isinstance(report, Step)]
    assert {step.case.name for step in steps if step.end is End.MADE} == {"c1", "c2", "c3", "c4"}
    (failed,) = [step for step in steps if step.end is End.FAILED]
    assert failed.case.name == "c0"
    assert failed.notice == (
        f"3 workers that had it died; the last was {service.lost[-1]}: its log may say why."
    )
