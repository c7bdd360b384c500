"""Files that are either whole or not there."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from napari_abdoseg.errors import NameTooLongError, SaveError

BACKUP = ".bak"

_NO_FOLDER = "its folder does not exist; create it or choose another"
_FORBIDDEN = "nothing may be written there; choose another folder or change its permissions"
_REASONS = {
    errno.ENOSPC: "the disk is full; free some space or choose another disk",
    errno.EDQUOT: "your quota on this disk is used up; free some space or choose another disk",
    errno.EFBIG: "the file is larger than this disk or account allows; choose another disk",
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
    errno.EROFS: _FORBIDDEN,
    errno.ENOENT: _NO_FOLDER,
    errno.ENOTDIR: _NO_FOLDER,
    errno.ENAMETOOLONG: "its name is too long for this disk; rename the case",
    errno.EISDIR: "a folder has this name; choose another name",
}


def backup_of(path: Path) -> Path:
    """Where the file is kept that ``path`` takes the place of: ``case.nii.gz.bak``."""
    return path.with_name(path.name + BACKUP)


@contextmanager
def replaced_file(
    path: Path, by_way_of: Path | None = None, backup: Path | None = None
) -> Iterator[Path]:
    """Where to write a file that takes the place of ``path`` when the block ends well.

    Parameters
    ----------
    path : Path
        The file to be; untouched unless everything succeeds.
    by_way_of : Path, optional
        Folder on the same disk that it is written in before; its own by default.
    backup : Path, optional
        What was at ``path`` is kept there, beside it; nothing is kept by default.

    Raises
    ------
    SaveError
        It could not be written; nothing is left of it.
    """
    temporary = (by_way_of or path.parent) / f".{uuid4().hex}.part"
    try:
        try:
            yield temporary
            with temporary.open("rb+") as written:
                os.fsync(written.fileno())
            if backup is not None and path.exists():
                keep_as(path, backup)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise not_saved(path, error) from error


def not_saved(path: Path, error: OSError) -> SaveError:
    """What is told of a file that could not be written."""
    kind = NameTooLongError if error.errno == errno.ENAMETOOLONG else SaveError
    return kind(f"{path} was not saved: {why_not_saved(error)}.")


def why_not_saved(error: OSError) -> str:
    """Why something could not be written, and what to do where that is known."""
    return _REASONS.get(error.errno or 0, error.strerror or str(error))


def keep_as(path: Path, backup: Path) -> None:
    """Let ``backup`` be what is at ``path``; it is the old backup or the new one, never half.

    Raises
    ------
    OSError
        It can't be kept.
    """
    twin = backup.with_name(f".{uuid4().hex}.part")
    try:
        try:
            os.link(path, twin)
        except OSError:  # some disks have no hard links
            shutil.copy2(path, twin)
        twin.replace(backup)
    finally:
        twin.unlink(missing_ok=True)


def remove_file(path: Path) -> None:
    """Remove a file, if it is there.

    Raises
    ------
    SaveError
        It can't be removed.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise SaveError(
            f"{path} can't be replaced ({error.strerror}): check its permissions."
        ) from error


def make_folder(path: Path) -> Path:
    """Make a folder for results, if it isn't there.

    Raises
    ------
    SaveError
        It can't be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SaveError(
            f"{path} can't be a folder for results ({error.strerror}): choose another."
        ) from error
    return path


def write_text(path: Path, text: str, by_way_of: Path | None = None) -> None:
    """Write ``text`` in UTF-8 with its line ends as they are; see `replaced_file`.

    A byte of a file name that is no UTF-8 is written as Python escapes it, ``\\udcfc``.

    Raises
    ------
    SaveError
        It could not be written; what was there before is untouched.
    """
    with replaced_file(path, by_way_of) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
