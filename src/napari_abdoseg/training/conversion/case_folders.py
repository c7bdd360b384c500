"""Cases with a file an organ: a folder a case, its masks beside the scan or in another tree.

Names are taken with capital letters as without.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from napari_abdoseg.image.files.file_names import has_image_suffix, stem
from napari_abdoseg.image.organ_files import MASKS, organ_files
from napari_abdoseg.training.conversion.naming import called
from napari_abdoseg.training.conversion.source import SourceCase

IMAGE, COMBINED = "ct", "combined_labels"


def has_scans(images: Path) -> bool:
    """Whether folders of a tree hold scans."""
    return any(map(_scan, _folders(images)))


def has_masks(labels: Path) -> bool:
    """Whether folders of a tree hold masks."""
    return any(called(folder, MASKS) for folder in _folders(labels))


def cases_in(images: Path, labels: Path, test: bool = False) -> tuple[SourceCase, ...]:
    """Cases of two trees, which may be one; where masks are missing, their combination."""
    return tuple(
        _case(image, labels / folder.name, test)
        for folder in _folders(images)
        if (image := _scan(folder))
    )


def lonely_masks(images: Path, labels: Path) -> tuple[Path, ...]:
    """Folders of masks without a scan."""
    found = ((folder.name, called(folder, MASKS)) for folder in _folders(labels))
    return tuple(masks for name, masks in found if masks and not _scan(images / name))


def scheme_of(cases: Iterable[SourceCase], last: Sequence[str] = ()) -> dict[str, int]:
    """Values for organs that have files instead.

    Parameters
    ----------
    cases : iterable of SourceCase
    last : sequence of str, optional
        Organs that have the highest values, and so none of the voxels that others claim too.
    """
    organs = {organ for case in cases for organ, _ in case.masks}
    ordered = [*sorted(organs - set(last)), *(organ for organ in last if organ in organs)]
    return {organ: value for value, organ in enumerate(ordered, start=1)}


def _case(image: Path, folder: Path, test: bool) -> SourceCase:
    masks = tuple(organ_files(called(folder, MASKS) or folder / MASKS).items())
    labels = None if masks else _file(folder, COMBINED)
    return SourceCase(image.parent.name, (image,), labels, masks, test)


def _scan(folder: Path) -> Path | None:
    return _file(folder, IMAGE)


def _file(folder: Path, name: str) -> Path | None:
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return next((f for f in files if has_image_suffix(f) and stem(f).lower() == name), None)


def _folders(tree: Path) -> Iterator[Path]:
    yield from sorted(path for path in tree.iterdir() if path.is_dir()) if tree.is_dir() else ()
