"""Long work and how its reports are shown."""

from __future__ import annotations

import threading
import time

import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtWidgets import QApplication

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.plugin.jobs.job import Job, UnexpectedError
from napari_abdoseg.progress import Progress


def test_reports_that_come_while_one_is_shown_wait_for_the_next_turn(make_napari_viewer, qtbot):
    make_napari_viewer()
    shown: list[int] = []
    previews: list[int] = []
    depth, deepest = 0, 0

    def work():
        for step in range(300):
            yield Progress(f"Stage {step}", step, 300, interim=step if step % 100 == 0 else None)

    def show(progress: Progress, _: str) -> None:
        nonlocal depth, deepest
        depth += 1
        deepest = max(deepest, depth)
        QApplication.processEvents()
        shown.append(progress.done)
        depth -= 1

    job = Job(work(), "Job")
    job.progressed.connect(show)
    job.previewed.connect(previews.append)
    with qtbot.waitSignal(job.ended, timeout=60_000):
        job.start()
    count = len(shown)
    qtbot.wait(50)
    assert len(shown) == count
    assert deepest == 1
    assert shown == sorted(set(shown))
    assert previews == [0, 100, 200]


def test_cancelled_work_is_closed_in_its_thread_before_the_job_ends(make_napari_viewer, qtbot):
    make_napari_viewer()
    closed_by: list[threading.Thread] = []

    def work():
        try:
            while True:
                time.sleep(0.01)
                yield Progress("Working", 0, 0)
        finally:
            closed_by.append(threading.current_thread())

    job = Job(work(), "Job")
    with qtbot.waitSignal(job.progressed, timeout=60_000):
        job.start()
    with qtbot.waitSignal(job.ended, timeout=60_000):
        job.cancel()
    assert len(closed_by) == 1
    assert closed_by[0] is not threading.main_thread()


def test_napari_names_work_by_what_is_being_done_when_it_asks_to_close(make_napari_viewer, qtbot):
    tasks = make_napari_viewer().window._task_status_manager
    go_on = threading.Event()

    def work():
        yield Progress("Preprocessing", 0, 4)
        yield Progress("Segmenting", 2, 4, part="2 of 5 folds")
        go_on.wait(60)
        yield Progress("Resampling to the scan", 3, 4)

    job = Job(work(), "Segment ct")
    assert tasks.get_status() == []
    job.start()
    assert tasks.get_status() == ["Segment ct: Starting"]
    qtbot.waitUntil(lambda: tasks.get_status() == ["Segment ct: Segmenting, 2 of 5 folds"])
    with qtbot.waitSignal(job.ended, timeout=60_000):
        tasks.cancel_all()  # as napari does when it closes
        go_on.set()
    assert not tasks.is_busy()


def _failing(error: Exception):
    yield Progress("Working", 0, 0)
    raise error


def test_a_mistake_of_the_user_is_told(qtbot):
    job, returned = Job(_failing(AbdosegError("ct.nii is no CT: choose one.")), "Job"), []
    job.returned.connect(returned.append)
    with qtbot.waitSignal(job.ended, timeout=60_000):
        job.start()
    assert (job.failed, job.cancelled, returned) == (True, False, [])
    assert job.problem == "ct.nii is no CT: choose one."
    assert notification_manager.records[-1].message == job.problem


@pytest.mark.parametrize("error", [ValueError("a bug"), RuntimeError("a bug")])
def test_any_other_error_is_a_bug_with_its_traceback(qtbot, error):
    job = Job(_failing(error), "Job")
    with qtbot.capture_exceptions() as raised, qtbot.waitSignal(job.ended, timeout=60_000):
        job.start()
    assert (job.failed, job.problem) == (True, "a bug")
    ((kind, _, _),) = raised
    assert kind is (UnexpectedError if isinstance(error, RuntimeError) else ValueError)


def test_the_activity_dock_cancels_it_too(qtbot):
    def work():
        while True:
            time.sleep(0.01)
            yield Progress("Working", 0, 0)

    job = Job(work(), "Job")
    with qtbot.waitSignal(job.progressed, timeout=60_000):
        job.start()
    with qtbot.waitSignal(job.ended, timeout=60_000):
        job._activity.cancel()
    assert (job.cancelled, job.problem) == (True, "Cancelled.")
