"""Work reports, can be drained, timed and cancelled."""

from __future__ import annotations

import time

import pytest
from working import run

from napari_abdoseg.progress import (
    Countdown,
    Progress,
    Work,
    as_part,
    drain,
    spoken_duration,
    thin_out,
    time_stages,
)


def work(closed: list[str] | None = None, pause: float = 0) -> Work[str]:
    try:
        yield Progress("Reading", 0, 0)
        time.sleep(pause)
        yield Progress("Segmenting", 1, 4)
        time.sleep(pause)
        yield Progress("Segmenting", 2, 4)
        time.sleep(pause)
        yield Progress("Writing", 4, 4)
        return "done"
    finally:
        if closed is not None:
            closed.append("closed")


def test_a_part_of_a_work_is_a_part_of_its_progress():
    part = as_part(1, 4)(Progress("Segmenting", 1, 2, "Mind this.", "interim"))
    assert part == Progress("Segmenting", 1500, 4000, "Mind this.", "interim")


def test_draining_gives_the_result():
    assert drain(work()) == "done"


@pytest.mark.parametrize(("done", "total", "share"), [(0, 0, 0), (1, 4, 0.25), (4, 4, 1)])
def test_fraction(done, total, share):
    assert Progress("Segmenting", done, total).fraction == share


def test_stages_are_timed_and_passed_on():
    seconds: dict[str, float] = {}
    steps, result = run(time_stages(work(pause=0.01), seconds))
    assert result == "done"
    assert [step.stage for step in steps] == ["Reading", "Segmenting", "Segmenting", "Writing"]
    assert list(seconds) == ["Reading", "Segmenting", "Writing"]
    assert seconds["Segmenting"] > seconds["Reading"] > 0


def test_closing_timed_work_closes_the_work():
    closed: list[str] = []
    timed = time_stages(work(closed), {})
    next(timed)
    timed.close()
    assert closed == ["closed"]


def test_the_countdown_follows_the_pace():
    countdown = Countdown()
    assert countdown.seconds_left(Progress("Preprocessing", 0, 0)) is None
    assert countdown.seconds_left(Progress("Segmenting", 10, 30)) is None
    time.sleep(0.05)
    half = countdown.seconds_left(Progress("Segmenting", 20, 30))
    assert half is not None
    assert half >= 0.05
    assert countdown.seconds_left(Progress("Segmenting", 30, 30)) == 0


@pytest.mark.parametrize(
    ("seconds", "words"), [(4.4, "4 s"), (89, "89 s"), (180, "3 min"), (6000, "1 h 40 min")]
)
def test_durations_as_one_says_them(seconds, words):
    assert spoken_duration(seconds) == words


def test_thinned_out_work_keeps_stages_and_notices():
    def noisy() -> Work[str]:
        yield Progress("Reading", 0, 0)
        for done in range(100):
            yield Progress("Segmenting", done, 100, "low on memory" if done == 50 else None)
        return "done"

    seen, result = run(thin_out(noisy(), interval=60))
    assert result == "done"
    assert [(each.stage, each.done) for each in seen] == [
        *(("Reading", 0), ("Segmenting", 0), ("Segmenting", 50)),
    ]
    assert len(list(thin_out(noisy(), interval=0))) == 101
