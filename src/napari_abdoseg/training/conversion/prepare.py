"""From a folder and a user's wishes to a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.progress import Work
from napari_abdoseg.training.conversion.formats import find_source
from napari_abdoseg.training.conversion.label_mapping import map_labels
from napari_abdoseg.training.conversion.label_names import naming_labels, stated_scheme
from napari_abdoseg.training.conversion.linking import Way, find_way
from napari_abdoseg.training.conversion.plan import Plan, planning
from napari_abdoseg.training.conversion.source import (
    Source,
    only_pairs,
    require_patients_apart,
    with_test_cases,
)


@dataclass(frozen=True)
class Wishes:
    """How a data set is to be converted.

    Parameters
    ----------
    format : str, optional
        Its layout; recognized by default.
    labels : Path, optional
        Folder of the label maps, where it is not the layout's own.
    names : tuple of Organ
        What the values of label maps are called, where the user says so.
    test_cases : tuple of str
        Names of cases that are for testing.
    renamed : mapping of str to str
        New names of labels; see `map_labels`.
    organs : tuple of str
        New names to keep; all by default.
    channels : tuple of str
        Names of an image's channels, where the layout doesn't say.
    skip_unpaired : bool
        Leave out images without labels and labels without image.
    copy : bool
        Copy files that could be links.
    """

    format: str | None = None
    labels: Path | None = None
    names: tuple[Organ, ...] = ()
    test_cases: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    organs: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    skip_unpaired: bool = False
    copy: bool = False


def preparing(folder: Path, output: Path, wishes: Wishes, workers: int = 1) -> Work[Plan]:
    """Find out what is to be done to bring a folder into nnU-Net's format.

    Parameters
    ----------
    folder : Path
        The data set in its own layout.
    output : Path
        Where it is to be in nnU-Net's; nothing is written.
    wishes : Wishes
    workers : int, optional
        Processes that share the reading of labels without names.

    Raises
    ------
    AbdosegError
        The data set can't be understood, or doesn't fit the wishes.
    """
    found = find_source(folder, wishes.labels, wishes.format)
    return (yield from preparing_source(found, output, wishes, workers))


def preparing_source(found: Source, output: Path, wishes: Wishes, workers: int = 1) -> Work[Plan]:
    """The same of a data set whose files are known.

    Raises
    ------
    AbdosegError
        It doesn't fit the wishes.
    """
    source = only_pairs(with_test_cases(found, wishes.test_cases), wishes.skip_unpaired)
    require_patients_apart(source)
    if wishes.channels:
        source = replace(source, channels=wishes.channels)
    if wishes.names:
        source = replace(source, scheme=stated_scheme(wishes.names))
    elif not source.scheme and not any(old.isdecimal() for old in wishes.renamed):
        source = yield from naming_labels(source, workers)
    mapping = map_labels(source.scheme, wishes.renamed, wishes.organs)
    mapping = replace(mapping, by_name=source.numbered_apart)
    way = Way.COPY if wishes.copy else find_way(output, source.cases[0].images[0])
    return (yield from planning(source, output, mapping, way))


def read_names(path: Path) -> tuple[str, ...]:
    """Names of cases in a text file: the first word of each line, up to a comma.

    Raises
    ------
    AbdosegError
        It can't be read, or has none.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AbdosegError(
            f"{path} is no text file that can be read: give one with a test case a line."
        ) from error
    names = tuple(line.split(",")[0].strip() for line in lines if line.strip())
    if not names:
        raise AbdosegError(f"{path} names no test case: write one a line, such as Case_00001.")
    return names
