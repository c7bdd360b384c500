"""A run over cases: what is there is kept, what is missing is made, tables come last."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing

from napari_abdoseg.batch.case import Case, require_own_files
from napari_abdoseg.batch.claims import Claims
from napari_abdoseg.batch.goal import Goal
from napari_abdoseg.batch.run_state import Outcome, RunState
from napari_abdoseg.batch.step import Step
from napari_abdoseg.batch.tables import write_failed_csv, write_organs_csv
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.saving import make_folder
from napari_abdoseg.progress import Progress, Work

LOOKING, WAITING, TABLES = "Looking at what is there", "Waiting for another run", "Writing tables"
PAUSE = 0.5
"""Seconds between two looks at what another run does."""
LOOKED_AT = 100
"""Cases between two reports of what is there."""

Segmenting = Generator[Step | Progress, None, None]
"""Work on cases that are not finished: steps of each, and what is told of all of them."""


def running(
    cases: Sequence[Case], goal: Goal, segment: Callable[[Sequence[Case], Claims], Segmenting]
) -> Work[Outcome]:
    """Bring about the results of cases, ``organs.csv`` over all and ``failed.csv``.

    Parameters
    ----------
    cases : sequence of Case
        All with one output folder.
    goal : Goal
    segment : callable
        Works on the cases that it is given as far as the claims to them are to be had.

    Yields
    ------
    Progress
        Over all cases that are to be made, in thousandths of a case.

    Raises
    ------
    AbdosegError
        A file would belong to two cases, or the folder has an output of another model.
    """
    if not cases:
        return Outcome((), (), ())
    require_own_files(cases, goal.recipe.disagreement)
    claims = Claims(make_folder(cases[0].output))
    kept = yield from _looking(cases, goal)
    to_do = [case for case in cases if case not in kept]
    state = RunState(list(kept), to_do)
    try:
        while to_do:
            with closing(segment(to_do, claims)) as reports:
                for report in reports:
                    yield state.note(report)
            to_do, state.busy = state.busy, []
            while to_do and all(claims.is_taken(case.name) for case in to_do):
                yield state.progress(WAITING)
                time.sleep(PAUSE)
        yield state.progress(TABLES)
        outcome = state.outcome()
        yield from _writing_tables(cases, outcome, claims)
    finally:
        claims.leave()
    return outcome


def _looking(cases: Sequence[Case], goal: Goal) -> Work[set[Case]]:
    """Cases that are finished."""
    kept = set()
    for number, case in enumerate(cases):
        if number % LOOKED_AT == 0:
            yield Progress(LOOKING, 0, 0)
        try:
            if goal.is_reached(case):
                kept.add(case)
        except AbdosegError:
            raise
        except Exception:  # told of when its turn comes
            continue
    return kept


def _writing_tables(cases: Sequence[Case], outcome: Outcome, claims: Claims) -> Work[None]:
    """Write both tables, while no other run does."""
    while (claim := claims.claim_tables()) is None:
        yield Progress(WAITING, 0, 0)
        time.sleep(PAUSE)
    output = cases[0].output
    try:
        if outcome.finished:
            write_organs_csv(output, cases, outcome.reports(), claim.folder)
        write_failed_csv(output, cases, outcome.failed, claim.folder)
    finally:
        claim.release()
