"""The next case, taken by one alone of all who ask for it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from napari_abdoseg.correction.journal.holder import now, user_name
from napari_abdoseg.errors import WorkListError
from napari_abdoseg.worklist.listing.listing import TO_WORK_ON, Row, next_row
from napari_abdoseg.worklist.records.case_record import CaseRecord, Status
from napari_abdoseg.worklist.records.changing import Change, change_record
from napari_abdoseg.worklist.records.work_folder import WorkFolder


def take_next(
    folder: WorkFolder, rows: Sequence[Row], statuses: Sequence[Status] = ()
) -> Row | None:
    """The case to work on next, which is in progress in one's own name from now on.

    Parameters
    ----------
    folder : WorkFolder
    rows : sequence of Row
    statuses : sequence of Status, optional
        Of these alone.

    Returns
    -------
    Row or None
        None if no such case is left.

    Raises
    ------
    WorkListError
        Cases of such a status are not to be worked on.
    SaveError
        Nothing may be written there.
    """
    if others := [status for status in statuses if status not in TO_WORK_ON]:
        raise WorkListError(f"What is {others[0]} is not begun: set it to in-progress before.")
    left = list(rows)
    while (row := next_row(left, statuses, user_name())) is not None:
        try:
            return replace(row, record=change_record(folder, row.name, _taking(row)))
        except WorkListError:  # somebody was faster
            left.remove(row)
    return None


def _taking(row: Row) -> Change:
    def change(record: CaseRecord) -> CaseRecord:
        if record.seen(row.has_labels).status is not row.record.status:
            raise WorkListError(f"{row.name} is {record.status} by {record.user} meanwhile.")
        if record.status is Status.IN_PROGRESS and record.user == user_name():
            return record
        return replace(record, status=Status.IN_PROGRESS, user=user_name(), when=now())

    return change
