"""Label maps of a cohort looked at for what no healthy abdomen explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from napari_abdoseg.anatomy.plausibility.check import check_plausibility
from napari_abdoseg.batch.doubt_entries import doubt_entry
from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.evaluation.pairs import find_cases, find_label_maps
from napari_abdoseg.evaluation.processes import over_processes
from napari_abdoseg.image.files.csv_table import csv_text
from napari_abdoseg.image.files.saving import write_text
from napari_abdoseg.image.names.label_names import is_named
from napari_abdoseg.image.nifti.volumes import case_name, read_volume
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.organ_files import read_label_map
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.progress import Work

DISAGREEMENT = "_disagreement"
"""How the name of a file ends that tells where folds disagree, beside a label map."""
COLUMNS = (
    *("case", "organ", "value", "certainty", "kind", "seen", "volume_ml"),
    *("i", "j", "k", "r_mm", "a_mm", "s_mm"),
)
NAMELESS = (
    "Labels have no names, and little can be told of such: say with --labels what they are called."
)


@dataclass(frozen=True)
class Checked:
    """What is in doubt in a label map.

    Parameters
    ----------
    case : str
    doubts : tuple of dict
        See `doubt_entry`; the surest first.
    notices : tuple of str
        What a user should know of how it was read.
    """

    case: str
    doubts: tuple[dict[str, Any], ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class CheckedCohort:
    """What is in doubt in some label maps.

    Parameters
    ----------
    cases : tuple of Checked
    failed : tuple of (str, str)
        Cases that could not be looked at, and why.
    """

    cases: tuple[Checked, ...]
    failed: tuple[tuple[str, str], ...] = ()

    @property
    def doubted(self) -> tuple[Checked, ...]:
        """Cases of which something is in doubt."""
        return tuple(case for case in self.cases if case.doubts)


@dataclass(frozen=True)
class _Case:
    name: str
    labels: Path
    scan: Path | None


def checking(
    inputs: Sequence[Path],
    scan: Path | None = None,
    organs: Sequence[Organ] = (),
    workers: int = 1,
) -> Work[CheckedCohort]:
    """Look at label maps.

    Parameters
    ----------
    inputs : sequence of Path
        Label maps, or folders of them or of a file an organ.
    scan : Path, optional
        The CT of the only label map, or a folder of CTs named as the label maps are.
    organs : sequence of Organ, optional
        What values are called; see `read_label_map`.
    workers : int, optional
        Processes.

    Raises
    ------
    AbdosegError
        There is no label map, or one CT for several.
    """
    cases = _cases(inputs, scan)
    outcomes = yield from over_processes(
        partial(_check, organs=tuple(organs)), cases, workers, "Checking"
    )
    found = list(zip(cases, outcomes, strict=True))
    return CheckedCohort(
        tuple(each for _, each in found if isinstance(each, Checked)),
        tuple((case.name, str(each)) for case, each in found if isinstance(each, AbdosegError)),
    )


def write_doubts(path: Path, cohort: CheckedCohort) -> None:
    """Write a table with a row a doubt.

    Raises
    ------
    SaveError
        It could not be written.
    """
    rows = [
        [case.case, *(doubt[name] for name in COLUMNS[1:7]), *doubt["voxel"], *doubt["position_mm"]]
        for case in cohort.cases
        for doubt in case.doubts
    ]
    write_text(path, csv_text(COLUMNS, rows))


def _cases(inputs: Sequence[Path], scan: Path | None) -> list[_Case]:
    files = [each for path in inputs for each in _label_maps(path).items()]
    if scan is None:
        return [_Case(name, path, None) for name, path in files]
    if not scan.is_dir():
        if len(files) > 1:
            raise AbdosegError(
                f"{scan} is one CT for {len(files)} label maps: give the folder of their CTs."
            )
        return [_Case(name, path, scan) for name, path in files]
    scans = find_cases(scan)
    return [_Case(name, path, scans.get(name)) for name, path in files]


def _label_maps(path: Path) -> Mapping[str, Path]:
    if not path.is_dir():
        return {case_name(path): path}
    found = find_label_maps(path)
    return {
        name: file
        for name, file in found.items()
        if name.removesuffix(DISAGREEMENT) == name or name.removesuffix(DISAGREEMENT) not in found
    }


def _check(case: _Case, organs: tuple[Organ, ...]) -> Checked:
    labels = read_label_map(case.labels, organs)
    volume = None if case.scan is None else read_volume(case.scan)
    if volume is not None and not volume.grid.matches(labels.grid):
        raise ImageError(
            f"{case.scan} is not on the grid of {case.labels}: choose the CT that the labels were "
            "made on."
        )
    doubts = check_plausibility(labels, volume)
    entries = tuple(doubt_entry(doubt, labels.grid) for doubt in doubts)
    return Checked(case.name, entries, (*labels.naming, *_nameless(labels)))


def _nameless(labels: LabelMap) -> tuple[str, ...]:
    there = [organ for organ in labels.organs if not is_named(organ)]
    return (NAMELESS,) if there else ()
