"""Cases that several people have drawn: as versions of one case, or each in a folder of masks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from napari_abdoseg.errors import WorkListError
from napari_abdoseg.evaluation.pairs import find_label_maps
from napari_abdoseg.evaluation.raters import DrawnTwice
from napari_abdoseg.worklist.listing.finding import WorkCase
from napari_abdoseg.worklist.listing.listing import Row
from napari_abdoseg.worklist.records.case_record import CaseRecord
from napari_abdoseg.worklist.records.record_files import read_record
from napari_abdoseg.worklist.records.work_folder import WorkFolder
from napari_abdoseg.worklist.versions.versions import (
    corrections_of,
    models_of,
    report_beside,
    versions_of,
)

Drawn = Mapping[str, Path]
"""The label map of each person."""


@dataclass(frozen=True)
class DrawnCases:
    """What can be compared of a work list.

    Parameters
    ----------
    pairs : tuple of DrawnTwice
    left_out : tuple of str
        Sentences on what can't.
    """

    pairs: tuple[DrawnTwice, ...]
    left_out: tuple[str, ...] = ()


def drawn_as_versions(
    folder: WorkFolder, rows: Iterable[Row], people: Sequence[str] = ()
) -> DrawnCases:
    """What each two people have made of the cases of a work list.

    Of several versions by one person the one that counts is taken, else the last.

    Parameters
    ----------
    folder : WorkFolder
    rows : iterable of Row
    people : sequence of str, optional
        Of these alone.

    Raises
    ------
    WorkListError
        No case was corrected by two people.
    """
    there: list[DrawnTwice] = []
    left_out: list[str] = []
    for row in rows:
        if row.problem:
            left_out.append(f"{row.name}: {row.problem}")
            continue
        drawn = {
            person: path
            for person, path in _by_person(folder, row.record).items()
            if not people or person in people
        }
        lost = {person for person, path in drawn.items() if not path.exists()}
        left_out += [f"{row.name}: {drawn[person]} is not there." for person in sorted(lost)]
        there += _each_two(folder.scans, row.case, _without(drawn, lost))
    if not there:
        of = f" of {', '.join(people)}" if people else ""
        raise WorkListError(
            f"No case of {folder.scans} has label maps that two people{of} have corrected: add "
            "theirs with `abdoseg cases versions FOLDER CASE --add FILE`, or name a folder of "
            "masks of each with --masks."
        )
    return DrawnCases(tuple(there), tuple(left_out))


def drawn_in_folders(
    scans: Path, cases: Iterable[WorkCase], masks: Sequence[Path], people: Sequence[str] = ()
) -> DrawnCases:
    """What is of each case in folders of masks, one a person, who has the name of the folder.

    Label maps that a model has predicted and nobody has corrected are left out.

    Parameters
    ----------
    scans : Path
    cases : iterable of WorkCase
        Of the folder of scans.
    masks : sequence of Path
        At least two.
    people : sequence of str, optional
        Of these alone.

    Raises
    ------
    AbdosegError
        A folder has no label maps, or no two have a case in common.
    """
    wanted = [
        (person, folder)
        for person, folder in zip(_names(masks), masks)
        if not people or person in people
    ]
    label_maps = {person: (folder, find_label_maps(folder)) for person, folder in wanted}
    there: list[DrawnTwice] = []
    left_out: list[str] = []
    for case in cases:
        drawn = {
            person: path
            for person, (folder, maps) in label_maps.items()
            if (path := _current(WorkFolder(scans, folder), case.name, maps)) is not None
        }
        untouched = {person for person, path in drawn.items() if _is_untouched(path)}
        left_out += [
            f"{case.name}: {drawn[person]} is a prediction that nobody has corrected."
            for person in sorted(untouched)
        ]
        there += _each_two(scans, case, _without(drawn, untouched))
    if not there:
        raise WorkListError(
            f"No case of {scans} was drawn in two of the folders "
            f"{', '.join(map(str, masks))}: label maps have the names of their cases, such as "
            "case7.nii.gz."
        )
    return DrawnCases(tuple(there), tuple(left_out))


def _by_person(folder: WorkFolder, record: CaseRecord) -> dict[str, Path]:
    current = folder.current_of(record)
    found: dict[str, Path] = {}
    for version in versions_of(folder, record):
        path = folder.masks / version.file
        if version.kind == "correction" and version.by and found.get(version.by) != current:
            found[version.by] = path
    return found


def _each_two(scans: Path, case: WorkCase | None, drawn: Drawn) -> Iterator[DrawnTwice]:
    if case is None:
        return
    for one, other in combinations(sorted(drawn), 2):
        yield DrawnTwice(case.name, one, other, drawn[one], drawn[other], scans / case.image)


def _without(drawn: Drawn, people: set[str]) -> Drawn:
    return {person: path for person, path in drawn.items() if person not in people}


def _current(folder: WorkFolder, case: str, label_maps: Mapping[str, Path]) -> Path | None:
    """The label map of a case in a folder of masks, which may be a work list."""
    record = read_record(folder.record_of(case))
    if record is not None and record.current:
        return folder.current_of(record)
    return label_maps.get(case)


def _is_untouched(labels: Path) -> bool:
    report = report_beside(labels)
    return bool(models_of(report)) and not corrections_of(report)


def _names(masks: Sequence[Path]) -> list[str]:
    """Names of folders, with those above where two have one name."""
    paths = [path.absolute() for path in masks]
    count = Counter(path.name for path in paths)
    return [
        path.name if count[path.name] == 1 else f"{path.parent.name}/{path.name}" for path in paths
    ]
