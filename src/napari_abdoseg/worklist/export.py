"""The cases of a work list as a data set to train on."""

from __future__ import annotations

from collections.abc import Sequence

from napari_abdoseg.errors import WorkListError
from napari_abdoseg.progress import spoken_names
from napari_abdoseg.training.conversion.source import Source, SourceCase
from napari_abdoseg.worklist.case_record import CaseRecord
from napari_abdoseg.worklist.finding import WorkCase
from napari_abdoseg.worklist.listing import Row
from napari_abdoseg.worklist.work_folder import WorkFolder

FORMAT = "work list"
SHOWN = 3


def source_of(folder: WorkFolder, rows: Sequence[Row]) -> Source:
    """Scans, the label maps that count, and whose they are; as `preparing_source` takes them.

    Parameters
    ----------
    folder : WorkFolder
    rows : sequence of Row
        Cases that are to be trained on.

    Raises
    ------
    WorkListError
        There is no case, or one lacks its scan or its label map.
    """
    if not rows:
        raise WorkListError(
            f"No case of {folder.scans} is done: `abdoseg cases set FOLDER CASE done` says of a "
            "case that it is."
        )
    faults = [f"{row.name}: {fault}" for row in rows if (fault := _fault(folder, row))]
    if faults:
        raise WorkListError(
            f"Not all of these cases can be exported. {spoken_names(faults, SHOWN)} Mend them, or "
            "give them another status."
        )
    cases = (_case(folder, row.case, row.record) for row in rows if row.case is not None)
    return Source(FORMAT, folder.scans, tuple(cases), {})


def _fault(folder: WorkFolder, row: Row) -> str:
    labels = folder.current_of(row.record)
    return row.problem or ("" if labels.is_file() else f"Its label map {labels} is not there.")


def _case(folder: WorkFolder, case: WorkCase, record: CaseRecord) -> SourceCase:
    labels = folder.current_of(record)
    return SourceCase(case.name, (folder.scans / case.image,), labels, patient=case.patient)
