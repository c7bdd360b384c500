"""The files that say what is wrong with a data set, and what it is like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from napari_abdoseg.image.files.csv_table import csv_text
from napari_abdoseg.image.files.saving import make_folder, write_text
from napari_abdoseg.training.checking.check import Check
from napari_abdoseg.training.checking.page import render_page

PROBLEM_COLUMNS = ("severity", "case", "problem", "message")
CASE_COLUMNS = (
    *("case", "set", "orientation", "size_z", "size_y", "size_x"),
    *("spacing_z_mm", "spacing_y_mm", "spacing_x_mm", "lowest", "highest"),
)


def write_results(output: Path, check: Check) -> tuple[Path, ...]:
    """Write what was found; each file is whole or not there.

    Returns
    -------
    tuple of Path
        ``check.html``, ``check.csv`` with a row a problem, and ``cases.csv`` with a row a
        case and a column of volumes in ml an organ.

    Raises
    ------
    SaveError
        A file could not be written.
    """
    make_folder(output)
    files = tuple(output / name for name in ("check.html", "check.csv", "cases.csv"))
    write_text(files[0], render_page(check))
    write_text(files[1], csv_text(PROBLEM_COLUMNS, _problem_rows(check)))
    volumes = [f"{organ.name}_ml" for organ in check.dataset.organs]
    write_text(files[2], csv_text((*CASE_COLUMNS, *volumes), _case_rows(check)))
    return files


def _problem_rows(check: Check) -> Iterable[Sequence[object]]:
    for problem in check.problems:
        yield problem.severity, problem.case, problem.kind.value, problem.message


def _case_rows(check: Check) -> Iterable[Sequence[object]]:
    for fact in check.facts:
        scan, organs = fact.scan, fact.organs
        seen: tuple[object, ...] = ("",) * 9
        if scan:
            spacing = (f"{step:.6g}" for step in scan.spacing)
            seen = (scan.axis_codes, *scan.shape, *spacing, f"{scan.lowest:g}", f"{scan.highest:g}")
        volumes = [
            f"{organs[organ.value].volume_ml:.4g}" if organ.value in organs else ""
            for organ in check.dataset.organs
        ]
        yield fact.case, "test" if fact.test else "training", *seen, *volumes
