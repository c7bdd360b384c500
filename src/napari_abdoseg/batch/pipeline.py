"""Cases on one device: the next is prepared and the last one written while networks work."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.claims import Claim, Claims
from napari_abdoseg.batch.goal import SegmentationJob
from napari_abdoseg.batch.segment_case import (
    READING,
    WRITING,
    asking_case,
    preparing_case,
)
from napari_abdoseg.batch.step import End, Step, Steps, ends_run, why_failed
from napari_abdoseg.batch.worker_threads import WorkerThreads
from napari_abdoseg.batch.writing import writing_case
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.preflight.calibration import STAGE as MEASURING
from napari_abdoseg.inference.preflight.preflight import preflighting
from napari_abdoseg.inference.scan import PredictedScan, PreparedScan
from napari_abdoseg.progress import Work

PAUSE = 0.05
"""Seconds between two looks at what threads do."""
Result = TypeVar("Result")
Reports = Generator[Step, None, Result]


@dataclass(frozen=True, eq=False)
class _Begun(Generic[Result]):
    """A case, and what a thread does for it."""

    case: Case
    future: Future[Result]


class Pipeline:
    """Segments the cases that no other run works on, one after the other.

    Parameters
    ----------
    job : SegmentationJob
    ensemble : Ensemble
        Its models, loaded.
    claims : Claims
        Of the output folder.
    foretell : bool, optional
        Tell of the first case before what it will take.
    """

    def __init__(
        self, job: SegmentationJob, ensemble: Ensemble, claims: Claims, foretell: bool = False
    ) -> None:
        self._job, self._ensemble, self._claims = job, ensemble, claims
        self._to_foretell = foretell
        self._ahead: deque[_Begun[PreparedScan]] = deque()
        self._behind: deque[_Begun[str | None]] = deque()
        self._claimed: dict[Case, Claim] = {}
        self._more = True

    def run(self, cases: Iterator[Case | None]) -> Steps:
        """Segment cases.

        Parameters
        ----------
        cases : iterator of Case or None
            None where there may be another one later.

        Raises
        ------
        SaveError
            Results can't be written, no other case's either.
        """
        workers = self._job.workers
        try:
            with WorkerThreads(workers) as self._readers, WorkerThreads(workers) as self._writers:
                while self._more or self._ahead or self._behind:
                    yield from self._begin(cases)
                    if self._ahead:
                        yield from self._work_on(self._ahead.popleft(), cases)
                    else:
                        time.sleep(PAUSE)
                        yield from self._collect()
        finally:
            for claim in self._claimed.values():
                claim.release()

    def _begin(self, cases: Iterator[Case | None]) -> Steps:
        """Have as many cases prepared as are to be ahead."""
        while self._more and len(self._ahead) < self._job.workers:
            try:
                case = next(cases)
            except StopIteration:
                self._more = False
                return
            if case is None:
                return
            yield from self._claim(case)

    def _claim(self, case: Case) -> Steps:
        try:
            claim = self._claims.claim(case.name)
            if claim is None:
                yield Step(case, end=End.BUSY)
                return
            self._claimed[case] = claim
            done = self._job.goal.is_reached(case)
        except Exception as error:
            if ends_run(error):
                raise
            yield self._end(case, End.FAILED, why_failed(case, error))
            return
        if done:
            yield self._end(case, End.KEPT)
            return
        future = self._readers.start(preparing_case(case, self._ensemble))
        self._ahead.append(_Begun(case, future))

    def _work_on(self, begun: _Begun[PreparedScan], cases: Iterator[Case | None]) -> Steps:
        case = begun.case
        yield Step(case, READING)
        while not begun.future.done():
            wait([begun.future], PAUSE)
            yield Step(case, READING)
        try:
            if self._to_foretell:
                self._to_foretell = False
                yield from self._foretell(case, begun.future.result())
            predicted = yield from self._ask(case, begun.future.result(), cases)
        except Exception as error:
            if ends_run(error):  # that of a case before
                raise
            yield self._end(case, End.FAILED, why_failed(case, error))
        else:
            yield from self._finish(case, predicted)

    def _foretell(self, case: Case, prepared: PreparedScan) -> Steps:
        ensemble, preset = self._ensemble, self._job.goal.recipe.preset
        preflight = yield from _reports(case, preflighting(prepared.volume, ensemble, preset))
        for sentence in (preflight.line, *preflight.warnings):
            yield Step(case, MEASURING, notice=sentence)

    def _ask(
        self, case: Case, prepared: PreparedScan, cases: Iterator[Case | None]
    ) -> Reports[PredictedScan]:
        """Let the networks work, and see to the cases ahead and behind meanwhile."""
        preset = self._job.goal.recipe.preset
        work = asking_case(case.name, prepared, self._ensemble, preset)
        reports = _reports(case, work)
        try:
            while True:
                yield next(reports)
                yield from self._begin(cases)
                yield from self._collect()
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            reports.close()

    def _finish(self, case: Case, predicted: PredictedScan) -> Steps:
        """Have it written, unless too many wait for that."""
        yield Step(case, WRITING, 1.0)
        while len(self._behind) >= self._job.workers:
            wait([self._behind[0].future], PAUSE)
            yield from self._collect()
        work = writing_case(case, predicted, self._job.goal, self._claimed[case].folder)
        self._behind.append(_Begun(case, self._writers.start(work)))

    def _collect(self) -> Steps:
        """Tell of what was written."""
        while self._behind and self._behind[0].future.done():
            begun = self._behind.popleft()
            try:
                yield self._end(begun.case, End.MADE, begun.future.result())
            except Exception as error:
                if ends_run(error):
                    raise
                yield self._end(begun.case, End.FAILED, why_failed(begun.case, error))

    def _end(self, case: Case, end: End, notice: str | None = None) -> Step:
        if claim := self._claimed.pop(case, None):
            claim.release()
        return Step(case, WRITING, 1.0, end, notice)


def _reports(case: Case, work: Work[Result]) -> Reports[Result]:
    """Reports of a piece of work as those of a case."""
    try:
        while True:
            progress = next(work)
            share, part = progress.fraction, progress.part
            yield Step(case, progress.stage, share, notice=progress.notice, part=part)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
    finally:
        work.close()
