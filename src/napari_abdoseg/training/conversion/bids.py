"""Data sets in the Brain Imaging Data Structure, with CTs and segmentations derived from them.

Gorgolewski et al., Scientific Data 3 (2016); https://bids-specification.readthedocs.io. A scan
is ``sub-01/ses-1/ct/sub-01_ses-1_ct.nii.gz``, sessions being optional, and its segmentation
``derivatives/NAME/sub-01/…/sub-01_ses-1_dseg.nii.gz``, perhaps with entities of its own such as
``space-`` and ``desc-``. Names of labels are in the columns ``index`` and ``name`` of a
``dseg.tsv`` beside it or above.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.nifti.volumes import is_image_file
from napari_abdoseg.training.conversion.source import Source, SourceCase

NAME = "bids"
LAYOUT = "sub-01/ct/sub-01_ct.nii.gz and derivatives/NAME/sub-01/…/sub-01_dseg.nii.gz"
DERIVATIVES, TABLE = "derivatives", "dseg.tsv"
IMAGE, LABELS = "_ct", "_dseg"
OF_DERIVATIVES = {"space", "res", "den", "label", "desc", "atlas", "seg", "hemi", "scale"}
"""Entities that a segmentation has beside those of its scan."""


def fits(folder: Path, labels: Path | None) -> bool:
    """Whether the folder is laid out so."""
    return any(_scans(folder)) and any(_segmentations(folder, labels))


def read(folder: Path, labels: Path | None) -> Source:
    """Find scans and their segmentations.

    Raises
    ------
    AbdosegError
        A scan has several segmentations, or tables give one value different names.
    """
    known: dict[frozenset[str], Path] = {}
    for path in _segmentations(folder, labels):
        other = known.setdefault(_entities(path), path)
        if other is not path:
            raise AbdosegError(
                f"{other} and {path} are both segmentations of one scan: give the folder of one "
                f"derivative with --labels, such as {folder / DERIVATIVES / 'NAME'}."
            )
    scans = {_entities(path): path for path in _scans(folder)}
    cases = tuple(
        SourceCase(_name(path), (path,), known.get(of), patient=_name(path).split("_")[0])
        for of, path in scans.items()
    )
    orphans = tuple(path for of, path in known.items() if of not in scans)
    return Source(NAME, folder, cases, _scheme(folder, known.values()), orphans=orphans)


def subject_of(path: Path) -> str | None:
    """Whose scan a file is, by its path in a data set; None where that is laid out otherwise."""
    return path.parts[0] if _is_raw(path) and len(path.parts) > 1 else None


def _scans(folder: Path) -> Iterator[Path]:
    return (path for path in _named(folder, IMAGE) if _is_raw(path.relative_to(folder)))


def _is_raw(path: Path) -> bool:
    return path.parts[0].startswith("sub-")


def _segmentations(folder: Path, labels: Path | None) -> Iterator[Path]:
    return _named(labels or folder / DERIVATIVES, LABELS)


def _named(folder: Path, suffix: str) -> Iterator[Path]:
    files = sorted(path for path in folder.rglob("sub-*") if is_image_file(path))
    return (path for path in files if stem(path).lower().endswith(suffix))


def _name(path: Path) -> str:
    return stem(path).removesuffix(IMAGE)


def _entities(path: Path) -> frozenset[str]:
    """Subject, session and what else tells a scan from others."""
    *entities, _ = stem(path).split("_")
    return frozenset(part for part in entities if part.split("-")[0] not in OF_DERIVATIVES)


def _scheme(folder: Path, segmentations: Iterable[Path]) -> dict[str, int]:
    """Values by name, of all tables together."""
    names: dict[int, str] = {}
    for table in sorted({found for path in segmentations if (found := _table(folder, path))}):
        for value, name in _read_table(table).items():
            if names.setdefault(value, name) != name:
                raise AbdosegError(
                    f"{table} calls the value {value} {name!r}, another {TABLE} calls it "
                    f"{names[value]!r}: give one derivative with --labels, or mend a table."
                )
    return {name: value for value, name in sorted(names.items()) if value}


def _table(folder: Path, path: Path) -> Path | None:
    """The nearest table of a segmentation's labels: its own, or one that holds below its place."""
    own = path.with_name(f"{stem(path)}.tsv")
    if own.is_file():
        return own
    above = [place for place in path.parents if place == folder or folder in place.parents]
    tables = (found for place in above for found in sorted(place.glob(f"*{TABLE}")))
    return next((table for table in tables if _holds_for(table, path)), None)


def _holds_for(table: Path, path: Path) -> bool:
    """Whether all entities in a table's name are in that of a segmentation."""
    *entities, _ = table.stem.split("_")
    return set(entities) <= set(stem(path).split("_"))


def _read_table(table: Path) -> dict[int, str]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, delimiter="\t")
            return {int(row["index"]): str(row["name"]) for row in rows}
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise AbdosegError(
            f"{table} has no columns index and name with tabs between them, which say what labels "
            "are: mend it, or move it away and name labels with --map."
        ) from error
