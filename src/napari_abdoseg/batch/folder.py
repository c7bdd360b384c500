"""CT files in, label maps, reports and tables out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import closing

from napari_abdoseg.batch.asked import Asked
from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.claims import Claims
from napari_abdoseg.batch.fleet import segmenting_on
from napari_abdoseg.batch.ledger import Ledger, Outcome
from napari_abdoseg.batch.order import Order
from napari_abdoseg.batch.pipeline import Pipeline
from napari_abdoseg.batch.step import Steps
from napari_abdoseg.batch.tables import ORGANS, write_failed_csv, write_organs_csv
from napari_abdoseg.image.saving import make_folder
from napari_abdoseg.inference.device import Device
from napari_abdoseg.inference.ensemble import Ensemble
from napari_abdoseg.progress import Progress, Work

LOOKING, WAITING, TABLES = "Looking at what is there", "Waiting for another run", "Writing tables"
PAUSE = 0.5
"""Seconds between two looks at what another run does."""
LOOKED_AT = 100
"""Cases between two reports of what is there."""
WORKERS = 1
"""Cases that are prepared, and written, beside the networks."""


def predicting(
    cases: Sequence[Case],
    ensemble: Ensemble,
    preset: str,
    overwrite: bool = False,
    disagreement: bool = False,
    foretell: bool = False,
    workers: int = WORKERS,
    devices: Sequence[Device] = (),
) -> Work[Outcome]:
    """Segment cases and write their results, ``organs.csv`` over all and ``failed.csv``.

    A finished case is kept: one whose label map and report are complete and made by the same
    folds of the same models with the same preset. So what was stopped, however, goes on when
    it is started again, and several runs share the cases of a folder. A case that can't be
    segmented is reported and the others go on.

    Parameters
    ----------
    cases : sequence of Case
        All with one output folder.
    ensemble : Ensemble
    preset : str
    overwrite : bool, optional
        Make finished cases again.
    disagreement : bool, optional
        Also write where folds disagree.
    foretell : bool, optional
        Tell of the first case before what it will take, on one device.
    workers : int, optional
        Cases that are prepared, and written, side by side on each device.
    devices : sequence of Device, optional
        A process works on each, if they are several; the ensemble's own by default.

    Yields
    ------
    Progress
        Over all cases that are to be made, in thousandths of a case.

    Raises
    ------
    AbdosegError
        The output folder has an output of another model or preset, or a single fold is asked
        where it disagrees.
    SaveError
        Results can't be written; what is finished stays.
    """
    since = time.time() if overwrite else None
    asked = Asked.of(ensemble, preset, disagreement)
    order = Order(ensemble, asked, workers, since, foretell)
    if not cases:
        return Outcome((), (), ())
    claims = Claims(make_folder(cases[0].output))
    kept = yield from _looking(cases, order)
    to_do = [case for case in cases if case not in kept]
    ledger = Ledger(list(kept), to_do)
    try:
        while to_do:
            with closing(_on_devices(to_do, order, claims, devices)) as steps:
                for step in steps:
                    yield ledger.note(step)
            to_do, ledger.busy = ledger.busy, []
            while to_do and all(claims.is_taken(case.name) for case in to_do):
                yield ledger.progress(WAITING)
                time.sleep(PAUSE)
        yield ledger.progress(TABLES)
        outcome = ledger.outcome()
        yield from _writing_tables(cases, outcome, claims)
    finally:
        claims.leave()
    return outcome


def _looking(cases: Sequence[Case], order: Order) -> Work[set[Case]]:
    """Cases that are finished."""
    kept = set()
    for number, case in enumerate(cases):
        if number % LOOKED_AT == 0:
            yield Progress(LOOKING, 0, 0)
        if order.is_done(case):
            kept.add(case)
    return kept


def _on_devices(
    cases: Sequence[Case], order: Order, claims: Claims, devices: Sequence[Device]
) -> Steps:
    if len(cases) > 1 and len(devices) > 1:
        return segmenting_on(devices, cases, order)
    return Pipeline(order, claims).run(iter(cases))


def _writing_tables(cases: Sequence[Case], outcome: Outcome, claims: Claims) -> Work[None]:
    """Write both tables, while no other run does."""
    while (claim := claims.claim_tables()) is None:
        yield Progress(WAITING, 0, 0)
        time.sleep(PAUSE)
    output = cases[0].output
    try:
        if outcome.finished:
            write_organs_csv(output / ORGANS, outcome.reports(), claim.folder)
        write_failed_csv(output, cases, outcome.failed, claim.folder)
    finally:
        claim.release()
