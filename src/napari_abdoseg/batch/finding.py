"""Cases of the files, folders and lists that a user names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from napari_abdoseg.batch.case import Case
from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.image.nifti import case_name, is_nifti_file

LIST = ".txt"


def find_cases(inputs: Iterable[Path], output: Path) -> tuple[Case, ...]:
    """Cases of CT files, of folders of them, and of lists.

    Parameters
    ----------
    inputs : iterable of Path
        A folder is searched to any depth, without what is hidden. A list is a ``.txt``
        file with a path a line, relative to its own folder.
    output : Path
        Where results are to go.

    Returns
    -------
    tuple of Case
        Sorted by name.

    Raises
    ------
    AbdosegError
        An input is missing, a folder or list holds none, two cases have one name, a result
        would replace its input, or the output folder is in an input folder.
    """
    cases: dict[str, Case] = {}
    for path in inputs:
        for image in _images(path, output):
            case = Case(case_name(image), image, output)
            other = cases.setdefault(case.name, case)
            if _real(other.image) != _real(image):
                raise AbdosegError(
                    f"{other.image} and {image} are both the case {case.name!r}: their results "
                    "would have one name; rename one of them."
                )
            if _real(image) in (_real(case.labels), _real(case.report)):
                raise AbdosegError(
                    f"The result of {image} would replace it: choose another output folder."
                )
    return tuple(cases[name] for name in sorted(cases))


def _images(path: Path, output: Path) -> Iterator[Path]:
    try:
        yield from _images_of(path, output)
    except OSError as error:
        _raise_unreadable(error)


def _images_of(path: Path, output: Path) -> Iterator[Path]:
    if path.suffix.lower() == LIST and path.is_file():
        for line in _lines(path):
            yield from _images_at(path.parent / line, output, f", which {path} names,")
    else:
        yield from _images_at(path, output)


def _images_at(path: Path, output: Path, origin: str = "") -> Iterator[Path]:
    if path.is_dir():
        _require_apart(path, output)
        yield from _images_in(path)
    elif path.is_file():
        yield path
    elif path.exists():
        raise ImageError(f"{path}{origin} is a pipe or a device: give a .nii or .nii.gz file.")
    else:
        raise ImageError(f"{path}{origin} does not exist: check its name and folder.")


def _require_apart(folder: Path, output: Path) -> None:
    if _real(output).is_relative_to(_real(folder)):
        raise AbdosegError(
            f"The output folder {output} is in the input folder {folder}, so that results would "
            "be taken for scans: choose an output folder elsewhere."
        )


def _images_in(folder: Path) -> list[Path]:
    """Scans in a folder and in those below it, sorted; a folder that is linked is one, too."""
    images, seen = [], set()
    for place, folders, files in os.walk(folder, onerror=_raise_unreadable, followlinks=True):
        if (real := os.path.realpath(place)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [name for name in folders if not name.startswith(".")]
        images += [path for name in files if is_nifti_file(path := Path(place, name))]
    if not images:
        raise ImageError(
            f"{folder} has no .nii or .nii.gz files: choose the folder that the scans are in."
        )
    return sorted(images)


def _real(path: Path) -> Path:
    """Where a path leads to, also one of links that lead in a circle."""
    return Path(os.path.realpath(path))


def _raise_unreadable(error: OSError) -> None:
    raise ImageError(
        f"{error.filename} can't be read ({error.strerror}): check its permissions and those of "
        "its folder."
    ) from error


def _lines(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise ImageError(
            f"The list {path} can't be read ({error}): save it as text in UTF-8, a path a line."
        ) from error
    if not (found := [line.strip() for line in lines if line.strip()]):
        raise ImageError(f"The list {path} is empty: write the path of a scan in each line.")
    return found
