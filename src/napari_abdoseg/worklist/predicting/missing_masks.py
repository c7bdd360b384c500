"""Which cases of a work list a model is to find organs in, and how what it finds comes to them.

What it finds lies in a hidden folder until it is whole, and takes a case's place only where
there still is nothing and nobody has the case open. So nothing that people do is lost to it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.case_report import Report, read_report, write_report
from napari_abdoseg.batch.case_scan import path_from
from napari_abdoseg.batch.goal import Goal
from napari_abdoseg.errors import WorkListError
from napari_abdoseg.image.files.saving import not_saved, remove_file
from napari_abdoseg.logits.file import keep_foreign, logits_path
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.case_record import CaseRecord, Status
from napari_abdoseg.worklist.records.leases import Lease, holder_of
from napari_abdoseg.worklist.records.record_files import read_record
from napari_abdoseg.worklist.records.work_folder import WorkFolder
from napari_abdoseg.worklist.versions.versions import corrections_of, report_beside

WAY = "image_path"


@dataclass(frozen=True)
class MissingMasks(Goal):
    """A label map of each case that has none and that nobody works on.

    Parameters
    ----------
    folder : WorkFolder
    """

    folder: WorkFolder = field(kw_only=True)

    def is_reached(self, case: Case) -> bool:
        """Whether a case needs none any more, or has one that is on its way."""
        open_elsewhere = holder_of(self.folder.session_of(case.name)) is not None
        return open_elsewhere or not _wants_one(self.folder, case.name) or case.report.exists()


def cases_without(folder: WorkFolder, rows: Iterable[Row]) -> tuple[Case, ...]:
    """Cases that are to do and have no label map, in the order of ``rows``.

    Those that somebody has open, or that something is wrong with, are left out.
    """
    return tuple(
        Case(row.name, folder.scans / row.case.image, folder.predictions)
        for row in rows
        if row.case is not None
        and row.record.status is Status.TO_DO
        and row.holder is None
        and not row.problem
    )


def take_in(folder: WorkFolder) -> list[str]:
    """Let what models have found be the label maps of their cases; nothing else gives way to it.

    What is of a case that somebody has open stays for the next time. What is of one that has
    become somebody's work is thrown away.

    Returns
    -------
    list of str
        Cases that have a label map from now on.

    Raises
    ------
    SaveError
        Nothing may be written there, or the disk is full.
    """
    found = sorted(folder.predictions.glob("*.json"))
    return [report.stem for report in found if _take_in(folder, report.stem)]


def _take_in(folder: WorkFolder, name: str) -> bool:
    session = Lease.take(folder.session_of(name))
    if session is None:
        return False
    found = Case(name, Path(), folder.predictions)
    try:
        report = read_report(found.report)
        place = folder.labels_of(name)
        wanted = _wants_one(folder, name)
        came_in = _move(found.labels, place) if wanted else _is_one(found.labels, place)
        if came_in:
            _move_logits(found.logits, logits_path(place))
            write_report(Case(name, Path(), folder.masks).report, _seen_from_masks(folder, report))
    except (OSError, ValueError):  # another process has taken it in, or it is damaged
        came_in = False
    finally:
        session.release()
    for path in (found.report, found.labels, found.logits):
        remove_file(path)
    return came_in


def _wants_one(folder: WorkFolder, name: str) -> bool:
    """Whether a case has no label map, and is and was nobody's work."""
    labels = folder.labels_of(name)
    with suppress(WorkListError):
        record = read_record(folder.record_of(name)) or CaseRecord(name)
        is_to_do = record.seen(labels.exists()).status is Status.TO_DO
        return is_to_do and not corrections_of(report_beside(labels))
    return False


def _is_one(path: Path, place: Path) -> bool:
    """Whether both are one file, since a process was killed while it moved it."""
    with suppress(OSError):
        return path.samefile(place)
    return False


def _move(path: Path, place: Path) -> bool:
    """Give a file another place where there is none; False if there is one.

    Raises
    ------
    SaveError
        It can't be moved.
    FileNotFoundError
        It is gone.
    """
    try:
        os.link(path, place)
    except FileExistsError:
        return False
    except FileNotFoundError:
        raise
    except OSError:  # some disks have no hard links
        if place.exists():
            return False
        try:
            path.rename(place)
        except OSError as error:
            raise not_saved(place, error) from error
    return True


def _move_logits(path: Path, place: Path) -> None:
    """Give logits their place, in which there are none of this label map."""
    if not path.exists():  # there are none, or a process was killed after it had moved them
        return
    keep_foreign(place)
    try:
        path.replace(place)
    except OSError as error:
        raise not_saved(place, error) from error


def _seen_from_masks(folder: WorkFolder, report: Report) -> Report:
    """A report that says where its scan lies as seen from the folder of masks."""
    way = report.get(WAY)
    if not isinstance(way, str):
        return report
    scan = Path(os.path.realpath(folder.predictions), way)
    return report | {WAY: path_from(folder.masks, Path(os.path.normpath(scan)))}
