"""How long work reports on itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Progress:
    """One report of a piece of work.

    Parameters
    ----------
    stage : str
        What is being done, as a user would say it.
    done, total : int
        Steps of the whole work finished and expected.
    notice : str, optional
        Something the user must be told now, such as a fall back to the CPU.
    interim : optional
        A first result, to be used before the work goes on.
    """

    stage: str
    done: int
    total: int
    notice: str | None = None
    interim: Any = None

    @property
    def fraction(self) -> float:
        """Share of the work that is done, between 0 and 1."""
        return self.done / self.total if self.total else 0.0


Work = Generator[Progress, None, Result]
"""Work that reports progress while it runs; closing it cancels it."""


def drain(work: Work[Result]) -> Result:
    """Run ``work`` to its end and give back its result."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def relay(work: Work[Result], change: Callable[[Progress], Progress | None]) -> Work[Result]:
    """Pass on what ``change`` makes of each report, and nothing where that is None."""
    try:
        while True:
            try:
                progress = change(next(work))
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            if progress is not None:
                yield progress
    finally:
        work.close()


def as_part(number: int, count: int) -> Callable[[Progress], Progress]:
    """Change of a report on one of several equal parts of a work to one on the whole of it."""

    def change(progress: Progress) -> Progress:
        done = round(1000 * (number + progress.fraction))
        return replace(progress, done=done, total=1000 * count)

    return change


def thin_out(work: Work[Result], interval: float) -> Work[Result]:
    """Pass on one report in ``interval`` seconds, and each new stage, notice and interim result."""
    stage, due = "", 0.0

    def keep(progress: Progress) -> Progress | None:
        nonlocal stage, due
        now = time.perf_counter()
        worth_it = progress.notice or progress.interim is not None
        if progress.stage == stage and not worth_it and now < due:
            return None
        stage, due = progress.stage, now + interval
        return progress

    return relay(work, keep)


def time_stages(work: Work[Result], seconds: dict[str, float]) -> Work[Result]:
    """Pass ``work`` on and add the time of each of its stages to ``seconds``."""
    stage, since = "", time.perf_counter()

    def take_time(progress: Progress) -> Progress:
        nonlocal stage, since
        if progress.stage != stage:
            now = time.perf_counter()
            _add_time(seconds, stage, now - since)
            stage, since = progress.stage, now
        return progress

    try:
        return (yield from relay(work, take_time))
    finally:
        _add_time(seconds, stage, time.perf_counter() - since)


def _add_time(seconds: dict[str, float], stage: str, elapsed: float) -> None:
    if stage:
        seconds[stage] = seconds.get(stage, 0.0) + elapsed


@dataclass
class Countdown:
    """Time left of one piece of work, from the pace of its steps so far."""

    first: int | None = None
    since: float = 0.0

    def seconds_left(self, progress: Progress) -> float | None:
        """Seconds to the end, or None while that can't be told."""
        now = time.perf_counter()
        if self.first is None and progress.total:
            self.first, self.since = progress.done, now
        if self.first is None or progress.done <= self.first:
            return None
        pace = (now - self.since) / (progress.done - self.first)
        return pace * (progress.total - progress.done)


def spoken_duration(seconds: float) -> str:
    """A duration as one would say it: ``"40 s"``, ``"3 min"``, ``"1 h 20 min"``."""
    if seconds < 90:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
