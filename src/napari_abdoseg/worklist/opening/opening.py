"""A case is opened: this session has it from then on, or reads it only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from napari_abdoseg.errors import WorkListError
from napari_abdoseg.image.shown_case import ShownCase
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.worklist.listing.listing import NO_MASKS, Row
from napari_abdoseg.worklist.opening.case_files import CaseFiles
from napari_abdoseg.worklist.opening.claims import Claim, claiming
from napari_abdoseg.worklist.records.case_record import CaseRecord
from napari_abdoseg.worklist.records.record_files import read_record
from napari_abdoseg.worklist.records.work_folder import WorkFolder

Reading = Callable[[WorkFolder, Row], Work[ShownCase]]
"""What reads a case: from its files, or from what was read ahead."""
Claiming = Callable[[WorkFolder, str], Claim]


@dataclass(frozen=True, eq=False)
class OpenCase:
    """A case that was read, and what may be done with it.

    Parameters
    ----------
    record : CaseRecord
        As it was when the case was claimed.
    claim : Claim
    scan : Volume
    labels : LabelMap or None
        With voxels that can be written; None where it has none.
    """

    record: CaseRecord
    claim: Claim
    scan: Volume
    labels: LabelMap | None


def reading_files(folder: WorkFolder, row: Row) -> Work[ShownCase]:
    """Read a case from its files.

    Raises
    ------
    WorkListError
        Its scan is gone.
    ImageError
        A file can't be read, or they do not lie on one grid.
    """
    yield Progress(f"Reading {row.name}", 0, 0)
    return CaseFiles.of(folder, row).read()


def opening(
    folder: WorkFolder, row: Row, reading: Reading = reading_files, claiming: Claiming = claiming
) -> Work[OpenCase]:
    """Claim a case, and read it then.

    Parameters
    ----------
    folder : WorkFolder
    row : Row
        As it was listed; what its record says meanwhile counts.
    reading : callable, optional
        From its files by default.
    claiming : callable, optional
        Such as `taking_over`, from a dead session.

    Raises
    ------
    AbdosegError
        It can't be read, or taken over; nobody has it open then.
    """
    yield Progress(f"Opening {row.name}", 0, 0)
    if row.has_labels and not folder.masks.is_dir():
        raise WorkListError(NO_MASKS.format(folder.masks))
    claim = claiming(folder, row.name)
    try:
        row = _as_it_is(folder, row)
        case = yield from reading(folder, row)
        if case.scan is None:
            raise WorkListError(f"{row.name}: its scan holds labels now. Put the scan back.")
    except BaseException:
        claim.end()
        raise
    return OpenCase(row.record, claim, case.scan, case.labels)


def _as_it_is(folder: WorkFolder, row: Row) -> Row:
    has_labels = folder.labels_of(row.name).is_file()
    record = read_record(folder.record_of(row.name)) or row.record
    return replace(row, record=record, has_labels=has_labels)
