"""Versions of a case beside the one that counts: one is made to count, or read to be compared."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from napari_abdoseg.errors import ImageError, WorkListError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.names.chosen_schemes import named_as_chosen
from napari_abdoseg.image.nifti.forms import lie_together
from napari_abdoseg.image.organ_files import read_label_map
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.opening.case_files import CaseFiles
from napari_abdoseg.worklist.opening.claims import Claim
from napari_abdoseg.worklist.opening.opening import OpenCase
from napari_abdoseg.worklist.records.case_record import CaseRecord, Version
from napari_abdoseg.worklist.records.changing import (
    Change,
    change_record,
    in_turn,
    with_current,
)
from napari_abdoseg.worklist.records.promised_labels import having_labels
from napari_abdoseg.worklist.records.work_folder import WorkFolder, labels_name


def counts(record: CaseRecord, version: Version) -> bool:
    """Whether a version is the one that counts."""
    return version.file == (record.current or labels_name(record.case))


def counting(folder: WorkFolder, row: Row, version: Version) -> Change:
    """Let a version count, be it the label map of the case's own name.

    The change raises a `WorkListError` where the case has no such version, or its file is gone or
    was made of another scan, and an `ImageError` where that is no label map.
    """
    return in_turn(with_current(_current(row.name, version)), having_labels(folder, row.image))


def exchanging(folder: WorkFolder, row: Row, version: Version, claim: Claim) -> Work[OpenCase]:
    """Read another version of a case that this session has open, and let it count then.

    Parameters
    ----------
    folder : WorkFolder
    row : Row
    version : Version
    claim : Claim
        By which the case is open; it stays as it is, whatever comes of this.

    Raises
    ------
    AbdosegError
        It can't be read or noted; the version before counts.
    """
    yield Progress(f"Reading {version.file}", 0, 0)
    current = _current(row.name, version)
    wanted = replace(row, record=replace(row.record, current=current), has_labels=True)
    case = CaseFiles.of(folder, wanted).read()
    if case.scan is None:
        raise WorkListError(f"{row.name}: its scan holds labels now. Put the scan back.")
    record = change_record(folder, row.name, counting(folder, row, version), claim.lease)
    return OpenCase(record, claim, case.scan, case.labels)


def reading_beside(
    folder: WorkFolder, versions: Sequence[Version], grid: Grid
) -> Work[tuple[LabelMap, ...]]:
    """Read versions to be seen beside each other.

    Parameters
    ----------
    folder : WorkFolder
    versions : sequence of Version
    grid : Grid
        Of the scan.

    Raises
    ------
    ImageError
        One can't be read, or does not lie on the grid.
    """
    read = []
    for place, version in enumerate(versions):
        yield Progress(f"Reading {version.file}", place, len(versions))
        read.append(_read_on(grid, folder.masks / version.file))
    return tuple(read)


def _read_on(grid: Grid, path: Path) -> LabelMap:
    labels = named_as_chosen(read_label_map(path))
    if not lie_together(grid, labels.grid):
        raise ImageError(
            f"{path} and the scan do not lie on one grid: give a label map that was made of this "
            "very scan."
        )
    return labels


def _current(case: str, version: Version) -> str:
    """How a record names the version that counts."""
    return "" if version.file == labels_name(case) else version.file
