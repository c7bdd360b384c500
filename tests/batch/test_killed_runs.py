"""Runs that are killed at random, and runs side by side: nothing lost, doubled or left over."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from fork_server import ForkServer
from unpacked import unpacked

from napari_abdoseg.image.nifti.volumes import read_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs process groups")
SPACING = (20.0, 16.0, 16.0)
LONG = (pytest.mark.slow, pytest.mark.timeout(1800))


@pytest.fixture(scope="module")
def server():
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture
def many(tmp_path: Path):
    def write(count: int) -> Path:
        folder = tmp_path / "many"
        for number in range(count):
            path = folder / f"part{number % 3}" / f"c{number:02}_0000.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_volume(path, make_phantom(number, SPACING)[0])
        return folder

    return write


def result_of(server: ForkServer, model: Path, scans: Path, output: Path) -> dict[str, list[str]]:
    status, names = server.wait(server.start(model, scans, output))
    assert status == 0
    return names


def require_same(output: Path, unbroken: Path) -> None:
    """Same files, label maps of the same voxels, and the same table."""
    names = sorted(path.name for path in unbroken.iterdir())
    assert sorted(path.name for path in output.iterdir()) == names
    for name in names:
        if name.endswith(".nii.gz"):
            assert unpacked(output / name) == unpacked(unbroken / name)
    assert (output / "organs.csv").read_bytes() == (unbroken / "organs.csv").read_bytes()


@pytest.mark.parametrize(
    ("count", "kills"), [pytest.param(6, 6, marks=LONG), pytest.param(20, 30, marks=LONG)]
)
def test_a_run_that_is_killed_again_and_again(count, kills, many, server, model, tmp_path):
    scans = many(count)
    unbroken, output = tmp_path / "unbroken", tmp_path / "killed"
    begin = time.perf_counter()
    result_of(server, model, scans, unbroken)
    a_case = (time.perf_counter() - begin) / count
    chance, left_over, killed, ended = random.Random(1), 0, 0, 0
    while killed < kills:
        group = server.start(model, scans, output)
        time.sleep(chance.uniform(0, 2 * a_case))
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        status, _ = server.wait(group)
        killed += status == -signal.SIGKILL
        ended += status == 0
        left_over += (output / ".abdoseg").exists()
        for report in output.glob("*.json"):
            assert read_labels(report.with_suffix(".nii.gz")).data.any()
    assert left_over
    before = {path.name: path.stat().st_mtime_ns for path in output.glob("*.json")}
    names = result_of(server, model, scans, output)
    assert sorted(names["made"] + names["kept"]) == [f"c{number:02}" for number in range(count)]
    assert {f"{name}.json" for name in names["kept"]} == before.keys()
    for name, written in before.items():
        assert (output / name).stat().st_mtime_ns == written
    require_same(output, unbroken)
    print(f"{killed} kills, {left_over} left files behind, {len(before)} of {count} were finished")


@pytest.mark.slow
def test_two_runs_share_a_folder(many, server, model, tmp_path):
    scans = many(8)
    unbroken, shared = tmp_path / "unbroken", tmp_path / "shared"
    result_of(server, model, scans, unbroken)
    groups = [server.start(model, scans, shared) for _ in range(2)]
    first, second = (names for _, names in map(server.wait, groups))
    everything = [f"c{number:02}" for number in range(8)]
    assert sorted(first["made"] + second["made"]) == everything
    assert first["made"]
    assert second["made"]
    for names in (first, second):
        assert sorted(names["made"] + names["kept"]) == everything
    require_same(shared, unbroken)


def test_one_run_takes_over_from_another_that_is_killed(many, server, model, tmp_path):
    scans = many(4)
    unbroken, shared = tmp_path / "unbroken", tmp_path / "shared"
    result_of(server, model, scans, unbroken)
    group = server.start(model, scans, shared)
    while not list(shared.glob(".abdoseg/*.case/lock")):
        time.sleep(0.001)
    os.killpg(group, signal.SIGSTOP)  # it holds a case, and will never finish it
    second = server.start(model, scans, shared)
    while len(list(shared.glob("*.json"))) < 2:
        time.sleep(0.01)
    os.kill(second, 0)
    os.killpg(group, signal.SIGKILL)
    _, names = server.wait(second)
    server.wait(group)
    assert len(names["made"] + names["kept"]) == 4
    require_same(shared, unbroken)
