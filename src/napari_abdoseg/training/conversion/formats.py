"""Which layout a folder has."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.training.conversion import abdomenct1k, flare, msd, pairs, totalsegmentator
from napari_abdoseg.training.conversion.source import Source

FORMATS: dict[str, ModuleType] = {
    module.NAME: module for module in (totalsegmentator, msd, abdomenct1k, flare, pairs)
}
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
    for module in [FORMATS[format_name]] if format_name else FORMATS.values():
        if module.fits(folder, labels):
            source: Source = module.read(folder, labels)
            return source
    if format_name:
        raise AbdosegError(
            f"{folder} is not laid out as {format_name}, which has {FORMATS[format_name].LAYOUT}: "
            "check the folder and the format."
        )
    layouts = "; ".join(f"{name}: {module.LAYOUT}" for name, module in FORMATS.items())
    raise AbdosegError(f"{folder} has none of the layouts that can be converted. {layouts}.")
