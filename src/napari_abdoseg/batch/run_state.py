"""What became of the cases of a run, and how far it is."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.case_report import Report, read_report
from napari_abdoseg.batch.step import End, Step
from napari_abdoseg.progress import Progress

THOUSANDTHS = 1000

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """What became of the cases.

    Parameters
    ----------
    made : tuple of Case
        Cases that this run has finished.
    kept : tuple of Case
        Cases that were finished before, or by another run.
    failed : tuple of (Case, str)
        Cases without a result, and why.
    """

    made: tuple[Case, ...]
    kept: tuple[Case, ...]
    failed: tuple[tuple[Case, str], ...]

    @property
    def finished(self) -> list[Case]:
        """Cases with a result, sorted by name."""
        return sorted((*self.made, *self.kept), key=lambda case: case.name)

    def reports(self) -> Iterator[Report]:
        """Reports of all cases with a result, read one by one.

        A case that another run makes again just now has none.
        """
        for case in self.finished:
            with suppress(OSError, ValueError):
                yield read_report(case.report)


class RunState:
    """Notes of a run.

    Parameters
    ----------
    kept : sequence of Case
        Finished before.
    to_do : sequence of Case
    """

    def __init__(self, kept: Sequence[Case], to_do: Sequence[Case]) -> None:
        self._kept, self._count = list(kept), len(to_do)
        self._made: list[Case] = []
        self._failed: list[tuple[Case, str]] = []
        self._ended: set[str] = set()
        self._under_way: dict[str, float] = {}
        self.busy: list[Case] = []
        """Cases that another run works on."""

    def note(self, report: Step | Progress) -> Progress:
        """Note what was reported of a case or of all, and make it one of the whole run."""
        if isinstance(report, Progress):
            if report.notice:
                _log.warning("%s", report.notice)
            return self.progress(report.stage, report.notice)
        return self._note_step(report)

    def _note_step(self, step: Step) -> Progress:
        if step.end is None and step.case.name not in self._ended:
            before = self._under_way.get(step.case.name, 0.0)
            self._under_way[step.case.name] = max(before, step.fraction)
        elif step.end:
            self._end(step, step.end)
        notice = None if step.end is End.FAILED else step.notice
        stage = f"{step.case.name}: {step.stage}" if self._count > 1 else step.stage
        return replace(self.progress(stage, notice), part=step.part)

    def progress(self, stage: str, notice: str | None = None) -> Progress:
        """How far the run is, in thousandths of a case."""
        done = len(self._ended) + sum(self._under_way.values())
        return Progress(stage, round(THOUSANDTHS * done), THOUSANDTHS * self._count, notice)

    def _end(self, step: Step, end: End) -> None:
        _log.info("%s: %s%s", step.case.name, end, f", {step.notice}" if step.notice else "")
        self._under_way.pop(step.case.name, None)
        if end is End.BUSY:
            self.busy.append(step.case)
            return
        self._ended.add(step.case.name)
        if end is End.MADE:
            self._made.append(step.case)
        elif end is End.KEPT:
            self._kept.append(step.case)
        else:
            self._failed.append((step.case, step.notice or ""))

    def outcome(self) -> Outcome:
        """What became of all cases so far."""
        failed = sorted(self._failed, key=lambda each: each[0].name)
        return Outcome(_by_name(self._made), _by_name(self._kept), tuple(failed))


def _by_name(cases: Sequence[Case]) -> tuple[Case, ...]:
    return tuple(sorted(cases, key=lambda case: case.name))
