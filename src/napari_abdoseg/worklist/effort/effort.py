"""How much work a case was, as it was noted at each save in the JSON beside the label map."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_abdoseg.correction.journal.effort import OrganEffort, organ_effort
from napari_abdoseg.evaluation.tolerance import FLARE21
from napari_abdoseg.image.files.csv_table import csv_text
from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.worklist.records.case_record import CaseRecord
from napari_abdoseg.worklist.records.changing import Change
from napari_abdoseg.worklist.records.work_folder import WorkFolder
from napari_abdoseg.worklist.versions.uncorrected import with_uncorrected
from napari_abdoseg.worklist.versions.versions import corrections_of, report_beside

COLUMNS = (
    *("case", "organ", "users", "first", "last", "minutes", "strokes", "tools"),
    *("voxels_added", "voxels_removed", "slices"),
    *("added_path_length_mm", "dsc_of_before_and_after", "dsc_before", "dsc_after"),
    *("nsd_before", "nsd_after", "nsd_tolerance_mm"),
)
TOLERANCES = FLARE21
"""Of NSD to the reference."""
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class OrganWork:
    """Work on an organ of a case.

    Parameters
    ----------
    case, organ : str
    users : tuple of str
        Who has corrected the case.
    first, last : str
        When it was saved, in ISO 8601 with its time zone.
    seconds : float
        Pauses left out.
    strokes : dict of str to int
        By tool.
    added, removed : int
        Voxels, from one save to the next.
    slices : int
        Along z; those that differ from before, where that is known, else those painted in.
    path_mm : float, optional
        Added path length; None where no label map is from before.
    dsc_of_both : float, optional
        Of the label map before the corrections and the one that counts.
    dsc_before, dsc_after : float, optional
        To the reference, where there is one.
    nsd_before, nsd_after : float, optional
        The same, at `TOLERANCES`.
    """

    case: str
    organ: str
    users: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    seconds: float = 0.0
    strokes: Mapping[str, int] | None = None
    added: int = 0
    removed: int = 0
    slices: int = 0
    path_mm: float | None = None
    dsc_of_both: float | None = None
    dsc_before: float | None = None
    dsc_after: float | None = None
    nsd_before: float | None = None
    nsd_after: float | None = None

    @property
    def nsd_tolerance_mm(self) -> float | None:
        """Of its NSD; None where that is not known."""
        if self.nsd_after is None:
            return None
        return TOLERANCES.of(Organ(1, self.organ))


def noted_work(case: str, entries: Iterable[Entry]) -> dict[str, OrganWork]:
    """Work on each organ of a case, by its name; what an entry has damaged counts as nothing.

    Parameters
    ----------
    case : str
    entries : iterable of dict
        See `correction.provenance`.
    """
    entries = list(entries)
    users = tuple(sorted({str(entry.get("user", "")) for entry in entries}))
    whens = [str(entry.get("when", "")) for entry in entries]
    efforts = [(name, effort) for entry in entries for name, effort in _efforts(entry)]
    voxels = [(name, counts) for entry in entries for name, counts in _voxels(entry)]
    works = {}
    for organ in sorted({name for name, _ in (*efforts, *voxels)}):
        own = [effort for name, effort in efforts if name == organ]
        counts = [each for name, each in voxels if name == organ]
        works[organ] = OrganWork(
            *(case, organ, users, min(whens), max(whens)),
            seconds=sum(effort.seconds for effort in own),
            strokes=sum((Counter(effort.strokes) for effort in own), Counter[str]()),
            added=sum(added for added, _ in counts),
            removed=sum(removed for _, removed in counts),
            slices=len(frozenset[int]().union(*(effort.slices for effort in own))),
        )
    return works


def with_work(folder: WorkFolder) -> Change:
    """Note in a case's record how long it was worked on, and how many voxels that has changed.

    The label map from before becomes a version. A case of which nothing is noted beside its
    label map keeps what its record says.
    """

    def change(record: CaseRecord) -> CaseRecord:
        entries = corrections_of(report_beside(folder.current_of(record)))
        if not entries:
            return record
        works = noted_work(record.case, entries).values()
        minutes = round(sum(work.seconds for work in works) / 60, 2)
        voxels = {work.organ: (work.added, work.removed) for work in works}
        work = replace(record, minutes=minutes, voxels_changed=voxels)
        return with_uncorrected(folder, work)

    return change


def write_effort(path: Path, works: Iterable[OrganWork]) -> None:
    """Write a table with a row an organ of a case.

    Raises
    ------
    SaveError
        It could not be written.
    """
    write_text(path, csv_text(COLUMNS, map(_cells, works)))


def _efforts(entry: Entry) -> list[tuple[str, OrganEffort]]:
    with suppress(AttributeError, KeyError, TypeError, ValueError):
        return [(str(name), organ_effort(told)) for name, told in entry["effort"].items()]
    return []


def _voxels(entry: Entry) -> list[tuple[str, tuple[int, int]]]:
    with suppress(AttributeError, KeyError, TypeError, ValueError):
        return [
            (str(name), (int(told["added"]), int(told["removed"])))
            for name, told in entry["voxels"].items()
        ]
    return []


def _cells(work: OrganWork) -> list[object]:
    strokes = work.strokes or {}
    measured = (work.path_mm, work.dsc_of_both, work.dsc_before, work.dsc_after)
    nsd = (work.nsd_before, work.nsd_after)
    return [
        *(work.case, work.organ, " ".join(work.users), work.first, work.last),
        *(f"{work.seconds / 60:.2f}", sum(strokes.values())),
        "; ".join(f"{tool} {number}" for tool, number in sorted(strokes.items())),
        *(work.added, work.removed, work.slices),
        *("" if value is None else f"{value:.4f}" for value in (*measured, *nsd)),
        "" if work.nsd_tolerance_mm is None else f"{work.nsd_tolerance_mm:g}",
    ]
