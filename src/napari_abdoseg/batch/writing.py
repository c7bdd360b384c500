"""A case from what networks say of it to its files."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.finished import is_finished
from napari_abdoseg.batch.goal import Goal
from napari_abdoseg.batch.segment_case import (
    CaseResult,
    add_logits,
    concluding_case,
    write_result,
)
from napari_abdoseg.errors import ImageError, SaveError
from napari_abdoseg.image.files.json_beside import CORRECTIONS, json_beside
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.inference.scan import PredictedScan
from napari_abdoseg.logits.file import logits_path
from napari_abdoseg.progress import Work


def writing_case(
    case: Case, predicted: PredictedScan, goal: Goal, by_way_of: Path
) -> Work[str | None]:
    """Write a case's label map and report.

    The result that is there is replaced if that is the goal and nobody has corrected it.
    Otherwise a label map that differs and can be read is put aside, as is one that no report
    says is a result.

    Parameters
    ----------
    case : Case
    predicted : PredictedScan
    goal : Goal
    by_way_of : Path
        Folder on the same disk that files are in until they are whole.

    Returns
    -------
    str or None
        What the user is to be told.

    Raises
    ------
    SaveError
        It could not be written.
    """
    result = yield from concluding_case(case.name, predicted, goal.recipe)
    return keep_result(case, result, goal, by_way_of)


def keep_result(case: Case, result: CaseResult, goal: Goal, by_way_of: Path) -> str | None:
    """Write the result of a case, and put aside what is in its place; see `writing_case`.

    A result that was corrected and lacks nothing but logits gets those alone.
    """
    if _lacks_logits_alone(case, goal):
        add_logits(case, result, by_way_of)
        return result.no_logits or None
    is_result = goal.replaces and case.report.exists() and not _is_corrected(case)
    notice = "" if is_result else put_aside(case, result.labels) or ""
    write_result(case, result, by_way_of)
    return " ".join(filter(None, (notice, result.no_logits))) or None


def _lacks_logits_alone(case: Case, goal: Goal) -> bool:
    if not goal.recipe.logits or goal.replaces or not _is_corrected(case):
        return False
    return is_finished(case, replace(goal.recipe, logits=False))


def put_aside(case: Case, labels: LabelMap) -> str | None:
    """Give another name to a label map that is in the place of a result and differs from it.

    One that can't be read stays. The report of one that was corrected goes with it, and so do
    logits.

    Returns
    -------
    str or None
        What the user is to be told of it.

    Raises
    ------
    SaveError
        It can't be renamed.
    """
    try:
        found = read_labels(case.labels)
    except ImageError:
        return None
    if found.grid.matches(labels.grid) and np.array_equal(found.data, labels.data):
        return None
    aside, was_corrected = _free_name(case), _is_corrected(case)
    try:
        case.labels.rename(aside)
        if was_corrected:
            case.report.rename(json_beside(aside))
        if case.logits.exists():
            case.logits.rename(logits_path(aside))
    except OSError as error:
        raise SaveError(
            f"{case.labels} can't be renamed to {aside.name} ({error.strerror}): move it elsewhere."
        ) from error
    what = (
        "was corrected by hand" if was_corrected else "was no finished result and differs from it"
    )
    return f"{case.labels} {what}: it is {aside.name} now."


def _is_corrected(case: Case) -> bool:
    """Whether somebody has corrected a result, as the report tells that napari saves with it."""
    try:
        return bool(read_json(case.report).get(CORRECTIONS))
    except (OSError, ValueError):
        return False


def _free_name(case: Case) -> Path:
    names = (f"{case.name}_before{number or ''}.nii.gz" for number in itertools.count())
    return next(path for name in names if not (path := case.output / name).exists())
