"""Which of several runs works on which case of an output folder.

A run that works on a case holds a lock on a file, which the system lets go when the process
ends, however it ends. Beside it lie the case's files until they are whole, so that who holds
the lock next can throw away what a killed run has left. All of it is in one hidden folder,
which the last run to leave removes.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.errors import NameTooLongError, SaveError
from napari_abdoseg.image.files.locking import is_at, try_lock
from napari_abdoseg.image.files.saving import make_folder

HIDDEN = ".abdoseg"
LOCK = "lock"
TABLES = "tables"


@dataclass(frozen=True)
class Claim:
    """A case, or the tables, that this process alone may write.

    Parameters
    ----------
    folder : Path
        For files that are not whole yet.
    lock : int
        File descriptor of the locked file.
    """

    folder: Path
    lock: int

    def clear(self) -> None:
        """Throw away what is not whole."""
        for path in self.folder.iterdir():
            if path.name != LOCK:
                path.unlink()

    def release(self) -> None:
        """Let others have it, and leave nothing behind that can be removed."""
        with suppress(OSError):  # the next to have it tries again, and tells of it
            self.clear()
        path = self.folder / LOCK
        if sys.platform == "win32":  # which removes no open file
            os.close(self.lock)
            with suppress(OSError):
                path.unlink()
        else:  # others that wait for this file see that it is no longer there
            with suppress(OSError):
                path.unlink()
            os.close(self.lock)
        with suppress(OSError):
            self.folder.rmdir()


class Claims:
    """Claims of this run in an output folder.

    Parameters
    ----------
    output : Path
    """

    def __init__(self, output: Path) -> None:
        self._hidden = output / HIDDEN

    def claim(self, case: str) -> Claim | None:
        """A claim to a case, None while another run has it.

        Raises
        ------
        SaveError
            Nothing may be written in the output folder, or its disk is full or knows no locks.
        """
        return self._claim(f"{case}.case")

    def claim_tables(self) -> Claim | None:
        """The same for the tables of all cases."""
        return self._claim(TABLES)

    def is_taken(self, case: str) -> bool:
        """Whether another run works on a case."""
        claim = self.claim(case)
        if claim:
            claim.release()
        return claim is None

    def leave(self) -> None:
        """Remove what killed runs have left, and the hidden folder if no other run is there."""
        with suppress(OSError, SaveError):
            for folder in list(self._hidden.iterdir()):
                if claim := self._claim(folder.name):
                    claim.release()
            self._hidden.rmdir()

    def _claim(self, name: str) -> Claim | None:
        folder = self._hidden / name
        path = folder / LOCK
        try:
            while True:
                try:
                    make_folder(self._hidden.parent)
                    folder.mkdir(parents=True, exist_ok=True)
                    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
                except (FileNotFoundError, FileExistsError):
                    if folder.is_file():
                        raise
                    continue  # another run leaves just now
                if not try_lock(lock):
                    os.close(lock)
                    return None
                if is_at(path, lock):
                    break
                os.close(lock)  # who had it has removed it
            claim = Claim(folder, lock)
            try:
                claim.clear()
            except OSError:
                claim.release()
                raise
        except OSError as error:
            with suppress(OSError):  # others' are not empty
                folder.rmdir()
            if error.errno == errno.ENAMETOOLONG:
                raise NameTooLongError(
                    f"{folder.stem} is too long a name for results on this disk: rename the case."
                ) from error
            raise SaveError(
                f"{folder.parent.parent} can't take results ({error.strerror}): choose another "
                "output folder, or change its permissions or disk."
            ) from error
        return claim
