"""A table with a row a case and organ."""

from __future__ import annotations

import csv
from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.cohort import CohortScores
from napari_abdoseg.evaluation.score import Score
from napari_abdoseg.image.files.csv_table import csv_text, read_records
from napari_abdoseg.image.files.saving import write_text

METRICS = "metrics.csv"
COLUMNS = (
    *("case", "organ", "dsc", "nsd", "hd95_mm", "volume_prediction_ml", "volume_reference_ml"),
    *("assd_mm", "volume_difference_ml", "tolerance_mm", "empty"),
)

OF_CENTRE_LINES = ("cldice", "centre_line_mm")
"""Columns behind these where thin structures were asked for."""


def write_metrics(path: Path, cohort: CohortScores) -> None:
    """Write all scores; a distance that an empty mask leaves undefined is ``nan``."""
    more = OF_CENTRE_LINES if cohort.thin else ()
    rows = (
        [case.case, *_cells(score), *(number(getattr(score, name)) for name in more)]
        for case in cohort.cases
        for score in case.scores
    )
    write_text(path, csv_text((*COLUMNS, *more), rows))


def read_dsc(path: Path) -> dict[tuple[str, str], float]:
    """DSC by case and organ, from a table of scores or the folder that it is in.

    Raises
    ------
    AbdosegError
        There is none, or it is another table.
    """
    file = path / METRICS if path.is_dir() else path
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            return {
                (cells["case"], cells["organ"]): float(cells["dsc"]) for cells in read_records(text)
            }
    except FileNotFoundError as error:
        raise AbdosegError(
            f"{file} is not there: choose the folder that `abdoseg evaluate` has written to."
        ) from error
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise AbdosegError(
            f"{file} is no table of scores that `abdoseg evaluate` has written: choose another."
        ) from error


def number(value: float) -> str:
    """A number for a table: ten digits, more than any image gives."""
    return f"{value:.10g}"


def _cells(score: Score) -> list[str]:
    return [
        score.organ.name,
        number(score.dsc),
        number(score.nsd),
        number(score.hd95_mm),
        number(score.volume_prediction_ml),
        number(score.volume_reference_ml),
        number(score.assd_mm),
        number(score.volume_difference_ml),
        number(score.tolerance_mm),
        score.emptiness.value,
    ]
