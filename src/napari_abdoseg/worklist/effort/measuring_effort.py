"""What corrections have made of a label map: contours, slices, and how much nearer it came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.correction.journal.recorded_labels import sha256_of
from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.evaluation.added_path_length import added_path_length
from napari_abdoseg.evaluation.dice import dice_of_masks
from napari_abdoseg.evaluation.normalized_surface_dice import normalized_surface_dice
from napari_abdoseg.evaluation.processes import over_processes
from napari_abdoseg.image.files.saving import backup_of
from napari_abdoseg.image.grid import Triple
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.organ_files import read_label_map
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.progress import Work
from napari_abdoseg.worklist.effort.effort import TOLERANCES, OrganWork, noted_work
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.case_record import CaseRecord
from napari_abdoseg.worklist.records.work_folder import WorkFolder
from napari_abdoseg.worklist.versions.uncorrected import uncorrected_of
from napari_abdoseg.worklist.versions.versions import corrections_of, report_beside


@dataclass(frozen=True)
class _Files:
    """Label maps of a case."""

    case: str
    after: Path
    before: Path | None
    reference: Path | None

    @property
    def noted(self) -> dict[str, OrganWork]:
        return noted_work(self.case, corrections_of(report_beside(self.after)))


def measuring_effort(
    folder: WorkFolder, rows: Sequence[Row], workers: int = 1
) -> Work[tuple[OrganWork, ...]]:
    """Work on the cases that somebody has corrected: a value an organ that it was on.

    A case whose label maps can't be compared is told, and has what was noted of it.

    Parameters
    ----------
    folder : WorkFolder
    rows : sequence of Row
    workers : int, optional
        Processes.
    """
    files = [each for row in rows if (each := _files(folder, row)) is not None]
    outcomes = yield from over_processes(_measure, files, workers, "Measuring work", _complaint)
    return tuple(
        work
        for each, outcome in zip(files, outcomes, strict=True)
        for work in (each.noted.values() if isinstance(outcome, AbdosegError) else outcome)
    )


def _complaint(files: _Files, outcome: tuple[OrganWork, ...] | AbdosegError) -> str | None:
    return f"{files.case}: {outcome}" if isinstance(outcome, AbdosegError) else None


def _files(folder: WorkFolder, row: Row) -> _Files | None:
    """The label maps of a case; None where nobody has corrected it."""
    after = folder.current_of(row.record)
    entries = corrections_of(report_beside(after))
    if not entries:
        return None
    reference = row.case.reference if row.case is not None else ""
    before = _before(folder, row.record, after, entries[0])
    return _Files(row.name, after, before, folder.scans / reference if reference else None)


def _before(
    folder: WorkFolder, record: CaseRecord, after: Path, first: dict[str, Any]
) -> Path | None:
    """The label map that was corrected first: the very one, or else what a model predicted."""
    kept = uncorrected_of(folder, after)
    predicted = [folder.masks / each.file for each in record.versions if each.kind == "prediction"]
    there = [
        path
        for path in (kept, backup_of(after), *predicted, folder.labels_of(record.case))
        if path is not None and path != after and path.is_file()
    ]
    began_from = first.get("began_from")
    wanted = began_from.get("sha256") if isinstance(began_from, dict) else None
    same = (path for path in there if sha256_of(path) == wanted)
    return next(same, None) or next((path for path in there if path in predicted), None)


def _measure(files: _Files) -> tuple[OrganWork, ...]:
    noted = files.noted
    after = read_label_map(files.after)
    before = _read_like(files.before, after)
    reference = _read_like(files.reference, after)
    names = dict.fromkeys((*noted, *(() if before is None else _changed(before, after))))
    works = (noted.get(name, OrganWork(files.case, name)) for name in names)
    return tuple(_measured(work, before, after, reference) for work in works)


def _read_like(path: Path | None, other: LabelMap) -> LabelMap | None:
    if path is None:
        return None
    labels = read_label_map(path)
    if not labels.grid.matches(other.grid):
        raise ImageError(f"{path} is on another grid than the label map that counts.")
    return labels


def _changed(before: LabelMap, after: LabelMap) -> Iterator[str]:
    """Organs of which a voxel differs."""
    for name in dict.fromkeys(organ.name for organ in (*before.organs, *after.organs)):
        if not np.array_equal(_mask(before, name), _mask(after, name)):
            yield name


def _measured(
    work: OrganWork, before: LabelMap | None, after: LabelMap, reference: LabelMap | None
) -> OrganWork:
    now = _mask(after, work.organ)
    then = None if before is None else _mask(before, work.organ)
    if reference is not None:
        known = _mask(reference, work.organ)
        work = _compared(work, then, now, known, after.grid.spacing)
    if then is None:
        return work
    return replace(
        work,
        slices=int((then != now).any(axis=(1, 2)).sum()),
        path_mm=added_path_length(then, now, after.grid.spacing),
        dsc_of_both=dice_of_masks(then, now),
    )


def _compared(
    work: OrganWork,
    then: NDArray[np.bool_] | None,
    now: NDArray[np.bool_],
    known: NDArray[np.bool_],
    spacing: Triple,
) -> OrganWork:
    """Work with how near the reference an organ was before it, and is now."""
    tolerance = TOLERANCES.of(Organ(1, work.organ))

    def nsd(mask: NDArray[np.bool_]) -> float:
        return normalized_surface_dice(mask, known, spacing, tolerance)

    work = replace(work, dsc_after=dice_of_masks(now, known), nsd_after=nsd(now))
    if then is None:
        return work
    return replace(work, dsc_before=dice_of_masks(then, known), nsd_before=nsd(then))


def _mask(labels: LabelMap, name: str) -> NDArray[np.bool_]:
    values = [organ.value for organ in labels.organs if organ.name == name]
    return np.isin(labels.data, values)
