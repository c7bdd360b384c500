"""Which masks a new model would change most, compared with those that count."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from napari_abdoseg.errors import AbdosegError, WorkListError
from napari_abdoseg.evaluation.alignment import align
from napari_abdoseg.evaluation.dice import dice_of_masks
from napari_abdoseg.evaluation.label_schemes import Schemes, read_matched
from napari_abdoseg.evaluation.metrics_csv import number
from napari_abdoseg.evaluation.organ_masks import organ_masks
from napari_abdoseg.evaluation.processes import over_processes
from napari_abdoseg.image.files.csv_table import csv_text
from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.progress import Work
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.work_folder import WorkFolder

COLUMNS = (
    *("case", "dsc_mean", "organ", "dsc", "volume_ml", "volume_model_ml"),
    *("added_ml", "removed_ml"),
)


@dataclass(frozen=True)
class OrganChange:
    """What a model would change of an organ.

    Parameters
    ----------
    organ : str
    dsc : float
        Of the mask that counts and the model's.
    ml, model_ml : float
        Their volumes.
    added_ml, removed_ml : float
        What the model would add and take away.
    """

    organ: str
    dsc: float
    ml: float
    model_ml: float
    added_ml: float
    removed_ml: float


@dataclass(frozen=True)
class CaseChange:
    """What a model would change of a case.

    Parameters
    ----------
    case : str
    organs : tuple of OrganChange
        Those that either has, that of the lowest DSC first; empty where neither has any.
    unmatched : tuple of str
        Names of organs that one of the two alone knows.
    """

    case: str
    organs: tuple[OrganChange, ...]
    unmatched: tuple[str, ...] = ()

    @property
    def dsc(self) -> float:
        """Mean over organs; 1 without any."""
        return fmean([each.dsc for each in self.organs] or [1.0])


@dataclass(frozen=True)
class ModelChanges:
    """What a model would change.

    Parameters
    ----------
    cases : tuple of CaseChange
        That of the lowest mean DSC first.
    failed : dict of str to str
        Cases that could not be compared, and why.
    """

    cases: tuple[CaseChange, ...]
    failed: dict[str, str]

    def most(self, percent: float) -> tuple[CaseChange, ...]:
        """The cases that would change most, so many of a hundred, and at least one that would.

        Raises
        ------
        WorkListError
            It is no percentage.
        """
        if not 0 < percent <= 100:
            raise WorkListError(f"{percent:g} % is no share of cases: give more than 0, up to 100.")
        changed = [case for case in self.cases if case.dsc < 1]
        return tuple(changed[: math.ceil(len(self.cases) * percent / 100)])


@dataclass(frozen=True)
class _Files:
    case: str
    counts: Path
    model: Path


def comparing_with_model(
    folder: WorkFolder, rows: Sequence[Row], files: Mapping[str, Path], workers: int = 1
) -> Work[ModelChanges]:
    """Compare what a model says of cases with the masks that count; organs are matched by name.

    Parameters
    ----------
    folder : WorkFolder
    rows : sequence of Row
    files : mapping of str to Path
        Label maps by the model, by case. A case without one is left out, and one of which that
        is the mask that counts.
    workers : int, optional
        Processes.
    """
    tasks = [
        _Files(row.name, folder.current_of(row.record), files[row.name])
        for row in rows
        if row.name in files
    ]
    tasks = [task for task in tasks if not _is_one(task)]
    stage = "Comparing with the model"
    outcomes = yield from over_processes(_compare, tasks, workers, stage)
    changes = [outcome for outcome in outcomes if isinstance(outcome, CaseChange)]
    failed = {
        task.case: str(outcome)
        for task, outcome in zip(tasks, outcomes, strict=True)
        if isinstance(outcome, AbdosegError)
    }
    return ModelChanges(tuple(sorted(changes, key=lambda each: (each.dsc, each.case))), failed)


def write_changes(path: Path, changes: ModelChanges) -> None:
    """Write a table with a row an organ of a case, in the order of cases.

    Raises
    ------
    SaveError
        It could not be written.
    """
    write_text(path, csv_text(COLUMNS, _cells(changes)))


def _is_one(files: _Files) -> bool:
    return files.counts.resolve() == files.model.resolve()


def _compare(files: _Files) -> CaseChange:
    matched = read_matched(files.model, files.counts, Schemes())
    model = align(matched.prediction, matched.reference)
    ml = matched.reference.grid.voxel_volume
    organs = []
    for organ, predicted, known in organ_masks(model, matched.reference):
        sizes = [
            int(np.count_nonzero(mask))
            for mask in (known, predicted, predicted & ~known, known & ~predicted)
        ]
        if any(sizes):
            volumes = (size * ml for size in sizes)
            organs.append(OrganChange(organ.name, dice_of_masks(predicted, known), *volumes))
    organs.sort(key=lambda each: each.dsc)
    return CaseChange(files.case, tuple(organs), matched.unmatched)


def _cells(changes: ModelChanges) -> Iterator[list[str]]:
    for case in changes.cases:
        for organ in case.organs:
            volumes = (organ.ml, organ.model_ml, organ.added_ml, organ.removed_ml)
            told = map(number, (organ.dsc, *volumes))
            yield [case.case, number(case.dsc), organ.organ, *told]
