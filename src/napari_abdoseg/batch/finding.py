"""Cases of the files, folders and lists that a user names."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from operator import attrgetter
from pathlib import Path
from typing import NoReturn

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.tree import EXAMPLES, STAGE, as_on_any_disk, names_in, names_of, sorting
from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.image.files.file_names import has_image_suffix
from napari_abdoseg.progress import Progress, Work, drain

LIST = ".txt"


def find_cases(inputs: Iterable[Path], output: Path) -> tuple[Case, ...]:
    """The same as `finding_cases`, and nothing told.

    Examples
    --------
    >>> from pathlib import Path
    >>> from napari_abdoseg import make_phantom
    >>> from napari_abdoseg.batch.finding import find_cases
    >>> from napari_abdoseg.image.nifti import write_volume
    >>> scans = Path("scans")
    >>> scans.mkdir()
    >>> write_volume(scans / "case1_0000.nii.gz", make_phantom(1, (12.0, 10.0, 10.0))[0])
    >>> [case.name for case in find_cases([scans], Path("results"))]
    ['case1']
    """
    return drain(finding_cases(inputs, output))


def finding_cases(inputs: Iterable[Path], output: Path) -> Work[tuple[Case, ...]]:
    """Cases of CT files, of folders of them, and of lists.

    Label maps and further channels are left out, which is told.

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
        Sorted by name; see `napari_abdoseg.batch.tree.names_in`.

    Raises
    ------
    AbdosegError
        An input is missing, a folder or list holds none, there are label maps alone, two cases
        have one name, a result would replace its input, or the output folder is in an input
        folder.
    """
    folders, files = _given(inputs)
    named: list[tuple[str, Path]] = []
    for folder in folders:
        require_apart(folder, output)
        scans = yield from _scans_among(images_in(folder), str(folder))
        named += [(name, path) for path, name in names_in(folder, scans).items()]
    if files:
        scans = yield from _scans_among(files, ", ".join(map(str, files[:EXAMPLES])))
        named += [(name, path) for path, name in names_of(scans).items()]
    return cases_of(named, output)


def _scans_among(files: list[Path], place: str) -> Work[tuple[Path, ...]]:
    tree = yield from sorting(files)
    if not tree.scans:
        raise ImageError(f"{place}: all are label maps, not scans. Choose the scans.")
    for notice in tree.notices:
        yield Progress(STAGE, len(files), len(files), notice)
    return tree.scans


def cases_of(named: Iterable[tuple[str, Path]], output: Path) -> tuple[Case, ...]:
    """Cases of scans with their names, sorted by name.

    Names that differ in capital letters alone, or in how accents are written, are those of one
    file on disks of Windows and macOS, and so on many that several share.

    Raises
    ------
    AbdosegError
        Two have one name, or a result would replace its scan.
    """
    cases: dict[str, Case] = {}
    places: dict[str, Case] = {}
    results = _names_in(output)
    for name, image in named:
        case = Case(name, image, output)
        other = places.setdefault(as_on_any_disk(name), case)
        if other is not case and _real(other.image) != _real(image):
            raise _one_name(other, case)
        there = [path for path in (case.labels, case.report) if path.name in results]
        if there and _real(image) in map(_real, there):
            raise AbdosegError(
                f"The result of {image} would replace it: choose another output folder."
            )
        cases[name] = case
    return tuple(cases[name] for name in sorted(cases))


def _names_in(folder: Path) -> set[str]:
    """Names in a folder; none where it is not there, or can't be read."""
    with suppress(OSError), os.scandir(folder) as entries:
        return {entry.name for entry in entries}
    return set()


def _one_name(one: Case, other: Case) -> AbdosegError:
    if one.name == other.name:
        fault = f"are both the case {one.name!r}: their results would have one name"
    else:
        fault = (
            f"are the cases {one.name!r} and {other.name!r}, whose results would have one name on "
            "disks that take capital letters for small ones"
        )
    return AbdosegError(f"{one.image} and {other.image} {fault}; rename one of them.")


def _given(inputs: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """Folders and files that a user has named, each once."""
    given: dict[Path, Path] = {}
    try:
        for path in inputs:
            for each in _places(path):
                given.setdefault(_real(each), each)
        folders = [path for path in given.values() if path.is_dir()]
    except OSError as error:
        _raise_unreadable(error)
    return folders, [path for path in given.values() if path not in folders]


def _places(path: Path) -> Iterator[Path]:
    if path.suffix.lower() == LIST and path.is_file():
        for line in _lines(path):
            yield _existing(path.parent / line, f", which {path} names,")
    else:
        yield _existing(path)


def _existing(path: Path, origin: str = "") -> Path:
    if path.is_dir() or path.is_file():
        return path
    if path.exists():
        raise ImageError(f"{path}{origin} is a pipe or a device: give a .nii.gz or .nrrd file.")
    raise ImageError(f"{path}{origin} does not exist: check its name and folder.")


def require_apart(folder: Path, output: Path) -> None:
    """Make sure that results are not looked for scans.

    Raises
    ------
    AbdosegError
        They would be.
    """
    if _real(output).is_relative_to(_real(folder)):
        raise AbdosegError(
            f"The output folder {output} is in the input folder {folder}, so that results would "
            "be taken for scans: choose an output folder elsewhere."
        )


def images_in(folder: Path) -> list[Path]:
    """NIfTI files in a folder and in those below it, sorted; a linked folder is one, too.

    Raises
    ------
    ImageError
        There is none, or a folder can't be read.
    """
    images, folders, seen = [], [str(folder)], set()
    while folders:
        place = folders.pop()
        if (real := os.path.realpath(place)) not in seen:
            seen.add(real)
            there = _entries(place, is_given=place == str(folder))
            below = (entry.path for entry in there if _leads_to(entry.is_dir))
            folders += sorted(below, reverse=True)
            named = (entry for entry in there if has_image_suffix(Path(entry.name)))
            images += [Path(entry.path) for entry in named if _leads_to(entry.is_file)]
    if not images:
        raise ImageError(
            f"{folder} has no .nii, .nii.gz, .nrrd or .mha files: choose the folder that the scans "
            "are in."
        )
    return sorted(images, key=attrgetter("parts"))


def _entries(place: str, is_given: bool) -> list[os.DirEntry[str]]:
    """What is in a folder and not hidden; nothing where one below it was removed just now."""
    try:
        with os.scandir(place) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        if is_given or not isinstance(error, FileNotFoundError):
            _raise_unreadable(error)
        return []


def _leads_to(kind: Callable[[], bool]) -> bool:
    """Whether an entry is of a kind; a link that leads nowhere is of none."""
    with suppress(OSError):
        return kind()
    return False


def _real(path: Path) -> Path:
    """Where a path leads to, also one of links that lead in a circle."""
    return Path(os.path.realpath(path))


def _raise_unreadable(error: OSError) -> NoReturn:
    if isinstance(error, FileNotFoundError):
        raise ImageError(
            f"{error.filename} is not there: check its name, and that its disk is connected."
        ) from error
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
