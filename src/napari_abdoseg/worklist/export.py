"""The cases of a work list as a data set to train on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from napari_abdoseg.errors import WorkListError
from napari_abdoseg.progress import Work, counted, spoken_names
from napari_abdoseg.training.checking.check import Check, checking
from napari_abdoseg.training.conversion.convert import converting
from napari_abdoseg.training.conversion.naming import dataset_folder
from napari_abdoseg.training.conversion.prepare import Wishes, preparing_source
from napari_abdoseg.training.conversion.source import Source, SourceCase
from napari_abdoseg.worklist.listing.finding import WorkCase
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.case_record import CaseRecord
from napari_abdoseg.worklist.records.work_folder import WorkFolder

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


def exporting(folder: WorkFolder, rows: Sequence[Row], target: Path, workers: int = 1) -> Work[str]:
    """Make a data set of cases and look at it; what came of it, in words.

    Parameters
    ----------
    folder : WorkFolder
    rows : sequence of Row
        Cases that are to be trained on.
    target : Path
        The data set, called as nnU-Net wants it.
    workers : int, optional
        Processes.

    Raises
    ------
    AbdosegError
        There is no case, one lacks its scan or its label map, or they can't be brought together.
    """
    place = dataset_folder(target)
    plan = yield from preparing_source(source_of(folder, rows), place, Wishes(), workers)
    conversion = yield from converting(plan, workers)
    if conversion.failed:
        faults = spoken_names([f"{case}: {why}" for case, why in conversion.failed], SHOWN)
        return f"Not all cases could be exported to {place}. {faults}"
    checked = yield from checking(place, workers)
    cases = len(conversion.made) + len(conversion.kept)
    return f"{place} has {counted(cases, 'case')} now. {_findings(checked)}"


def _findings(checked: Check) -> str:
    if not checked.problems:
        return "Nothing is wrong with it: it is ready for `abdoseg train`."
    told = [f"{problem.case or 'all cases'}: {problem.message}" for problem in checked.problems]
    ruins = "It can't be trained on like this" if checked.ruined else "Look at this before training"
    return f"{ruins}: {spoken_names(told, SHOWN)} `abdoseg dataset check` tells all."
