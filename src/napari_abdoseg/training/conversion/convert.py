"""A data set brought into nnU-Net's format."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.processes import over_processes
from napari_abdoseg.image.files.saving import make_folder
from napari_abdoseg.progress import Work
from napari_abdoseg.training.conversion.dataset_json import NAME as DESCRIPTION
from napari_abdoseg.training.conversion.dataset_json import write_dataset_json
from napari_abdoseg.training.conversion.patient_splits import write_splits
from napari_abdoseg.training.conversion.plan import FOLDERS, CasePlan, Plan, require_room
from napari_abdoseg.training.conversion.record import FOLDER, Record, read_record, write_record


@dataclass(frozen=True)
class Conversion:
    """What became of a data set.

    Parameters
    ----------
    plan : Plan
    made, kept : tuple of str
        Cases converted now, and before.
    failed : tuple of (str, str)
        Cases that could not be converted, and why.
    overlaps : dict of str to int
        Voxels that more than one organ claimed, by case; cases without any are left out.
    """

    plan: Plan
    made: tuple[str, ...]
    kept: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    overlaps: dict[str, int]


def converting(plan: Plan, workers: int = 1) -> Work[Conversion]:
    """Make what is missing of a planned data set; ``dataset.json`` comes last.

    A case that can't be converted is told at once, the others go on, and no
    ``dataset.json`` is written, so that nobody takes the data set for a whole one.

    Raises
    ------
    SaveError
        The disk has no room, or a folder can't be made.
    """
    require_room(plan)
    for name in (*FOLDERS, FOLDER):
        make_folder(plan.folder / name)
    (plan.folder / DESCRIPTION).unlink(missing_ok=True)
    waiting = plan.waiting
    outcomes = yield from over_processes(
        partial(_convert, folder=plan.folder), waiting, workers, "Converting", _name_failure
    )
    failed = list(plan.failed) + [
        (case.name, str(outcome))
        for case, outcome in zip(waiting, outcomes, strict=True)
        if isinstance(outcome, AbdosegError)
    ]
    names = {name for name, _ in failed}
    if not failed:
        write_splits(plan.folder, plan.patients)
        write_dataset_json(
            plan.folder, plan.channels, plan.mapping.labels, plan.training, plan.about
        )
    records = ((case.name, read_record(plan.folder, case.name)) for case in plan.cases)
    return Conversion(
        plan,
        made=tuple(case.name for case in waiting if case.name not in names),
        kept=tuple(case.name for case in plan.cases if case.kept),
        failed=tuple(failed),
        overlaps={name: record.overlap for name, record in records if record and record.overlap},
    )


def _name_failure(case: CasePlan, outcome: int | AbdosegError) -> str | None:
    return f"{case.name} failed: {outcome}" if isinstance(outcome, AbdosegError) else None


def _convert(case: CasePlan, folder: Path) -> int:
    """Make the files of a case; returns how many voxels more than one organ claims."""
    write_record(folder, case.name, Record(case.digest))
    overlap = sum(step.run() for step in case.steps)
    write_record(folder, case.name, Record(case.digest, True, overlap))
    return overlap
