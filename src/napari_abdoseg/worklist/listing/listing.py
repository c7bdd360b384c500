"""The cases of a work list, each with what is known of it."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from statistics import fmean

from napari_abdoseg.correction.journal.holder import Holder
from napari_abdoseg.errors import SaveError, WorkListError
from napari_abdoseg.progress import Progress, Work, spoken_names
from napari_abdoseg.worklist.listing.expectation import UNKNOWN, Expectation
from napari_abdoseg.worklist.listing.finding import WorkCase, finding_work
from napari_abdoseg.worklist.listing.index import (
    Index,
    read_index,
    read_records,
    read_told,
    write_index,
)
from napari_abdoseg.worklist.records.case_record import (
    CaseRecord,
    Place,
    Scores,
    Status,
    sent_back,
    sent_back_to,
)
from napari_abdoseg.worklist.records.leases import holder_of
from napari_abdoseg.worklist.records.promised_labels import PROMISING
from napari_abdoseg.worklist.records.work_folder import OPEN, WorkFolder, labels_name
from napari_abdoseg.worklist.versions.versions import report_beside

STAGE = "Listing cases"
NO_SCAN = "Its scan is gone, or has another name now: what is known of it is kept."
NO_MASKS = (
    "{} is not there any more, so nothing new is known of its cases: put it back, or check that "
    "its disk is connected."
)
NO_LABELS = "Its label map {} is not there."
TO_WORK_ON = (Status.IN_PROGRESS, Status.PREDICTED, Status.TO_DO)
"""What is to be worked on next, the first of all first."""
SETTLED = (Status.DONE, Status.REJECTED)
WORST = 5.0
"""Percent of all cases that are the worst ones."""
SHOWN = 3
"""Names of cases that are told where one is none."""


@dataclass(frozen=True)
class Row:
    """A case of a work list.

    Parameters
    ----------
    record : CaseRecord
    case : WorkCase or None
        None where its scan is gone.
    has_labels : bool
        Whether it has a label map of its own name.
    holder : Holder, optional
        Who has it open.
    problem : str
        What is wrong with it.
    expectation : Expectation
        How good its label map that counts is expected to be, where a model has made it.
    organs : tuple of str
        That its label map has, as far as the JSON beside it tells.
    """

    record: CaseRecord
    case: WorkCase | None
    has_labels: bool = False
    holder: Holder | None = None
    problem: str = ""
    expectation: Expectation = UNKNOWN
    organs: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The case."""
        return self.record.case

    @property
    def image(self) -> str:
        """Its scan as seen from the folder of scans; empty where that is gone."""
        return "" if self.case is None else self.case.image

    @property
    def voxels_changed(self) -> int:
        """Voxels that corrections have added and removed, of all organs."""
        return sum(map(sum, self.record.voxels_changed.values()))

    @property
    def dsc(self) -> float | None:
        """Mean DSC of its corrected organs to the reference; None where none is known."""
        return mean_scores(self.record.dsc)[1]

    @property
    def nsd(self) -> float | None:
        """Mean NSD of its corrected organs to the reference; None where none is known."""
        return mean_scores(self.record.nsd)[1]

    @property
    def expected_dsc(self) -> float | None:
        """Mean of its organs' expected DSC; None where nobody can tell."""
        return self.expectation.dsc

    @property
    def place(self) -> Place | None:
        """Where in the scan a reviewer wants more of it."""
        return sent_back_to(self.record)

    @property
    def is_sent_back(self) -> bool:
        """Whether a reviewer wants more of it."""
        return sent_back(self.record)


def mean_scores(scores: Scores) -> tuple[float | None, float | None]:
    """Means over organs, before and after corrections; None where none is known."""
    known = ([pair[part] for pair in scores.values()] for part in (0, 1))
    before, after = ([value for value in values if value is not None] for values in known)
    return (fmean(before) if before else None, fmean(after) if after else None)


SORTS: dict[str, Callable[[Row], object]] = {
    "case": lambda row: row.name,
    "status": lambda row: (list(Status).index(row.record.status), row.name),
    "user": lambda row: (row.record.user, row.name),
    "when": lambda row: (row.record.when, row.name),
    "minutes": lambda row: (row.record.minutes, row.name),
    "voxels": lambda row: (row.voxels_changed, row.name),
    "quality": lambda row: (row.expectation.rank, row.name),
}
"""What rows can be sorted by."""


@dataclass(frozen=True)
class Listing:
    """A work list as it was found.

    Parameters
    ----------
    rows : tuple of Row
        Sorted by name.
    index : Index
        What is kept of it, so that little is read the next time.
    """

    rows: tuple[Row, ...]
    index: Index

    @property
    def has_masks(self) -> bool:
        """Whether there was something in the folder of masks."""
        return bool(self.index.records) or any(row.has_labels for row in self.rows)


def listing(folder: WorkFolder) -> Work[tuple[Row, ...]]:
    """List a folder's cases, sorted by name; see `listing_anew`."""
    return (yield from listing_anew(folder)).rows


def listing_anew(folder: WorkFolder) -> Work[Listing]:
    """List a folder's cases from what was kept of it, and keep that again.

    Of files that are as they were the last time nothing is read; files that come, go or change
    meanwhile are seen the next time.

    Parameters
    ----------
    folder : WorkFolder

    Raises
    ------
    AbdosegError
        There are no scans, or the folders can't be read; see `finding_work`.
    """
    before = read_index(folder)
    found = yield from listing_since(folder, before)
    if found.index != before:
        try:
            write_index(folder, found.index)
        except SaveError as error:
            cases = len(found.rows)
            yield Progress(STAGE, cases, cases, f"{error} The next listing takes longer.")
    return found


