"""Files that are either whole or not there."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from napari_abdoseg.errors import SaveError

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
    errno.EISDIR: "a folder has this name; choose another name",
}


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Where to write a file that takes the place of ``path`` when the block ends well.

    Parameters
    ----------
    path : Path
        The file to be; untouched unless everything succeeds.

    Raises
    ------
    SaveError
        It could not be written; nothing is left of it.
    """
    temporary = path.with_name(f".{uuid4().hex}.part")
    try:
        try:
            yield temporary
            with temporary.open("rb+") as written:
                os.fsync(written.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or str(error))
        raise SaveError(f"{path} was not saved: {reason}.") from error


def write_text(path: Path, text: str) -> None:
    """Write ``text`` in UTF-8 with its line ends as they are.

    Raises
    ------
    SaveError
        It could not be written; what was there before is untouched.
    """
    with replaced_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")
