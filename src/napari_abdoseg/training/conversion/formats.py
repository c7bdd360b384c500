"""Which layout a folder has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.training.conversion import (
    bids,
    flare,
    msd,
    pairs,
    pants,
    totalsegmentator,
)
from napari_abdoseg.training.conversion.named_files import (
    ABDOMENCT1K,
    BTCV,
    KITS,
    LITS,
    PANORAMA,
    NamedFiles,
)
from napari_abdoseg.training.conversion.source import Source


@dataclass(frozen=True)
class Format:
    """A layout that can be read.

    Parameters
    ----------
    layout : str
        How it is laid out, for the user.
    fits, read : callable
        Whether a folder is laid out so, and the data set in it, given the folder and that of
        the label maps, where it is not the layout's own.
    """

    layout: str
    fits: Callable[[Path, Path | None], bool]
    read: Callable[[Path, Path | None], Source]


def _format(of: ModuleType | NamedFiles) -> tuple[str, Format]:
    if isinstance(of, NamedFiles):
        return of.name, Format(of.layout, of.fits, of.read)
    return of.NAME, Format(of.LAYOUT, of.fits, of.read)


_ALL: tuple[ModuleType | NamedFiles, ...] = (
    *(totalsegmentator, pants, msd, ABDOMENCT1K, PANORAMA, flare),
    *(KITS, LITS, BTCV, bids, pairs),
)
FORMATS: dict[str, Format] = dict(map(_format, _ALL))
"""By name, in the order in which they are tried."""


def find_source(folder: Path, labels: Path | None = None, format_name: str | None = None) -> Source:
    """Read a data set in the layout that it has, or is said to have.

    Parameters
    ----------
    folder : Path
    labels : Path, optional
        Folder of the label maps, where it is not the layout's own.
    format_name : str, optional
        One of `FORMATS`.

    Raises
    ------
    AbdosegError
        There is no such folder or format, or it is laid out otherwise.
    """
    for given in (folder, labels):
        if given and not given.is_dir():
            raise AbdosegError(f"{given} is no folder: check its name.")
    if format_name and format_name not in FORMATS:
        raise AbdosegError(
            f"There is no format {format_name!r}: choose one of {', '.join(FORMATS)}."
        )
    for known in [FORMATS[format_name]] if format_name else FORMATS.values():
        if known.fits(folder, labels):
            return known.read(folder, labels)
    if format_name:
        raise AbdosegError(
            f"{folder} is not laid out as {format_name}, which has {FORMATS[format_name].layout}: "
            "check the folder and the format."
        )
    layouts = "; ".join(f"{name}: {known.layout}" for name, known in FORMATS.items())
    raise AbdosegError(f"{folder} has none of the layouts that can be converted. {layouts}.")
