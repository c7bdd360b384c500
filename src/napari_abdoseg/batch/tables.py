"""The tables of a run: organs of all cases, and cases without a result."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from operator import itemgetter
from pathlib import Path

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.case_report import Report, doubted_organs, swapped_axes
from napari_abdoseg.batch.quality_entries import NO_CELLS
from napari_abdoseg.evaluation.told_quality import told_qualities
from napari_abdoseg.image.files.csv_table import csv_text, read_csv
from napari_abdoseg.image.files.saving import remove_file, write_text

ORGANS, FAILED = "organs.csv", "failed.csv"
QUALITY_COLUMNS = ("agreement", "expected_dsc", "expected_dsc_lowest", "expected_dsc_highest")
ORGAN_COLUMNS = (
    *("case", "organ", "value", "voxels", "volume_ml", "mean_hu", "touches_edge"),
    *("r_min_mm", "a_min_mm", "s_min_mm", "r_max_mm", "a_max_mm", "s_max_mm"),
    *("orientation", "checks"),
    *QUALITY_COLUMNS,
)
EARLIER_COLUMNS = (ORGAN_COLUMNS[:-6], ORGAN_COLUMNS[:-5], ORGAN_COLUMNS[:-4])
"""Those of earlier versions."""
FAILED_COLUMNS = ("case", "file", "reason")


def write_organs_csv(
    output: Path,
    cases: Sequence[Case],
    reports: Iterable[Report],
    by_way_of: Path | None = None,
) -> None:
    """Write a table with a row a case and organ, sorted by case.

    Parameters
    ----------
    output : Path
        Folder of the results.
    cases : sequence of Case
        Those that were tried. Rows of others stay as long as these have a report.
    reports : iterable of dict
        Of cases that have a result.
    by_way_of : Path, optional
        See `replaced_file`.
    """
    path = output / ORGANS
    earlier = _rows_of_others(path, ORGAN_COLUMNS, cases)
    for columns in EARLIER_COLUMNS:
        empty = [""] * (len(ORGAN_COLUMNS) - len(columns))
        earlier += ([*row, *empty] for row in _rows_of_others(path, columns, cases))
    there = {report.name for report in output.glob("*.json")}
    rows: list[Sequence[object]] = [row for row in earlier if f"{row[0]}.json" in there]
    rows += (row for report in reports for row in _organ_rows(report))
    write_text(path, csv_text(ORGAN_COLUMNS, sorted(rows, key=itemgetter(0))), by_way_of)


def _organ_rows(report: Report) -> list[list[object]]:
    swapped, doubted = ", ".join(swapped_axes(report)), doubted_organs(report)
    told = told_qualities(report)
    return [
        [
            report["case"],
            organ["name"],
            *(organ[key] for key in ("value", "voxels", "volume_ml", "mean_hu")),
            organ["touches_edge"],
            *organ["box_mm"]["min"],
            *organ["box_mm"]["max"],
            f"swapped: {swapped}" if swapped else "",
            doubted.get(organ["value"], ""),
            *(told[organ["value"]].cells if organ["value"] in told else NO_CELLS),
        ]
        for organ in report["organs"]
    ]


def write_failed_csv(
    output: Path,
    cases: Sequence[Case],
    failed: Sequence[tuple[Case, str]],
    by_way_of: Path | None = None,
) -> None:
    """Write which cases have no result, and why; no table where there is none.

    Parameters
    ----------
    output : Path
        Folder of the results.
    cases : sequence of Case
        Those that were tried. What was written of others before stays.
    failed : sequence of (Case, str)
    by_way_of : Path, optional
        See `replaced_file`.
    """
    path = output / FAILED
    rows = _rows_of_others(path, FAILED_COLUMNS, cases)
    rows += [[case.name, str(case.image), reason] for case, reason in failed]
    if rows:
        write_text(path, csv_text(FAILED_COLUMNS, sorted(rows)), by_way_of)
    else:
        remove_file(path)


def _rows_of_others(path: Path, columns: Sequence[str], cases: Sequence[Case]) -> list[list[str]]:
    """Rows that earlier runs wrote, without those of these cases."""
    tried = {case.name for case in cases}
    return [row for row in _read(path, columns) if row[0] not in tried]


def _read(path: Path, columns: Sequence[str]) -> list[list[str]]:
    """Rows of a table of ours; none where it can't be read or has other columns."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(read_csv(file))
    except (OSError, ValueError, csv.Error):
        return []
    if not rows or rows[0] != list(columns):
        return []
    return [row for row in rows[1:] if len(row) == len(columns)]
