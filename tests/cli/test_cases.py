"""`abdoseg cases` as a user types it."""

from __future__ import annotations

import csv
import json
import os
import time

import pytest
from small_scans import write_image, write_label_map
from typer.testing import CliRunner

from napari_abdoseg.cli import app as command
from napari_abdoseg.correction.journal.holder import user_name
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.worklist.changing import open_case
from napari_abdoseg.worklist.leases import DEAD_AFTER
from napari_abdoseg.worklist.work_folder import WorkFolder

runner = CliRunner()


def cases(*arguments: object):
    result = runner.invoke(command.app, ["cases", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture
def scans(tmp_path):
    for number, name in enumerate("abc"):
        write_image(tmp_path / "cts" / f"{name}_0000.nii.gz", number)
    write_label_map(tmp_path / "cts_masks" / "b.nii.gz")
    return tmp_path / "cts"


def test_a_day_of_two_people(scans, tmp_path):
    assert cases(scans)[1].endswith("3 of 3 cases: 2 to do, 1 predicted.")
    status, said = cases("next", scans)
    assert (status, said) == (
        0,
        f"b: predicted {scans / 'b_0000.nii.gz'} {tmp_path}/cts_masks/b.nii.gz",
    )
    cases("set", scans, "b", "in-progress", "--comment", "cut at the dome")
    cases("set", scans, "b", "needs-review")
    assert cases("next", scans, "--status", "needs-review")[1].startswith("b: needs review")
    status, said = cases("send-back", scans, "b", "--comment", "vein", "--voxel", "1,2,3")
    assert said.startswith(
        f"b: in progress, {user_name()} sent back by {user_name()} at voxel 1,2,3"
    )
    assert "sent back" in cases(scans)[1]
    assert cases("next", scans)[1].startswith("b: in progress")
    cases("set", scans, "b", "needs-review")
    assert cases("accept", scans, "b")[1].startswith("b: done")
    cases("flag", scans, "a", "hard")
    cases("comment", scans, "a", "two kidneys on the left")
    cases("set", scans, "c", "rejected")
    table = tmp_path / "cases.csv"
    assert "1 of 3 cases: 1 to do." in cases(scans, "--flag", "hard", "--output", table)[1]
    (row,) = csv.DictReader(table.open(encoding="utf-8"))
    assert (row["case"], row["flags"], row["comment"]) == ("a", "hard", "two kidneys on the left")
    cases("flag", scans, "a", "hard", "--remove")
    cases("set", scans, "a", "done")
    assert cases("next", scans) == (1, "Note: No such case is left.")
    assert "2 done, 1 rejected" in cases(scans, "--sort", "status", "--reverse")[1]


def test_versions_are_listed_added_and_chosen(scans, tmp_path):
    other = write_label_map(tmp_path / "cts_masks" / "demo" / "b.nii.gz")
    report = {"case": "b", "models": [{"name": "big"}, {"name": "big"}]}
    (tmp_path / "cts_masks" / "b.json").write_text(json.dumps(report))
    _, said = cases("versions", scans, "b", "--add", other, "--model", "demo")
    assert "yes │ b.nii.gz │ prediction │ big" in said
    _, said = cases("versions", scans, "b", "--use", "demo/b.nii.gz")
    assert "yes │ demo/b.nii.gz │ prediction │ demo" in said
    report["corrections"] = [{"user": "anna", "when": "2026-11-27T09:12:00+01:00"}]
    (tmp_path / "cts_masks" / "b.json").write_text(json.dumps(report))
    assert "b.nii.gz │ correction │ anna" in cases("versions", scans, "b", "--use", "")[1]
    mine = write_label_map(tmp_path / "elsewhere" / "b.nii.gz")
    assert (
        f"yes │ {mine} │ correction │ {user_name()}"
        in cases("versions", scans, "b", "--add", mine)[1]
    )
    with pytest.raises(AbdosegError, match="is the label map of b already"):
        cases("versions", scans, "b", "--add", tmp_path / "cts_masks" / "b.nii.gz")


def test_who_has_a_case_open_is_told_and_a_dead_session_is_taken_over(scans):
    folder = WorkFolder.of(scans)
    open_case(folder, "a")
    assert f"open by {user_name()} on" in cases(scans)[1]
    for words in (["set", scans, "a", "done"], ["take-over", scans, "a"]):
        with pytest.raises(AbdosegError, match="a is open by"):
            cases(*words)
    lease = folder.session_of("a")
    held = json.loads(lease.read_text()) | {"machine": "ws3"}
    lease.write_text(json.dumps(held))
    when = time.time() - DEAD_AFTER - 60
    os.utime(lease, (when, when))
    assert cases("take-over", scans, "a")[1] == f"a: in progress, {user_name()}"
    assert not lease.exists()


def test_a_problem_is_told_with_its_case(scans):
    cases("set", scans, "a", "in-progress")
    (scans / "a_0000.nii.gz").unlink()
    assert "a failed: Its scan is gone" in cases(scans)[1]
    with pytest.raises(AbdosegError, match="a: Its scan is gone"):
        cases("send-back", scans, "a", "--comment", "vein", "--voxel", "1,2,3")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("set", "x", "done"), "There is no case 'x' here"),
        (("set", "a", "finished"), "no status 'finished': choose one of to-do, predicted"),
        (("accept", "a"), "a is to do: a case is judged when"),
        (("send-back", "a", "--comment", "c", "--voxel", "1,b"), "--voxel takes i,j,k"),
        (("versions", "a", "--use", "x"), "a has no version x"),
    ],
)
def test_what_can_not_be_is_said_in_a_sentence(scans, words, told):
    with pytest.raises(AbdosegError, match=told):
        cases(words[0], scans, *words[1:])


def test_help_names_the_commands():
    said = cases("--help")[1]
    assert all(word in said for word in ("list", "next", "take-over", "send-back", "versions"))
    assert "--masks" in cases("list", "--help")[1]
