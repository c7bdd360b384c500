"""Who has a case open: files that one alone can make, also on disks of a network.

Locks of the system are not relied on, since disks of a network keep them from one machine to
the other badly or not at all. Whoever makes the file first has the case, says in it who that
is, and touches it again and again. It is let go of when the file is removed. One that nobody
touches is of a session that is dead: its age is measured by the clock of the disk itself, to
which the clocks of machines don't matter.
"""

from __future__ import annotations

import json
import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self
from uuid import uuid4

from napari_abdoseg.correction.journal.holder import SOMEBODY, Holder
from napari_abdoseg.errors import SaveError, WorkListError
from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.files.saving import why_not_saved

BEAT = 20.0
"""Seconds after which a lease is touched again."""
DEAD_AFTER = 120.0
"""Seconds without that, after which nobody is taken to hold it."""
GUARD = ".taking"
LeaseOf = Callable[[str], "Lease | None"]
"""By which a session has a case open, by its name."""


@dataclass(frozen=True)
class Lease:
    """What this session alone has, until it is released or others take it over.

    Parameters
    ----------
    path : Path
    token : str
        Tells it from later ones of the same path.
    """

    path: Path
    token: str

    @classmethod
    def take(cls, path: Path) -> Self | None:
        """Take what nobody has, or a process of this machine had that is gone; else None.

        Raises
        ------
        SaveError
            Nothing may be written there, or the disk is full.
        """
        return cls._make(path) or cls._after(path, may_be_silent=False)

    @classmethod
    def take_over(cls, path: Path) -> Self | None:
        """The same also of a session that gives no sign of life; None while it lives.

        Raises
        ------
        SaveError
            Nothing may be written there, or the disk is full.
        """
        return cls._make(path) or cls._after(path, may_be_silent=True)

    @classmethod
    def _make(cls, path: Path) -> Self | None:
        token = uuid4().hex
        content = json.dumps({**asdict(Holder.here()), "token": token}).encode()
        _make_place(path)
        try:
            file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            return None
        except OSError as error:
            raise _not_had(path, error) from error
        try:
            with os.fdopen(file, "wb") as written:
                written.write(content)
        except OSError as error:
            path.unlink(missing_ok=True)
            raise _not_had(path, error) from error
        return cls(path, token)

    @classmethod
    def _after(cls, path: Path, may_be_silent: bool) -> Self | None:
        """Take what is left of a dead session, and nothing else; one alone does so at a time."""
        left = _left_token(path, may_be_silent)
        if left is None:  # somebody has it, or has let it go just now
            return cls._make(path)
        guard = cls._guard(path)
        if guard is None:
            return None
        try:
            if _left_token(path, may_be_silent) != left:  # another was faster
                return None
            path.unlink(missing_ok=True)
            return cls._make(path)
        except OSError as error:
            raise _not_had(path, error) from error
        finally:
            guard.release()

    @classmethod
    def _guard(cls, path: Path) -> Self | None:
        place = path.with_name(f"{path.name}{GUARD}")
        if (guard := cls._make(place)) is None and _left_token(place, True) is not None:
            place.unlink(missing_ok=True)
            guard = cls._make(place)
        return guard

    @property
    def is_held(self) -> bool:
        """Whether nobody has taken it over."""
        return _read(self.path)[1] == self.token

    def beat(self) -> None:
        """Say that this session lives.

        Raises
        ------
        WorkListError
            Somebody has taken it over, or the folder is gone.
        """
        if not self.path.parent.is_dir():
            raise WorkListError(
                f"{self.path.parents[2]} is not there as it was: put it back, or save what you "
                "have under another name."
            )
        if not self.is_held:
            holder = holder_of(self.path)
            by = f" by {holder.words}" if holder else ""
            raise WorkListError(
                f"{self.path.stem} was taken over{by}, since this session gave no sign of life: "
                "it is read-only here. Save what you have under another name."
            )
        with suppress(OSError):  # it is tried again
            os.utime(self.path)

    def release(self) -> None:
        """Let others have it; what was taken over stays theirs."""
        with suppress(OSError):
            if self.is_held:
                self.path.unlink()


@contextmanager
def kept_alive(lease: Lease) -> Iterator[Lease]:
    """Hold a lease as long as the block runs, and touch it meanwhile."""
    ends = threading.Event()

    def beat() -> None:
        while not ends.wait(BEAT):
            with suppress(WorkListError):
                lease.beat()

    thread = threading.Thread(target=beat, name="lease", daemon=True)
    thread.start()
    try:
        yield lease
    finally:
        ends.set()
        thread.join()
        lease.release()


def no_lease(_: str) -> None:
    """The lease of a session that has no case open."""


def holder_of(path: Path) -> Holder | None:
    """Who has a lease, as far as that lives; None if nobody has."""
    holder, _ = _read(path)
    return None if holder is None or _is_left(holder, path, may_be_silent=True) else holder


def last_holder(path: Path) -> Holder | None:
    """Who has a lease, or had it when its session ended; None if nobody."""
    return _read(path)[0]


def _read(path: Path) -> tuple[Holder | None, str]:
    """Who a lease is of, and its token; of one that is being written just now, somebody.

    Raises
    ------
    WorkListError
        It may not be read.
    """
    try:
        told = read_json(path)
        return Holder.told(told), str(told["token"])
    except FileNotFoundError:
        return None, ""
    except PermissionError as error:
        raise WorkListError(
            f"{path} can't be read ({error.strerror}): check its permissions and those of its "
            "folder."
        ) from error
    except (OSError, KeyError, TypeError, ValueError):
        return SOMEBODY, ""


def _make_place(path: Path) -> None:
    """Make the folder of a lease, if it isn't there."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise SaveError(f"{path.parent} is no folder: move it elsewhere.") from error
    except OSError as error:
        raise _not_had(path, error) from error


def _not_had(path: Path, error: OSError) -> SaveError:
    """What is told where no lease can be had: users know the folder of masks, and no locks."""
    return SaveError(f"{path.parents[2]}: {why_not_saved(error)}.")


def _left_token(path: Path, may_be_silent: bool) -> str | None:
    """The token of a lease that a dead session has left; None if there is no such lease."""
    holder, token = _read(path)
    return token if holder is not None and _is_left(holder, path, may_be_silent) else None


def _is_left(holder: Holder, path: Path, may_be_silent: bool) -> bool:
    """Whether who has a lease is dead."""
    if holder is SOMEBODY:
        return _is_silent(path)
    if holder.machine == platform.node() and not _is_running(holder, path):
        return True
    return may_be_silent and _is_silent(path)


def _is_running(holder: Holder, path: Path) -> bool:
    """Whether a process of this machine is there; a clock that was set makes it no other one."""
    import psutil

    return psutil.pid_exists(holder.process) and (holder.may_live or not _is_silent(path))


def _is_silent(path: Path) -> bool:
    """Whether a lease was not touched for long, by the clock of its disk."""
    try:
        return _disk_time(path.parent) - path.stat().st_mtime > DEAD_AFTER
    except FileNotFoundError:  # it was let go just now
        return False
    except OSError:  # nothing may be written: then nobody here takes anything over
        return time.time() - _written(path) > DEAD_AFTER


def _written(path: Path) -> float:
    with suppress(OSError):
        return path.stat().st_mtime
    return time.time()


def _disk_time(folder: Path) -> float:
    probe = folder / f".{uuid4().hex}.part"
    try:
        probe.touch()
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)
