"""Claims of runs in a folder, between threads as between processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from napari_abdoseg.batch import claims as module
from napari_abdoseg.batch.claims import Claims
from napari_abdoseg.errors import SaveError

HOLD = """
import sys
from pathlib import Path
from napari_abdoseg.batch.claims import Claims
claim = Claims(Path(sys.argv[1])).claim("a")
(claim.folder / ".half.part").write_text("half")
print("held", flush=True)
sys.stdin.read()
"""


def test_one_claim_at_a_time_and_nothing_left(tmp_path):
    one, other = Claims(tmp_path), Claims(tmp_path)
    claim = one.claim("a")
    assert other.claim("a") is None
    assert other.is_taken("a")
    assert not other.is_taken("b")
    other.leave()
    assert one.is_taken("a")
    claim.release()
    assert not other.is_taken("a")
    one.leave()
    other.leave()
    assert not list(tmp_path.iterdir())


def test_the_tables_are_no_case(tmp_path):
    claims = Claims(tmp_path)
    case, tables = claims.claim("tables"), claims.claim_tables()
    assert case
    assert tables
    assert claims.claim_tables() is None


def test_a_name_of_dots_stays_in_the_folder(tmp_path):
    claim = Claims(tmp_path).claim("..")
    assert claim.folder.resolve().parent == tmp_path.resolve() / ".abdoseg"


def test_what_cannot_be_removed_is_told_to_the_next(tmp_path):
    claim = Claims(tmp_path).claim("a")
    (claim.folder / "left").mkdir()
    claim.release()
    with pytest.raises(SaveError, match=r"can't take results \(.+\): choose another"):
        Claims(tmp_path).claim("a")
    (claim.folder / "left").rmdir()
    assert Claims(tmp_path).claim("a")


def test_what_a_killed_process_held_is_free_and_cleaned(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline()
    claims = Claims(tmp_path)
    assert claims.claim("a") is None
    half = tmp_path / ".abdoseg" / "a.case" / ".half.part"
    claims.leave()
    assert half.exists()
    process.kill()
    process.wait()
    claim = claims.claim("a")
    assert claim
    assert not half.exists()
    claim.release()


def test_the_last_to_leave_cleans_what_others_left(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline()
    process.kill()
    process.wait()
    Claims(tmp_path).leave()
    assert not list(tmp_path.iterdir())


def test_a_lock_file_that_was_removed_meanwhile_guards_nothing(tmp_path, monkeypatch):
    """Another process removes the file between its opening and its locking here."""
    claims, lock = Claims(tmp_path), module.try_lock
    removed = []

    def remove_before(descriptor):
        if not removed:
            path = tmp_path / ".abdoseg" / "a.case" / "lock"
            path.unlink()
            path.parent.rmdir()
            removed.append(path)
        return lock(descriptor)

    monkeypatch.setattr(module, "try_lock", remove_before)
    claim = claims.claim("a")
    assert removed[0].exists()
    assert claims.claim("a") is None
    claim.release()


def test_never_two_holders_in_a_crowd(tmp_path):
    """Threads claim, look and release as fast as they can; a lock is one an open file."""
    until, inside, seen, guard = time.monotonic() + 1.5, [], [], threading.Lock()

    def work(_):
        claims = Claims(tmp_path)
        while time.monotonic() < until:
            if claim := claims.claim("a"):
                with guard:
                    inside.append(1)
                    seen.append(len(inside))
                time.sleep(0.0002)
                with guard:
                    inside.pop()
                claim.release()
            claims.leave()

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(8)))
    assert len(seen) > 8
    assert max(seen) == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_takes_nothing(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SaveError, match="can't be a folder for results"):
        Claims(tmp_path / "file").claim("a")
    (tmp_path / ".abdoseg").touch()
    with pytest.raises(SaveError, match="can't take results"):
        Claims(tmp_path).claim("a")


def test_a_disk_without_locks(tmp_path, monkeypatch):
    if sys.platform == "win32":
        pytest.skip("fcntl is not there")
    import fcntl

    def refuse(*_):
        raise OSError(37, os.strerror(37))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.raises(SaveError, match="No locks available"):
        Claims(tmp_path).claim("a")


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_disk_that_takes_no_more_files(left, small_disk):
    output = small_disk / "out"
    output.mkdir()
    for number in range(os.statvfs(small_disk).f_favail - left):
        (small_disk / str(number)).touch()
    claims = Claims(output)
    with pytest.raises(SaveError, match=r"out can't take results \(No space left on device\)"):
        claims.claim("a")
    claims.leave()
    assert not list(output.iterdir())


def test_what_can_not_be_removed_stays(tmp_path):
    lock = tmp_path / ".abdoseg" / "a.case" / "lock"
    lock.mkdir(parents=True)
    Claims(tmp_path).leave()
    assert lock.exists()
