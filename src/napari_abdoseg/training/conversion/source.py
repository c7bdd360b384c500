"""A data set as it was found, whatever its layout."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.progress import spoken_names
from napari_abdoseg.training.conversion.naming import split_channel

SHOWN = 5
"""How many names of a long list are told."""


@dataclass(frozen=True)
class SourceCase:
    """The files of a case.

    Parameters
    ----------
    name : str
    images : tuple of Path
        A file a channel, or one that holds all of them.
    labels : Path, optional
        Its label map.
    masks : tuple of (str, Path)
        Instead of a label map, a file an organ.
    test : bool
        It is for testing, not for training.
    patient : str, optional
        Whose scan it is, where the layout tells; else nobody else's.
    """

    name: str
    images: tuple[Path, ...]
    labels: Path | None = None
    masks: tuple[tuple[str, Path], ...] = ()
    test: bool = False
    patient: str | None = None

    @property
    def labelled(self) -> bool:
        """Whether its organs are known."""
        return self.labels is not None or bool(self.masks)


@dataclass(frozen=True)
class Source:
    """A data set in its own layout.

    Parameters
    ----------
    format : str
        How the layout is called.
    folder : Path
    cases : tuple of SourceCase
    scheme : mapping of str to int
        Value of each organ in the label maps, by its name; empty where names are unknown.
    numbered_apart : bool
        Each label map has values of its own for these names.
    channels : tuple of str
        What the channels of an image are; empty where that is unknown.
    orphans : tuple of Path
        Label maps without an image.
    about : mapping
        What else goes into ``dataset.json``.
    """

    format: str
    folder: Path
    cases: tuple[SourceCase, ...]
    scheme: Mapping[str, int]
    channels: tuple[str, ...] = ("CT",)
    orphans: tuple[Path, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    numbered_apart: bool = False


def with_test_cases(source: Source, names: Iterable[str]) -> Source:
    """The same data set with these cases, and those it already had, for testing.

    Raises
    ------
    AbdosegError
        There is no such case.
    """
    wanted = {stem(Path(name)) for name in names}
    known = {case.name for case in source.cases}
    wanted = {name if name in known else split_channel(name)[0] for name in wanted}
    if unknown := sorted(wanted - known):
        raise AbdosegError(
            f"{source.folder} has no case {listed(unknown)}, which the list of test cases names: "
            f"write the names as they are there, such as {min(known)}."
        )
    return replace(
        source,
        cases=tuple(replace(case, test=case.test or case.name in wanted) for case in source.cases),
    )


def require_patients_apart(source: Source) -> None:
    """Make sure that no patient is for training and for testing.

    Raises
    ------
    AbdosegError
        One is.
    """
    tested, trained = (
        {case.patient for case in source.cases if case.test == test and case.patient}
        for test in (True, False)
    )
    if both := sorted(tested & trained):
        raise AbdosegError(
            f"{source.folder} has scans of {listed(both)} both for training and for testing: name "
            "all scans of a patient in the list of test cases, or none."
        )


def only_pairs(source: Source, skip_unpaired: bool) -> Source:
    """The same data set, in which each training case has image and labels.

    Raises
    ------
    AbdosegError
        One has not, and it may not be skipped; two have one name; or nothing is left.
    """
    counts = Counter(case.name for case in source.cases)
    if twice := [name for name, count in counts.items() if count > 1]:
        raise AbdosegError(
            f"{source.folder} has {listed(twice)} both for training and for testing: rename or "
            "remove the files of one of them."
        )
    bare = [case.name for case in source.cases if not case.test and not case.labelled]
    lonely = [path.name for path in source.orphans]
    if not skip_unpaired and (bare or lonely):
        faults = []
        if bare:
            faults.append(f"no labels of {listed(bare)}")
        if lonely:
            faults.append(f"no image of {listed(lonely)}")
        raise AbdosegError(
            f"{source.folder} has {' and '.join(faults)}: add the files, name cases without labels "
            "in the list of test cases, or leave them out with --skip-unpaired."
        )
    cases = tuple(case for case in source.cases if case.test or case.labelled)
    if all(case.test for case in cases):
        raise AbdosegError(
            f"{source.folder} has no case with image and labels to train on: check the folder, "
            "its format and the list of test cases."
        )
    return replace(source, cases=cases, orphans=())


def listed(names: Iterable[str]) -> str:
    """The first of some names, and how many more there are."""
    return spoken_names(names, SHOWN)
