"""What is known of cases that were converted before.

A file a case lies in the folder ``.conversion`` of the data set: written before the first
file of the case, and again after the last. So a second run tells what is whole, what was
made from other files or with other labels, and what is not this program's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.training.conversion.step import Step

FOLDER = ".conversion"


@dataclass(frozen=True)
class Record:
    """How far a case came.

    Parameters
    ----------
    digest : str
        Of what was to be done; see `digest_of`.
    finished : bool
    overlap : int
        Voxels that more than one organ claimed.
    """

    digest: str
    finished: bool = False
    overlap: int = 0


def digest_of(steps: Iterable[Step]) -> str:
    """One text for one way to make a case: steps, files, their sizes and times of change."""
    steps = tuple(steps)
    files = [
        (str(path.resolve()), (found := path.stat()).st_size, found.st_mtime_ns)
        for step in steps
        for path in step.sources
    ]
    return hashlib.sha256(f"{steps} {files}".encode()).hexdigest()


def read_record(dataset: Path, case: str) -> Record | None:
    """The record of a case; None if there is none that can be read."""
    try:
        return Record(**json.loads(_path(dataset, case).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_record(dataset: Path, case: str, record: Record) -> None:
    """Keep the record of a case.

    Raises
    ------
    SaveError
        It could not be written.
    """
    write_text(_path(dataset, case), json.dumps(asdict(record)) + "\n")


def _path(dataset: Path, case: str) -> Path:
    return dataset / FOLDER / f"{case}.json"
