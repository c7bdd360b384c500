"""Images and label maps that belong together by their names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.training.conversion.naming import split_channel
from napari_abdoseg.training.conversion.source import SourceCase


@dataclass(frozen=True)
class Paired:
    """Cases, and label maps that have no image.

    Parameters
    ----------
    cases : tuple of SourceCase
        Sorted by name.
    orphans : tuple of Path
    """

    cases: tuple[SourceCase, ...]
    orphans: tuple[Path, ...]


def pair(images: Iterable[Path], labels: Iterable[Path], test: bool = False) -> Paired:
    """Find the images of each label map: ``case`` or ``case_0000``, ``case_0001``, …

    The name of a label map is the case's whole name: ``FLARE22_Tr_0001`` is not channel
    1 of a case ``FLARE22_Tr``. An image without labels ends with its channel if there is a
    first one, ``_0000``; ``amos_0004`` alone is a case.

    Raises
    ------
    AbdosegError
        Two files have one name, or a channel is missing.
    """
    known, images = _by_name(labels), list(images)
    first = {
        name for name, channel in (split_channel(stem(path)) for path in images) if not channel
    }
    channels: dict[str, dict[int, Path]] = {}
    for image in images:
        name = stem(image)
        case, channel = split_channel(name)
        if name in known or case not in {*known, *first}:
            case, channel = name, None
        of_case = channels.setdefault(case, {})
        other = of_case.setdefault(channel or 0, image)
        if other is not image:
            raise AbdosegError(
                f"{other} and {image} are both the case {case!r}: rename one of them, or move it "
                "out of this data set."
            )
    cases = tuple(
        SourceCase(case, _in_order(case, channels[case]), known.get(case), test=test)
        for case in sorted(channels)
    )
    return Paired(cases, tuple(known[name] for name in sorted(known.keys() - channels.keys())))


def _by_name(files: Iterable[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for path in files:
        other = named.setdefault(stem(path), path)
        if other is not path:
            raise AbdosegError(
                f"{other} and {path} have one name: keep one of them in this data set."
            )
    return named


def _in_order(case: str, channels: dict[int, Path]) -> tuple[Path, ...]:
    if sorted(channels) != list(range(len(channels))):
        found = ", ".join(channels[channel].name for channel in sorted(channels))
        raise AbdosegError(
            f"The case {case!r} has the files {found}: channels must be numbered from 0000 "
            "without a gap."
        )
    return tuple(channels[channel] for channel in sorted(channels))
