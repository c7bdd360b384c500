"""Locks of files: those of this system, and the calls that Windows would get."""

from __future__ import annotations

import errno
import os
import struct
import sys
from types import ModuleType, SimpleNamespace

import pytest

from napari_abdoseg.correction.journal import holder as holder_module
from napari_abdoseg.correction.journal.holder import Lock, holder_of
from napari_abdoseg.image.files import locking

fcntl = pytest.importorskip("fcntl")
WHOLE = "hhqqi"
"""Of the system's ``struct flock``: type, whence, start, length and process."""


class Msvcrt(ModuleType):
    """``msvcrt.locking`` as its documentation has it, by locks of this system's open files.

    It locks bytes from the file's position on, behind its end too, and raises OSError where
    another open file has any of them.
    """

    LK_UNLCK, LK_NBLCK = 0, 2

    def __init__(self) -> None:
        super().__init__("msvcrt")

    def locking(self, file: int, mode: int, size: int) -> None:
        start = os.lseek(file, 0, os.SEEK_CUR)
        kind = fcntl.F_UNLCK if mode == self.LK_UNLCK else fcntl.F_WRLCK
        wanted = struct.pack(WHOLE, kind, os.SEEK_SET, start, size, 0)
        try:
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, wanted)
        except OSError as error:
            raise OSError(errno.EACCES, "Permission denied") from error


@pytest.fixture(params=["here", "windows"])
def system(request, monkeypatch) -> str:
    """This system, or the code for Windows with its calls made here."""
    if request.param == "windows":
        if not hasattr(fcntl, "F_OFD_SETLK"):
            pytest.skip("no locks of open files here")
        monkeypatch.setitem(sys.modules, "msvcrt", Msvcrt())
        for module in (locking, holder_module):
            monkeypatch.setattr(module, "sys", SimpleNamespace(platform="win32"))
    return request.param


@pytest.mark.usefixtures("system")
def test_one_has_a_lock_and_says_so_until_it_lets_go(tmp_path):
    path = tmp_path / "a.lock"
    first = Lock.take(path)
    assert Lock.take(path) is None
    assert holder_of(path).process == os.getpid()
    first.release()
    assert not path.exists()
    second = Lock.take(path)
    assert second is not None
    second.release()


@pytest.mark.usefixtures("system")
def test_what_a_crash_left_is_held_by_nobody_and_stays_free(tmp_path):
    path = tmp_path / "a.lock"
    os.close(os.open(path, os.O_RDWR | os.O_CREAT))
    for _ in range(2):
        assert holder_of(path) is None
    lock = Lock.take(path)
    assert lock is not None
    lock.release()
