"""Changes of a case's record, one after the other, whoever makes them and wherever."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from napari_abdoseg.correction.journal.holder import now, user_name
from napari_abdoseg.errors import AbdosegError, SaveError, WorkListError
from napari_abdoseg.worklist.records.case_record import CaseRecord, Status, Version
from napari_abdoseg.worklist.records.leases import Lease, LeaseOf, holder_of, no_lease
from napari_abdoseg.worklist.records.record_files import read_record, write_record
from napari_abdoseg.worklist.records.work_folder import WorkFolder

PATIENCE = 30.0
"""Seconds to wait until others have written their change of a case."""
PAUSE = 0.01
Change = Callable[[CaseRecord], CaseRecord]


def change_record(
    folder: WorkFolder, case: str, change: Change, session: Lease | None = None
) -> CaseRecord:
    """Change what is known of a case: nobody else's change is lost.

    Parameters
    ----------
    folder : WorkFolder
    case : str
    change : callable
        What becomes of a record; called once.
    session : Lease, optional
        By which this session has the case open.

    Returns
    -------
    CaseRecord
        As it is on the disk from now on.

    Raises
    ------
    WorkListError
        Somebody else has the case open, or its file is damaged.
    SaveError
        It can't be written; all is as it was.
    """
    require_free(folder, case, session)
    try:
        with _alone(folder, case) as turn:
            return _changed(folder.record_of(case), case, change, turn)
    except SaveError as error:
        raise SaveError(f"What is known of {case} stays as it is. {error}") from error


def _changed(path: Path, case: str, change: Change, turn: Lease) -> CaseRecord:
    before = read_record(path) or CaseRecord(case)
    after = change(before)
    if after == before:
        return before
    after = replace(after, revision=before.revision + 1)
    if not turn.is_held:
        raise WorkListError(f"{case} was not changed: it took too long. Try it again.")
    write_record(path, after)
    return after


def open_case(folder: WorkFolder, case: str) -> Lease:
    """Have a case open; `kept_alive` keeps it so.

    Raises
    ------
    WorkListError
        Somebody else has it open, or had it when a session ended that can be taken over.
    SaveError
        Nothing may be written there.
    """
    lease = Lease.take(folder.session_of(case))
    if lease is None:
        raise _is_open(folder, case)
    return lease


def take_over(folder: WorkFolder, case: str) -> Lease:
    """Have a case open that a dead session left so, or nobody has.

    Raises
    ------
    WorkListError
        The session lives.
    SaveError
        Nothing may be written there.
    """
    lease = Lease.take_over(folder.session_of(case))
    if lease is None:
        raise _is_open(folder, case)
    return lease


def require_free(folder: WorkFolder, case: str, session: Lease | None = None) -> None:
    """Make sure that nobody else has a case open.

    Raises
    ------
    WorkListError
        Somebody has, or this session has it no more.
    """
    if session is not None:
        session.beat()
    elif holder_of(folder.session_of(case)):
        raise _is_open(folder, case)


def with_status(status: Status) -> Change:
    """Give a case a status, in one's own name."""
    return lambda record: replace(record, status=status, user=user_name(), when=now())


def with_comment(comment: str) -> Change:
    """Say something of a case."""
    return lambda record: replace(record, comment=comment)


def with_flag(flag: str) -> Change:
    """Mark a case by a word."""
    return lambda record: replace(record, flags=tuple(sorted({*record.flags, flag})))


def flagging(
    folder: WorkFolder, cases: Iterable[str], flag: str, lease_of: LeaseOf = no_lease
) -> dict[str, str]:
    """Mark several cases by a word.

    Parameters
    ----------
    folder : WorkFolder
    cases : iterable of str
    flag : str
    lease_of : callable, optional
        By which this session has one of them open.

    Returns
    -------
    dict of str to str
        Cases that could not be marked, such as one that somebody has open, and why.
    """
    refused = {}
    for case in cases:
        try:
            change_record(folder, case, with_flag(flag), lease_of(case))
        except AbdosegError as error:
            refused[case] = str(error)
    return refused


def without_flag(flag: str) -> Change:
    """Take such a mark off."""
    return lambda record: replace(record, flags=tuple(f for f in record.flags if f != flag))


def with_flags(flags: Iterable[str]) -> Change:
    """Mark a case by these words alone."""
    words = tuple(sorted(set(flags)))
    return lambda record: replace(record, flags=words)


def with_version(version: Version) -> Change:
    """Add a label map, which counts from now on where somebody has corrected it."""

    def change(record: CaseRecord) -> CaseRecord:
        others = tuple(other for other in record.versions if other.file != version.file)
        counts = version.kind == "correction"
        current = version.file if counts else record.current
        return replace(record, versions=(*others, version), current=current)

    return change


def with_current(file: str) -> Change:
    """Let a version count; empty for the label map of the case's own name.

    Raises
    ------
    WorkListError
        The case has none of this name.
    """

    def change(record: CaseRecord) -> CaseRecord:
        known = [version.file for version in record.versions]
        if file and file not in known:
            have = ", ".join(known) or "none beside its own label map"
            raise WorkListError(f"{record.case} has no version {file}: it has {have}.")
        return replace(record, current=file)

    return change


def in_turn(*changes: Change) -> Change:
    """Several changes as one."""

    def change(record: CaseRecord) -> CaseRecord:
        for each in changes:
            record = each(record)
        return record

    return change


@contextmanager
def _alone(folder: WorkFolder, case: str) -> Iterator[Lease]:
    """Be the only one to change a case just now."""
    path = folder.turn_of(case)
    until = time.monotonic() + PATIENCE
    while (turn := Lease.take_over(path)) is None:
        if time.monotonic() > until:
            holder = holder_of(path)
            by = holder.words if holder else "somebody"
            raise WorkListError(f"{case} is being changed by {by}: try it again in a minute.")
        time.sleep(PAUSE * random.uniform(0.5, 1.5))
    try:
        yield turn
    finally:
        turn.release()


def _is_open(folder: WorkFolder, case: str) -> WorkListError:
    path = folder.session_of(case)
    if holder := holder_of(path):
        return WorkListError(
            f"{case} is open by {holder.words}, and read-only until then: wait, or take another "
            "case."
        )
    return WorkListError(
        f"{case} was left open by a session that gives no sign of life: take it over with "
        f"`abdoseg cases take-over {folder.scans} {case}`."
    )
