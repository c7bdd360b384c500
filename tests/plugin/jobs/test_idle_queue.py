"""Work that waits for its turn."""

from __future__ import annotations

import pytest
from qtpy.QtCore import QTimer

from napari_abdoseg.plugin.jobs.idle_queue import IdleWork, take_turns


@pytest.fixture
def done(qapp) -> list[str]:
    return []


def test_each_piece_is_done_once_in_order(done, qtbot):
    one, other = IdleWork(lambda: done.append("one")), IdleWork(lambda: done.append("other"))
    for turn in (one, other, one):
        turn.wait()
    assert done == []
    qtbot.waitUntil(lambda: done == ["one", "other"])


def test_who_waits_first_is_first(done, qtbot):
    one, other = IdleWork(lambda: done.append("one")), IdleWork(lambda: done.append("other"))
    one.wait()
    other.wait_first()
    qtbot.waitUntil(lambda: done == ["other", "one"])


def test_who_is_patient_lets_those_go_first_who_come_later(done, qtbot):
    def work():
        done.append("patient")
        if len(done) == 1:
            IdleWork(lambda: done.append("other")).wait()
            patient.wait()

    patient = IdleWork(work, is_patient=True)
    patient.wait()
    qtbot.waitUntil(lambda: len(done) == 3)
    assert done == ["patient", "other", "patient"]


def test_steps_have_a_turn_each_as_long_as_they_are_wanted(done, qtbot):
    def steps():
        for step in ("first", "second", "third"):
            done.append(step)
            yield

    IdleWork(lambda: done.append("other")).wait()
    take_turns(steps(), lambda: "second" not in done)
    assert done == ["first"]
    qtbot.waitUntil(lambda: len(done) == 3)
    qtbot.wait(50)
    assert done == ["first", "other", "second"]


def test_the_window_answers_between_two(done, qtbot):
    QTimer.singleShot(0, lambda: IdleWork(lambda: done.append("other")).wait())
    IdleWork(lambda: QTimer.singleShot(0, lambda: done.append("click"))).wait()
    qtbot.waitUntil(lambda: len(done) == 2)
    assert done == ["click", "other"]


def test_work_can_ask_for_another_turn(done, qtbot):
    def work():
        done.append("step")
        if len(done) < 3:
            turn.wait()

    turn = IdleWork(work)
    turn.wait()
    qtbot.waitUntil(lambda: len(done) == 3)
    qtbot.wait(50)
    assert len(done) == 3


def test_cancelled_it_is_not_done_and_the_next_one_is(done, qtbot):
    one, other = IdleWork(lambda: done.append("one")), IdleWork(lambda: done.append("other"))
    one.wait()
    other.wait()
    one.cancel()
    qtbot.waitUntil(lambda: done == ["other"])
    one.cancel()
    one.wait()
    qtbot.waitUntil(lambda: done == ["other", "one"])


def test_in_a_hurry_it_is_done_at_once_if_it_waits(done, qtbot):
    one, other = IdleWork(lambda: done.append("one")), IdleWork(lambda: done.append("other"))
    one.hurry()
    assert done == []
    for turn in (one, other):
        turn.wait()
    other.hurry()
    assert done == ["other"]
    assert (one.is_waiting, other.is_waiting) == (True, False)
    qtbot.waitUntil(lambda: done == ["other", "one"])


def test_what_fails_holds_up_no_other(done, qtbot):
    def fail():
        raise ValueError("broken")

    IdleWork(fail).wait()
    IdleWork(lambda: done.append("other")).wait()
    with qtbot.capture_exceptions() as exceptions:
        qtbot.waitUntil(lambda: done == ["other"])
    assert [str(error) for _, error, _ in exceptions] == ["broken"]
