"""How near a case has come to the label map that its data set has, noted in its record."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.progress import drain
from napari_abdoseg.worklist.effort.measuring_effort import measuring_effort
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.case_record import CaseRecord, Scores
from napari_abdoseg.worklist.records.changing import change_record
from napari_abdoseg.worklist.records.leases import Lease
from napari_abdoseg.worklist.records.record_files import read_record
from napari_abdoseg.worklist.records.work_folder import WorkFolder


def note_scores(folder: WorkFolder, row: Row, session: Lease | None = None) -> None:
    """Note DSC and NSD of a corrected case to its reference, before and after, where it has one.

    Where that can't be told or noted, the record stays as it is: `measuring_effort` tells why.

    Parameters
    ----------
    folder : WorkFolder
    row : Row
    session : Lease, optional
        By which this session had the case open when it was saved.
    """
    if row.case is None or not row.case.reference:
        return
    with suppress(AbdosegError):
        record = read_record(folder.record_of(row.name)) or row.record
        works = drain(measuring_effort(folder, [replace(row, record=record)]))
        known = [work for work in works if work.dsc_after is not None]
        dsc: Scores = {work.organ: (work.dsc_before, work.dsc_after) for work in known}
        nsd: Scores = {work.organ: (work.nsd_before, work.nsd_after) for work in known}
        tolerance = next((work.nsd_tolerance_mm for work in known), None)

        def change(record: CaseRecord) -> CaseRecord:
            return replace(record, dsc=dsc, nsd=nsd, nsd_tolerance_mm=tolerance)

        is_open = session is not None and session.is_held
        change_record(folder, row.name, change, session if is_open else None)
