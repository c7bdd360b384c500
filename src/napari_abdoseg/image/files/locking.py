"""Locks of files, which the system lets go when a process ends, however it ends."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

_HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_BEHIND = 1 << 30
"""Byte that is locked where a lock keeps others from reading: behind all that a file holds."""


def try_lock(file: int) -> bool:
    """Lock an open file, unless another process holds it.

    Parameters
    ----------
    file : int
        File descriptor; closed if its disk knows no locks.

    Raises
    ------
    OSError
        It can't be locked at all.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(file, _BEHIND, os.SEEK_SET)
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
            os.lseek(file, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in _HELD:
            return False
        os.close(file)
        raise
    return True


def let_go(file: int) -> None:
    """Unlock an open file, if it is locked, and close it.

    Windows unlocks what is closed too, but when it has time.
    """
    if sys.platform == "win32":
        import msvcrt

        os.lseek(file, _BEHIND, os.SEEK_SET)
        with suppress(OSError):
            msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
    os.close(file)


def is_at(path: Path, file: int) -> bool:
    """Whether a path still leads to an open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file))
    except FileNotFoundError:
        return False
