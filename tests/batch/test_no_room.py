"""Disks that become full in mid-run: one sentence, nothing half written, and on with room."""

from __future__ import annotations

import math
import os
import shutil
import sys
from pathlib import Path

import pytest
from limits import no_file_above
from unpacked import unpacked

from napari_abdoseg.batch.case import Case
from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.batch.folder import predicting
from napari_abdoseg.cli.app import main
from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.hardware.device import choose_devices
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.progress import drain

FULL = "was not saved: the disk is full; free some space or choose another disk"


@pytest.fixture
def unbroken(scans, tmp_path, ensemble) -> Path:
    """Results where there is room."""
    output = tmp_path / "unbroken"
    drain(predicting(find_cases([scans], output), ensemble, "fast"))
    return output


@pytest.fixture
def cases(scans, small_disk) -> tuple[Case, ...]:
    return find_cases([scans], small_disk / "out")


def fill(disk: Path, left: float) -> Path:
    """Write a file that leaves so many bytes, in whole blocks."""
    room = os.statvfs(disk)
    blocks = room.f_bavail - math.ceil(left / room.f_bsize)
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(blocks * room.f_bsize))
    return ballast


def contents(folder: Path) -> dict[str, bytes]:
    """All that is in a folder; of reports, which hold times, only the names."""
    return {
        path.relative_to(folder).as_posix(): b"" if path.suffix == ".json" else unpacked(path)
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize(
    ("room", "unsaved"),
    [
        pytest.param(0, "case2.nii.gz", marks=pytest.mark.slow),
        *((0.5, "case2.nii.gz"), (1, "case2.json")),
    ],
)
def test_no_room_for_all_of_a_case(room, unsaved, cases, unbroken, ensemble):
    """There is some for so much of its label map."""
    (first, second), output, whole = cases, cases[0].output, contents(unbroken)
    work = predicting(cases, ensemble, "fast")
    while not first.report.exists():
        next(work)
    ballast = fill(output.parent, room * (unbroken / second.labels.name).stat().st_size)
    with pytest.raises(SaveError, match=rf"{output / unsaved} {FULL}"):
        drain(work)
    finished = {"case1.nii.gz", "case1.json"} | ({"case2.nii.gz"} if room == 1 else set())
    assert contents(output) == {name: whole[name] for name in finished}
    ballast.unlink()
    outcome = drain(predicting(cases, ensemble, "fast"))
    assert (outcome.made, outcome.kept) == ((second,), (first,))
    assert contents(output) == whole


def test_no_room_for_the_table(cases, unbroken, ensemble):
    output, whole = cases[0].output, contents(unbroken)
    work = predicting(cases, ensemble, "fast")
    while next(work).stage != "Writing tables":
        pass
    ballast = fill(output.parent, 0)
    with pytest.raises(SaveError, match=rf"organs\.csv {FULL}"):
        drain(work)
    assert contents(output) == {name: whole[name] for name in whole.keys() - {"organs.csv"}}
    ballast.unlink()
    assert drain(predicting(cases, ensemble, "fast")).kept == cases
    assert contents(output) == whole


@pytest.mark.parametrize("devices", ["cpu", pytest.param("cpu,cpu", marks=pytest.mark.slow)])
def test_files_that_may_not_be_so_large(
    devices, scans, unbroken, model, tmp_path, monkeypatch, capsys
):
    """The whole command, and a limit that any user may set."""
    write_volume(scans / "large.nii.gz", make_phantom(1, (5.0, 4.0, 4.0))[0])
    output, whole = tmp_path / "out", contents(unbroken)
    options = ("--output", output, "--model", model, "--preset", "fast", "--device", devices)
    monkeypatch.setattr(
        sys, "argv", [str(each) for each in ("abdoseg", "predict", scans, *options)]
    )
    monkeypatch.setenv("COLUMNS", "1000")
    size = (unbroken / "case1.nii.gz").stat().st_size
    with no_file_above(2 * size), pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert capsys.readouterr().err == (
        f"abdoseg: {output / 'large.nii.gz'} was not saved: the file is larger than this disk or "
        "account allows; choose another disk.\n"
    )
    finished = contents(output)
    assert finished == {name: whole[name] for name in finished}
    if devices == "cpu":
        assert finished.keys() == whole.keys() - {"organs.csv"}
    kept = len(list(output.glob("*.json")))
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert f"{3 - kept} made, {kept} kept, 0 failed" in capsys.readouterr().out
    assert contents(output).keys() == whole.keys() | {"large.nii.gz", "large.json"}


@pytest.mark.slow
@pytest.mark.parametrize("devices", ["cpu", "cpu,cpu"])
def test_a_case_that_is_not_saved_while_networks_work_on_the_next(
    devices, scans, make_model, tmp_path
):
    ensemble = load_ensemble(make_model(folds=(0,), mirror_axes=(2,), name="slow"), device="cpu")
    output = tmp_path / "out"
    write_volume(scans / "case3.nii.gz", make_phantom(3, (8.0, 6.0, 6.0))[0])
    cases = find_cases([scans], output)
    unsaved = output / "case1.nii.gz"
    unsaved.mkdir(parents=True)
    (unsaved / "in the way").touch()
    with pytest.raises(SaveError, match=rf"{unsaved} was not saved"):
        drain(predicting(cases, ensemble, "exact", devices=choose_devices(devices)))
    shutil.rmtree(unsaved)
    outcome = drain(predicting(cases, ensemble, "exact"))
    assert sorted((*outcome.made, *outcome.kept), key=lambda case: case.name) == list(cases)
