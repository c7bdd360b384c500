"""How long work reports on itself."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

Result = TypeVar("Result")

BAR = 10_000
"""Steps of a work that is told as a share."""

LOOK_BACK, LEAST_STEPS = 20.0, 5
"""Seconds and reports from which the pace of a work is told, the longer of both."""
UNCERTAIN = 1.2
"""How many times the expected time left is told without its greatest."""
KB, MB, GB = 1e3, 1e6, 1e9


@dataclass(frozen=True)
class Progress:
    """One report of a piece of work.

    Parameters
    ----------
    stage : str
        What is being done, as a user would say it.
    done, total : int
        Steps of the whole work finished and expected.
    most : int, optional
        Steps of the whole work at the most; as many as expected by default.
    part : str, optional
        What of the stage is being done, such as ``"2 of 5 folds"``.
    notice : str, optional
        Something the user must be told now, such as a fall back to the CPU.
    interim : optional
        A first result, to be used before the work goes on.

    Examples
    --------
    >>> from napari_abdoseg import Progress
    >>> progress = Progress("Segmenting", 2, 8, part="1 of 5 folds")
    >>> progress.words, progress.fraction
    ('Segmenting, 1 of 5 folds', 0.25)
    """

    stage: str
    done: int
    total: int
    notice: str | None = None
    interim: Any = None
    most: int | None = None
    part: str = ""

    @property
    def words(self) -> str:
        """The stage, and what of it is being done."""
        return ", ".join(filter(None, (self.stage, self.part)))

    @property
    def fraction(self) -> float:
        """Share of the work that is done, between 0 and 1."""
        return self.done / self.total if self.total else 0.0


Work = Generator[Progress, None, Result]
"""Work that reports progress while it runs; closing it cancels it."""


def drain(work: Work[Result]) -> Result:
    """Run ``work`` to its end and give back its result.

    Examples
    --------
    >>> from napari_abdoseg.progress import Progress, drain
    >>> def counting(most):
    ...     for number in range(most):
    ...         yield Progress("Counting", number, most)
    ...     return most
    >>> drain(counting(3))
    3
    """
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]


def relay(work: Work[Result], change: Callable[[Progress], Progress | None]) -> Work[Result]:
    """Pass on what ``change`` makes of each report, and nothing where that is None.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from napari_abdoseg.progress import Progress, relay
    >>> work = (Progress("Reading", done, 2) for done in range(2))
    >>> [each.stage for each in relay(work, lambda each: replace(each, stage="ct: Reading"))]
    ['ct: Reading', 'ct: Reading']
    """
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


def as_part(begin: float, end: float) -> Callable[[Progress], Progress]:
    """Change of a report on a part of a work, as shares of it, to one on the whole of it."""

    def change(progress: Progress) -> Progress:
        if not progress.total and not begin:
            return progress
        return _on_bar(progress, begin + (end - begin) * progress.fraction)

    return change


def steadily(work: Work[Result]) -> Work[Result]:
    """Pass on reports whose share never falls, whatever becomes of what is expected.

    What is left of the work at any time is spread over what is left of the bar: where more
    turns out to be left, it slows down, and where less, it goes faster.
    """
    bar, before = 0.0, None

    def keep_pace(progress: Progress) -> Progress:
        nonlocal bar, before
        if progress.total:
            worked = progress.done - (0 if before is None else before.done)
            left = progress.total - progress.done
            if worked > 0:
                bar += (1 - bar) * worked / (worked + left)
            before = progress
        elif before is None:
            return progress
        return _on_bar(progress, bar)

    return relay(work, keep_pace)


def _on_bar(progress: Progress, share: float) -> Progress:
    """A report that says which share of a work is done; as uncertain of the rest as before."""
    done, most = round(BAR * share), None
    if progress.most is not None and progress.total > progress.done:
        longer = (progress.most - progress.done) / (progress.total - progress.done)
        most = done + round((BAR - done) * longer)
    return replace(progress, done=done, total=BAR, most=most)


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


class Countdown:
    """Time left of one piece of work, from the pace of its newest steps."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()
        self._total = 0

    def seconds_left(self, progress: Progress) -> tuple[float, float] | None:
        """Seconds to the end as expected and at the most, or None while that can't be told."""
        now = time.perf_counter()
        if progress.total != self._total:
            self._seen.clear()
            self._total = progress.total
        if not progress.total:
            return None
        if not self._seen or progress.done > self._seen[-1][1]:
            self._seen.append((now, progress.done))
        while len(self._seen) > LEAST_STEPS and self._seen[1][0] < now - LOOK_BACK:
            self._seen.popleft()
        since, first = self._seen[0]
        if progress.done <= first:
            return None
        pace = (now - since) / (progress.done - first)
        most = max(progress.most or 0, progress.total)
        return pace * (progress.total - progress.done), pace * (most - progress.done)

    def words_for(self, progress: Progress) -> str:
        """The time left as one would say it, empty where that can't be told.

        Such as ``"40 s left"`` or ``"3 min left, 11 min at most"``.
        """
        left = self.seconds_left(progress)
        if left is None or not left[0]:
            return ""
        expected, most = map(spoken_duration, left)
        certain = left[1] <= UNCERTAIN * left[0]
        return f"{expected} left" if certain else f"about {expected} left, {most} at most"


def spoken_duration(seconds: float) -> str:
    """A duration as one would say it: ``"40 s"``, ``"3 min"``, ``"1 h 20 min"``.

    Examples
    --------
    >>> from napari_abdoseg.progress import spoken_duration
    >>> spoken_duration(40), spoken_duration(200), spoken_duration(6000)
    ('40 s', '3 min', '1 h 40 min')
    """
    if seconds < 90:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def counted(number: int, word: str) -> str:
    """A number of things.

    Examples
    --------
    >>> from napari_abdoseg.progress import counted
    >>> counted(1, "case"), counted(1200, "case")
    ('1 case', '1,200 cases')
    """
    return f"{number:,} {word}{'s' * (number != 1)}"


def spoken_names(names: Iterable[str], most: int) -> str:
    """The first of some names, and how many more there are.

    Examples
    --------
    >>> from napari_abdoseg.progress import spoken_names
    >>> spoken_names(["liver", "spleen", "kidney"], 2), spoken_names(["liver"], 2)
    ('liver, spleen and 1 more', 'liver')
    """
    named = list(names)
    more = len(named) - most
    return ", ".join(named[:most]) + (f" and {more:,} more" if more > 0 else "")


def spoken_bytes(size: float) -> str:
    """A size as one would say it.

    Examples
    --------
    >>> from napari_abdoseg.progress import spoken_bytes
    >>> spoken_bytes(135_386_075), spoken_bytes(1.8e9)
    ('135 MB', '1.8 GB')
    """
    if size >= GB:
        return f"{size / GB:.1f} GB"
    if size < MB / 10:
        return f"{size / KB:.0f} kB"
    return f"{size / MB:.0f} MB" if size >= 10 * MB else f"{size / MB:.1f} MB"
