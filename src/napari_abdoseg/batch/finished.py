"""Whether a case is finished, from its files alone."""

from __future__ import annotations

import numpy as np

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.case_logits import logits_are_kept
from napari_abdoseg.batch.case_report import Report, read_report
from napari_abdoseg.batch.file_identity import FileIdentity
from napari_abdoseg.batch.recipe import Recipe
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.completeness import complete_header


def is_finished(case: Case, recipe: Recipe) -> bool:
    """Whether a case has a label map and a report, both complete and made by a recipe.

    A label map that was corrected since stays the result of its case, as long as it is on the
    same grid.

    Raises
    ------
    AbdosegError
        The label map is an output of another model, of other folds or of another preset, or of
        another scan.
    """
    report = _report_of(case)
    if report is None:
        return False
    header = complete_header(case.labels)
    if header is None:
        return False
    made = Recipe.from_report(report)
    if not recipe.is_met_by(made):
        raise AbdosegError(
            f"{case.labels} is an output of another model or preset: {made.words}; asked for is "
            f"{recipe.words}. Choose another output folder, or replace what is there with "
            "--overwrite."
        )
    if _is_of_another_scan(case, report):
        raise AbdosegError(
            f"{case.labels} is the result of another scan than {case.image}, or of what that was "
            "before: choose another output folder, or replace what is there with --overwrite."
        )
    if recipe.disagreement and not (made.disagreement and complete_header(case.disagreement)):
        return False
    if recipe.logits and not logits_are_kept(report, case.logits):
        return False
    return _is_on(header.grid, report)


def _report_of(case: Case) -> Report | None:
    """Report of a case; None where it is missing, or holds no report of ours."""
    try:
        report = read_report(case.report)
        Recipe.from_report(report)
        _grid_of(report)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return report


def _is_of_another_scan(case: Case, report: Report) -> bool:
    """Whether a report names another file; the first reports of version 0.1.0 name none."""
    made_of, scan = report.get("image_file"), FileIdentity.of(case.image)
    return bool(made_of) and scan is not None and made_of != scan.content


def _is_on(grid: Grid, report: Report) -> bool:
    """Whether a grid is that of a report; reports of version 0.1.0 name none."""
    known = _grid_of(report)
    return known is None or grid.matches(known)


def _grid_of(report: Report) -> Grid | None:
    if "grid" not in report:
        return None
    i, j, k = (int(size) for size in report["grid"]["shape"])
    affine = np.array(report["grid"]["affine"], np.float64)
    if affine.shape != (4, 4):
        raise ValueError("its affine is none")
    return Grid((i, j, k), affine)
