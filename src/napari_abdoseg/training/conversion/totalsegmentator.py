"""Folders with a file an organ, as in the TotalSegmentator data set.

Wasserthal et al., Radiology: Artificial Intelligence 5 (2023);
https://zenodo.org/records/10047292. A case is a folder ``s0001`` with ``ct.nii.gz`` and
``segmentations/liver.nii.gz``, …; ``meta.csv`` says with ``;`` between its fields which
cases are for testing. TotalSegmentator's own output, and sets such as AbdomenAtlas, look
the same without a ``meta.csv``.
"""

from __future__ import annotations

import csv
from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.organ_files import MASKS, organ_files
from napari_abdoseg.training.conversion.source import Source, SourceCase

NAME = "totalsegmentator"
LAYOUT = "a folder a case with ct.nii.gz and segmentations/liver.nii.gz, …"
IMAGE, TABLE = "ct.nii.gz", "meta.csv"
ABOUT = {"reference": "https://github.com/wasserth/TotalSegmentator"}


def fits(folder: Path, labels: Path | None) -> bool:
    """Whether the folder is laid out so."""
    return any(folder.glob(f"*/{MASKS}")) and any(folder.glob(f"*/{IMAGE}"))


def read(folder: Path, labels: Path | None) -> Source:
    """Find the cases, and which of them are for testing."""
    test = _test_cases(folder / TABLE)
    cases = tuple(
        SourceCase(
            image.parent.name, (image,), None, _masks(image.parent), image.parent.name in test
        )
        for image in sorted(folder.glob(f"*/{IMAGE}"))
    )
    organs = sorted({organ for case in cases for organ, _ in case.masks})
    scheme = {organ: value for value, organ in enumerate(organs, start=1)}
    orphans = tuple(
        path for path in sorted(folder.glob(f"*/{MASKS}")) if not (path.parent / IMAGE).exists()
    )
    return Source(NAME, folder, cases, scheme, orphans=orphans, about=ABOUT)


def _masks(case: Path) -> tuple[tuple[str, Path], ...]:
    return tuple(organ_files(case / MASKS).items())


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
