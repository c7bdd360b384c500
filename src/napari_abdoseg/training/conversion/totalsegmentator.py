"""Folders with a file an organ, as in the TotalSegmentator data set.

Wasserthal et al., Radiology: Artificial Intelligence 5 (2023);
https://zenodo.org/records/10047292. A case is a folder ``s0001`` with ``ct.nii.gz`` and
``segmentations/liver.nii.gz``, …; ``meta.csv`` says with ``;`` between its fields which
cases are for testing. TotalSegmentator's own output, and sets such as AbdomenAtlas, look
the same without a ``meta.csv``.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.training.conversion.case_folders import (
    cases_in,
    has_masks,
    has_scans,
    lonely_masks,
    scheme_of,
)
from napari_abdoseg.training.conversion.source import Source

NAME = "totalsegmentator"
LAYOUT = "a folder a case with ct.nii.gz and segmentations/liver.nii.gz, …"
TABLE = "meta.csv"
ABOUT = {"reference": "https://github.com/wasserth/TotalSegmentator"}


def fits(folder: Path, labels: Path | None) -> bool:
    """Whether the folder is laid out so; masks may be in another tree."""
    return has_scans(folder) and has_masks(labels or folder)


def read(folder: Path, labels: Path | None) -> Source:
    """Find the cases, and which of them are for testing."""
    known, test = labels or folder, _test_cases(folder / TABLE)
    cases = tuple(replace(case, test=case.name in test) for case in cases_in(folder, known))
    orphans = lonely_masks(folder, known)
    return Source(NAME, folder, cases, scheme_of(cases), orphans=orphans, about=ABOUT)


def _test_cases(table: Path) -> set[str]:
    if not table.is_file():
        return set()
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, delimiter=";")
            return {row["image_id"] for row in rows if row["split"] == "test"}
    except (OSError, UnicodeDecodeError, KeyError, csv.Error) as error:
        raise AbdosegError(
            f"{table} has no columns image_id and split with ; between them, which say what cases "
            "are for testing: mend it, or move it away to train on all."
        ) from error
