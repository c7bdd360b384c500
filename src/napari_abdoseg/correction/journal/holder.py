"""Who corrects a label map just now: one holds its lock, others are told who that is.

The system lets a lock go when its process ends, however it ends, so what a crash leaves behind
is a file that nobody holds. Some disks know no locks. There the file itself tells: on this
machine whether its process still lives, on another whether it was written within a day.
"""

from __future__ import annotations

import getpass
import json
import os
import platform
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import psutil

from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.files.locking import is_at, let_go, try_lock
from napari_abdoseg.image.files.saving import not_saved

TRIES, PAUSE = 5, 0.02
"""Another process may hold a lock for a moment, to see whether somebody does."""
LONGEST_DAY = 86_400


@dataclass(frozen=True)
class Holder:
    """Who works on a label map.

    Parameters
    ----------
    user, machine : str
    since : str
        ISO 8601 with its time zone, to the second.
    process : int
    """

    user: str
    machine: str
    since: str
    process: int

    @classmethod
    def here(cls) -> Self:
        """This process, from now on."""
        return cls(user_name(), platform.node(), now(), os.getpid())

    @classmethod
    def told(cls, told: Mapping[str, Any]) -> Self:
        """Who a file names.

        Raises
        ------
        KeyError, TypeError, ValueError
            It names nobody.
        """
        since = datetime.fromisoformat(told["since"]).isoformat()
        if local_time(since) is None:
            raise ValueError(since)
        return cls(str(told["user"]), str(told["machine"]), since, int(told["process"]))

    @property
    def words(self) -> str:
        """Such as ``"anna on ws3 since 27 Nov 2026, 09:12"``."""
        return f"{self.user} on {self.machine} since {moment(self.since)}"

    @property
    def is_here(self) -> bool:
        """Whether it is this process."""
        return self.machine == platform.node() and self.process == os.getpid()

    @property
    def may_live(self) -> bool:
        """Whether its process may be there, as far as can be told from here."""
        if self.machine != platform.node():
            return True
        try:
            began = psutil.Process(self.process).create_time()
        except psutil.Error:
            return False
        return bool(began <= datetime.fromisoformat(self.since).timestamp() + 1)


SOMEBODY = Holder("somebody", "another machine", "", 0)
"""Who holds a lock that says of nobody."""


class Lock:
    """A lock of this process, until it is released or the process ends.

    Parameters
    ----------
    path : Path
    file : int
        Its file descriptor; -1 on a disk without locks.
    """

    def __init__(self, path: Path, file: int) -> None:
        self._path, self._file = path, file

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """Hold a lock that nobody holds; None if somebody does.

        Raises
        ------
        SaveError
            Its file can't be written.
        """
        try:
            for _ in range(TRIES):
                if (lock := cls._try(path)) is not None:
                    lock._tell()
                    return lock
                time.sleep(PAUSE)
        except OSError as error:
            raise not_saved(path, error) from error
        return None

    @classmethod
    def _try(cls, path: Path) -> Self | None:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not try_lock(file):
                os.close(file)
                return None
        except OSError:  # a disk without locks
            return cls(path, -1) if _told_holder(path) is None else None
        if not is_at(path, file):  # who had it has removed it
            os.close(file)
            return None
        return cls(path, file)

    def _tell(self) -> None:
        content = json.dumps(asdict(Holder.here())).encode()
        if self._file < 0:
            self._path.write_bytes(content)
            return
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, content)

    def release(self) -> None:
        """Let others have it, and leave no file behind."""
        file, self._file = self._file, -1
        if file >= 0 and sys.platform == "win32":  # which removes no open file
            let_go(file)
        with suppress(OSError):
            self._path.unlink()
        if file >= 0 and sys.platform != "win32":
            let_go(file)


def holder_of(path: Path) -> Holder | None:
    """Who holds a lock; None if nobody does, whatever a crash has left there."""
    try:
        file = os.open(path, os.O_RDWR)
    except OSError:
        return None if not path.exists() else _told_holder(path)
    try:
        held = not try_lock(file)
    except OSError:  # a disk without locks
        return _told_holder(path)
    let_go(file)
    return _told(path) or SOMEBODY if held else None


def user_name() -> str:
    """Who sits here."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # nobody that the system knows
        return "somebody"


def now() -> str:
    """The time, in ISO 8601 with its time zone."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def local_time(when: str) -> datetime | None:
    """A time as clocks here show it; None of what is none, or is in no calendar here."""
    try:
        return datetime.fromisoformat(when).astimezone()
    except (OSError, OverflowError, ValueError):
        return None


def moment(when: str) -> str:
    """A time in words; nothing of what is none."""
    told = local_time(when)
    return "an unknown time" if told is None else f"{told.day} {told:%b %Y, %H:%M}"


def _told(path: Path) -> Holder | None:
    try:
        return Holder.told(read_json(path))
    except (OSError, KeyError, TypeError, ValueError):
        return None


def _told_holder(path: Path) -> Holder | None:
    """Who holds a lock by what its file says."""
    told = _told(path)
    if told is None or not told.may_live:
        return None
    if told.machine != platform.node() and _age(path) > LONGEST_DAY:
        return None
    return told


def _age(path: Path) -> float:
    with suppress(OSError):
        return time.time() - path.stat().st_mtime
    return 0.0
