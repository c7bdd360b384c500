"""Volumes and boxes of the organs of a cohort, from the ``organs.csv`` of a run."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.batch.tables import ORGANS, QUALITY_COLUMNS
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.told_quality import ToldQuality
from napari_abdoseg.image.files.csv_table import read_records
from napari_abdoseg.image.grid import Triple

SIDES = ("r", "a", "s")


@dataclass(frozen=True)
class OrganRow:
    """An organ of a case.

    Parameters
    ----------
    case, organ : str
    volume_ml, mean_hu : float
        Volume in ml, mean of the CT in HU.
    size_mm : tuple of float
        Of its box along left-right, front-back and head-foot, in mm.
    touches_edge : bool
        It reaches the edge of the scan, so that it may be larger than it seems.
    quality : ToldQuality, optional
        How good it was expected to be when it was predicted.
    """

    case: str
    organ: str
    volume_ml: float
    mean_hu: float
    size_mm: Triple
    touches_edge: bool
    quality: ToldQuality | None = None


@dataclass(frozen=True)
class OrganTable:
    """Organs of all cases of a run.

    Parameters
    ----------
    folder : Path
        With the label maps of the run.
    rows : tuple of OrganRow
    """

    folder: Path
    rows: tuple[OrganRow, ...]

    @property
    def organs(self) -> tuple[str, ...]:
        """Names of organs, in the order in which they occur."""
        return tuple(dict.fromkeys(row.organ for row in self.rows))


def read_organ_table(path: Path) -> OrganTable:
    """Read the table of a run.

    Parameters
    ----------
    path : Path
        ``organs.csv``, or the folder that it is in.

    Raises
    ------
    AbdosegError
        There is none, or it is another table.
    """
    file = path / ORGANS if path.is_dir() else path
    try:
        with file.open(encoding="utf-8-sig", newline="") as text:
            rows = tuple(map(_row, read_records(text)))
    except FileNotFoundError as error:
        raise AbdosegError(
            f"{file} is not there: choose the folder that `abdoseg predict` has written to."
        ) from error
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise AbdosegError(
            f"{file} is no table of organs that `abdoseg predict` has written: choose another."
        ) from error
    return OrganTable(file.parent, rows)


def _row(cells: Mapping[str, str]) -> OrganRow:
    low, high = ([float(cells[f"{side}_{end}_mm"]) for side in SIDES] for end in ("min", "max"))
    size = [upper - lower for lower, upper in zip(low, high, strict=True)]
    return OrganRow(
        cells["case"],
        cells["organ"],
        float(cells["volume_ml"]),
        float(cells["mean_hu"]),
        (size[0], size[1], size[2]),
        cells["touches_edge"] == str(True),
        _quality(cells),
    )


def _quality(cells: Mapping[str, str]) -> ToldQuality | None:
    """What is told of the organ; None in tables of earlier versions, and where nothing is."""
    agreement, *expected = (cells.get(column, "") for column in QUALITY_COLUMNS)
    if not agreement:
        return None
    dsc, lowest, highest = (float(cell) if cell else None for cell in expected)
    return ToldQuality(cells["organ"], float(agreement), dsc, lowest, highest)
