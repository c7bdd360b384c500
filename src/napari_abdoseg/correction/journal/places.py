"""Where journals are: beside their label map, else in the user's own folder.

A label map that has no file yet is known by its scan. Each session writes a journal of its
own, so the second of a label map has a number in its name. One that nobody wants stays, under
a name by which it is not offered again, for `DAYS_ASIDE`.
"""

from __future__ import annotations

import hashlib
import re
import time
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.files.saving import make_folder, not_saved
from napari_abdoseg.image.grid import Grid

ENDING = ".journal"
ASIDE = ".aside"
LOCK = ".lock"
DAYS_ASIDE = 30
"""So long a journal that nobody wanted is kept."""
SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class CaseFiles:
    """What a label map is known by.

    Parameters
    ----------
    labels : Path or None
        Its own file, or folder of masks.
    scan : Path or None
        The file of its scan.
    grid : Grid
    """

    labels: Path | None
    scan: Path | None
    grid: Grid

    @property
    def name(self) -> str:
        """What the case is called."""
        known = self.labels or self.scan
        return stem(known) if known else "case"

    @property
    def beside(self) -> Path | None:
        """Journal beside the label map, if that has a file."""
        if self.labels is None:
            return None
        own = self.labels.absolute()
        return own.with_name(f".{own.name}{ENDING}")

    @property
    def apart(self) -> Path:
        """Journal in the user's own folder."""
        known = self.labels or self.scan
        key = str(known.absolute()) if known else _signature(self.grid)
        kind = "labels" if self.labels else "organs"
        number = hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()[:16]
        name = re.sub(r"[^\w.-]", "_", self.name)[:80]
        return journals_folder() / f"{name}-{kind}-{number}{ENDING}"


def journals_folder() -> Path:
    """The user's own folder of journals."""
    import platformdirs

    return platformdirs.user_data_path("napari-abdoseg", appauthor=False) / "journals"


def journals_of(case: CaseFiles) -> list[Path]:
    """The journals of a label map that are there, being written or left by a crash."""
    found = []
    for first in filter(None, (case.beside, case.apart)):
        pattern = re.compile(rf"{re.escape(first.name.removesuffix(ENDING))}(\.\d+)?\.journal")
        try:
            found += sorted(path for path in first.parent.iterdir() if pattern.fullmatch(path.name))
        except OSError:  # no such folder, or none that may be read
            continue
    return found


def new_places(case: CaseFiles) -> list[Path]:
    """Where a new journal may be written, the best place first; none of them is there."""
    return [_free(first) for first in filter(None, (case.beside, case.apart))]


def put_aside(path: Path) -> Path:
    """Keep a journal where it is offered no more, and remove those that were kept long enough.

    Returns
    -------
    Path
        Where it is now.

    Raises
    ------
    SaveError
        It can't be renamed; it is where it was.
    """
    names = (path.with_name(f"{path.name}{ASIDE}{number}") for number in chain([""], count(2)))
    kept = next(name for name in names if not name.exists())
    try:
        path.rename(kept)
    except OSError as error:
        raise not_saved(kept, error) from error
    with suppress(OSError):
        kept.touch()  # its days begin now
    _remove_old(kept.parent)
    return kept


def is_journal(path: Path) -> bool:
    """Whether a file is a journal by its name, such as one that was put aside."""
    return path.name.endswith(ENDING) or _is_aside(path)


def lock_of(journal: Path) -> Path:
    """The file that who writes a journal holds a lock on."""
    return journal.with_name(f"{journal.name}{LOCK}")


def make_place(path: Path) -> None:
    """Make the folder of a journal, if it is the user's own.

    Raises
    ------
    SaveError
        It can't be made.
    """
    if path.parent == journals_folder():
        make_folder(path.parent)
    elif not path.parent.is_dir():
        raise SaveError(f"{path} was not saved: its folder does not exist.")


def _is_aside(path: Path) -> bool:
    return re.search(rf"{re.escape(ENDING + ASIDE)}\d*\Z", path.name) is not None


def _remove_old(folder: Path) -> None:
    """Remove the journals of a folder that were put aside long enough ago."""
    oldest = time.time() - DAYS_ASIDE * SECONDS_A_DAY
    with suppress(OSError):
        for path in folder.iterdir():
            if _is_aside(path) and path.stat().st_mtime < oldest:
                path.unlink()


def _free(first: Path) -> Path:
    plain = first.name.removesuffix(ENDING)
    names = chain([first.name], (f"{plain}.{number}{ENDING}" for number in count(2)))
    paths = (first.with_name(name) for name in names)
    return next(path for path in paths if not (path.exists() or lock_of(path).exists()))


def _signature(grid: Grid) -> str:
    return f"{grid.stored_shape} {grid.affine.round(3).tolist()}"