def listing_since(folder: WorkFolder, before: Index) -> Work[Listing]:
    """The same from what was known before, and nothing is written.

    Raises
    ------
    AbdosegError
        As `listing_anew`.
    """
    found = yield from finding_work(folder, before.found)
    return (yield from records_since(folder, replace(before, found=found)))


def records_since(folder: WorkFolder, before: Index) -> Work[Listing]:
    """The same of scans that are known, such as where only records have changed.

    Raises
    ------
    WorkListError
        The folder of records can't be read.
    """
    found = before.found
    yield Progress(STAGE, 0, len(found.cases))
    records = read_records(folder, before.records)
    there, holders = _names_in(folder.masks), _holders(folder)
    cases = {case.name: case for case in found.cases}
    rows, known = [], {}
    for name in sorted({*cases, *records.kept, *records.problems}):
        has_labels = labels_name(name) in there
        kept, case = records.kept.get(name), cases.get(name)
        blank = CaseRecord(name, "" if case is None else case.image)
        record = (blank if kept is None else kept.record).seen(has_labels)
        row = Row(
            *(record, case, has_labels, holders.get(name)),
            records.problems.get(name) or _problem(folder, record, case, has_labels),
        )
        if has_labels or record.current:
            report = report_beside(folder.current_of(record))
            if (told := read_told(report, before.told.get(name))) is not None:
                known[name] = told
                row = replace(row, expectation=told.expectation, organs=told.organs)
        rows.append(row)
    return Listing(tuple(rows), Index(found, records.kept, known))


def named(rows: Iterable[Row], name: str) -> Row:
    """The row of a case.

    Raises
    ------
    WorkListError
        There is none.
    """
    known = {row.name: row for row in rows}
    if name not in known:
        near = dict.fromkeys((*get_close_matches(name, known, SHOWN), *sorted(known)))
        there = spoken_names(near, SHOWN) or "none at all"
        raise WorkListError(f"There is no case {name!r} here: there are {there}.")
    return known[name]


def chosen(
    rows: Iterable[Row],
    statuses: Sequence[Status] = (),
    user: str = "",
    flag: str = "",
    sort: str = "case",
) -> list[Row]:
    """Those rows that are asked for, in the order that is asked for.

    Parameters
    ----------
    rows : iterable of Row
    statuses : sequence of Status, optional
        All by default.
    user, flag : str, optional
        Of these alone.
    sort : str, optional
        One of `SORTS`.

    Raises
    ------
    WorkListError
        They can't be sorted so.
    """
    if sort not in SORTS:
        raise WorkListError(f"Cases can't be sorted by {sort!r}: choose {', '.join(SORTS)}.")
    found = [
        row
        for row in rows
        if (not statuses or row.record.status in statuses)
        and (not user or row.record.user == user)
        and (not flag or flag in row.record.flags)
    ]
    return sorted(found, key=SORTS[sort])  # type: ignore[arg-type]


def next_row(rows: Iterable[Row], statuses: Sequence[Status] = (), user: str = "") -> Row | None:
    """The case to work on next, None if none is left.

    Those that were sent back come first, then those in progress, predicted and to do, of these
    the ones of which the least is expected; what others have in progress, or open, is theirs.

    Parameters
    ----------
    rows : iterable of Row
    statuses : sequence of Status, optional
        Of these alone, such as those that need a review.
    user : str, optional
        Who is to work on it.
    """
    wanted = tuple(statuses) or TO_WORK_ON
    free = [
        row
        for row in rows
        if row.record.status in wanted
        and row.holder is None
        and row.case is not None
        and not row.problem
        and not (row.record.status is Status.IN_PROGRESS and row.record.user not in ("", user))
    ]
    return min(
        free,
        key=lambda row: (
            not row.is_sent_back,
            wanted.index(row.record.status),
            row.expectation.rank,
        ),
        default=None,
    )


def worst(rows: Iterable[Row], percent: float = WORST) -> list[Row]:
    """The cases of which the least is expected, the worst first.

    Parameters
    ----------
    rows : iterable of Row
    percent : float, optional
        Of those cases of which anything is expected and that are not done nor rejected; of these
        one at least.

    Raises
    ------
    WorkListError
        It is no percentage.
    """
    if not 0 < percent <= 100:
        raise WorkListError(f"The worst {percent:g} % are none: give more than 0 and up to 100.")
    known = [
        row
        for row in rows
        if row.expectation != UNKNOWN and row.record.status not in SETTLED and row.case is not None
    ]
    known.sort(key=lambda row: (row.expectation.rank, row.name))
    return known[: math.ceil(len(known) * percent / 100)]


def _problem(
    folder: WorkFolder, record: CaseRecord, case: WorkCase | None, has_labels: bool
) -> str:
    if case is None:
        return NO_SCAN
    if record.status not in PROMISING:
        return ""
    is_there = folder.current_of(record).is_file() if record.current else has_labels
    return "" if is_there else NO_LABELS.format(record.current or labels_name(record.case))


def _holders(folder: WorkFolder) -> dict[str, Holder]:
    """Who has which case open."""
    found = {}
    for name in _names_in(folder.locks):
        if name.endswith(OPEN) and (holder := holder_of(folder.locks / name)):
            found[name.removesuffix(OPEN)] = holder
    return found


def _names_in(folder: Path) -> set[str]:
    """Names in a folder; none where it is not there, or can't be read."""
    with suppress(OSError), os.scandir(folder) as entries:
        return {entry.name for entry in entries}
    return set()
