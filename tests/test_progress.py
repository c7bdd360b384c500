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
    steadily,
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
    part = as_part(0.25, 0.5)(Progress("Segmenting", 1, 2, "Mind this.", "interim", most=3))
    assert part == Progress("Segmenting", 3750, 10_000, "Mind this.", "interim", most=16_250)
    assert as_part(0.25, 0.5)(Progress("Preprocessing", 0, 0)).fraction == 0.25
    assert as_part(0, 0.5)(Progress("Preprocessing", 0, 0)) == Progress("Preprocessing", 0, 0)


def test_a_bar_slows_down_where_more_is_to_do_and_never_falls():
    def growing() -> Work[None]:
        for done, total in ((0, 0), (9, 10), (10, 20), (4, 20), (5, 20), (12, 20), (20, 20)):
            yield Progress("Segmenting", done, total)

    shares = [step.fraction for step in run(steadily(growing()))[0]]
    assert shares == pytest.approx([0, 0.9, 0.909, 0.909, 0.915, 0.954, 1], abs=0.001)


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
    expected, most = countdown.seconds_left(Progress("Segmenting", 20, 30, most=50))
    assert expected >= 0.05
    assert most == pytest.approx(3 * expected)
    assert countdown.seconds_left(Progress("Segmenting", 30, 30)) == (0, 0)


def test_the_countdown_forgets_an_earlier_pace(monkeypatch):
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    countdown = Countdown()
    for done in range(50):
        now += 1
        countdown.seconds_left(Progress("Segmenting", done, 100))
    for done in range(50, 60):
        now += 10
        left = countdown.seconds_left(Progress("Segmenting", done, 100))
    assert left[0] == pytest.approx(10 * (100 - 59))


@pytest.mark.parametrize(
    ("total", "most", "words"),
    [
        (100, None, "45 s left"),
        (100, 110, "45 s left"),
        (100, 500, "about 45 s left, 4 min at most"),
        (10, None, ""),
        (0, None, ""),
    ],
)
def test_time_left_as_one_says_it(monkeypatch, total, most, words):
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    countdown = Countdown()
    countdown.words_for(Progress("Segmenting", 0, total))
    now = 5.0
    assert countdown.words_for(Progress("Segmenting", 10, total, most=most)) == words


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
