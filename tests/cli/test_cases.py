"""`abdoseg cases` as a user types it."""

from __future__ import annotations

import csv
import json
import os
import time

import pytest
from small_models import COARSE
from small_scans import write_image, write_label_map
from typer.testing import CliRunner

from napari_abdoseg.cli import app as command
from napari_abdoseg.cli.cases import NOTHING_EXPECTED
from napari_abdoseg.correction.journal.holder import user_name
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.worklist.records.changing import open_case
from napari_abdoseg.worklist.records.leases import DEAD_AFTER
from napari_abdoseg.worklist.records.work_folder import WorkFolder

pytestmark = pytest.mark.usefixtures("as_wide_as_needed")

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
    assert cases("next", scans, "--start")[1].startswith(f"b: in progress, {user_name()}")
    cases("comment", scans, "b", "cut at the dome")
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
    with pytest.raises(AbdosegError, match="a has no label map"):
        cases("set", scans, "a", "done")
    write_label_map(tmp_path / "cts_masks" / "a.nii.gz")
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
        (("set", "x", "done"), "There is no case 'x' here: there are "),
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


@pytest.fixture
def patients(tmp_path):
    """Three patients in BIDS, the first of whom was scanned twice, and masks of all scans."""
    scans = tmp_path / "cts"
    for number, session in enumerate(("01_ses-1", "01_ses-2", "02_ses-1", "03_ses-1")):
        subject, ses = session.split("_")
        volume, labels = make_phantom(number, (10.0, 8.0, 8.0))
        name = f"sub-{session}_ct"
        path = scans / f"sub-{subject}" / ses / "ct" / f"{name}.nii.gz"
        for folder in (path.parent, tmp_path / "cts_masks"):
            folder.mkdir(parents=True, exist_ok=True)
        write_volume(path, volume)
        write_labels(tmp_path / "cts_masks" / f"{name}.nii.gz", labels)
        cases("set", scans, name, "done")
    return scans


def test_done_cases_become_a_data_set_that_is_checked_and_keeps_patients_together(
    patients, tmp_path
):
    with pytest.raises(AbdosegError, match=r"No case of .* is done"):
        cases("export", patients, "--output", tmp_path / "Dataset009_X", "--status", "rejected")
    cases("set", patients, "sub-03_ses-1_ct", "needs-review")
    target = tmp_path / "Dataset018_Done"
    export = ("export", patients, "--output", target, "--workers", 1)
    status, said = cases(*export)
    assert (status, "3 cases converted" in said) == (0, True)
    assert json.loads((target / "dataset.json").read_text())["labels"] == {
        **{"background": 0, "liver": 1, "kidney": 2, "spleen": 3, "pancreas": 4}
    }
    for fold in json.loads((target / "splits_final.json").read_text()):
        assert len({*fold["val"]} & {"sub-01_ses-1_ct", "sub-01_ses-2_ct"}) in (0, 2)
    cases("set", patients, "sub-03_ses-1_ct", "done")
    assert "1 case converted, 3 there already." in cases(*export)[1]
    own = tmp_path / "cts_masks" / "sub-02_ses-1_ct.nii.gz"
    own.rename(tmp_path / "cts_masks" / "other.nii.gz")
    with pytest.raises(AbdosegError, match=r"sub-02_ses-1_ct: Its label map .* is not there"):
        cases(*export)
    cases("versions", patients, "sub-02_ses-1_ct", "--add", tmp_path / "cts_masks" / "other.nii.gz")
    assert cases(*export)[0] == 0
    exported = read_labels(target / "labelsTr" / "sub-02_ses-1_ct.nii.gz")
    assert (exported.data == make_phantom(2, (10.0, 8.0, 8.0))[1].data).all()


def test_masks_of_another_grid_are_told_with_their_case(patients, tmp_path):
    own = tmp_path / "cts_masks" / "sub-02_ses-1_ct.nii.gz"
    write_labels(own, make_phantom(2, (12.0, 8.0, 8.0))[1])
    target = tmp_path / "Dataset018_Done"
    status, said = cases("export", patients, "--output", target, "--workers", 1)
    assert status == 1
    assert "sub-02_ses-1_ct failed:" in said
    assert "is not on the grid of" in said
    assert not (target / "dataset.json").exists()


def test_effort_is_written_and_minutes_are_in_the_list(scans, tmp_path):
    effort = {"liver": {"seconds": 600, "strokes": {"brush": 7}, "slices": [1]}}
    voxels = {"liver": {"added": 1200, "removed": 34}}
    entry = {"user": "anna", "when": "2026-11-27", "effort": effort, "voxels": voxels}
    (tmp_path / "cts_masks" / "b.json").write_text(json.dumps({"corrections": [entry]}))
    cases("set", scans, "b", "done")
    assert "│ 10 │ 1,234 │" in cases(scans)[1]
    table = tmp_path / "effort.csv"
    said = cases("effort", scans, "--output", table, "--workers", 1)[1]
    assert said.startswith("1 corrected case, 10 minutes of work.")
    assert said.endswith(str(tmp_path / "effort.html"))
    page = (tmp_path / "effort.html").read_text(encoding="utf-8")
    assert "1 case: too few to tell" in page
    with pytest.raises(AbdosegError, match="would be the page beside the table"):
        cases("effort", scans, "--output", tmp_path / "effort.html")
    (row,) = csv.DictReader(table.open(encoding="utf-8"))
    assert (row["organ"], row["minutes"], row["voxels_added"]) == ("liver", "10.00", "1200")


def test_cases_without_a_label_map_are_predicted(tmp_path, make_model):
    model = make_model(folds=(0,), mirror_axes=None, spacing=COARSE)
    folder = tmp_path / "cts"
    folder.mkdir()
    write_volume(folder / "a.nii.gz", make_phantom(1, (20.0, 16.0, 16.0))[0])
    options = ("--model", model, "--preset", "fast", "--device", "cpu")
    status, said = cases("predict", folder, *options)
    assert status == 0
    assert said.endswith("1 label map made, 0 failed.")
    assert "1 predicted" in cases(folder)[1]
    (folder / "b.nii.gz").write_bytes(b"no gzip")
    status, said = cases("predict", folder, *options, "--folds", "0")
    assert status == 1
    assert "b.nii.gz" in said
    assert said.endswith("0 label maps made, 1 failed.")
    with pytest.raises(AbdosegError, match="is of this machine"):
        cases("predict", folder, "--device", "cuda:1", "--scheduler", "tcp://a:1")
    with pytest.raises(AbdosegError, match="preset"):
        cases("predict", folder, "--preset", "quick")


def test_the_worst_are_listed_alone_and_first(scans, tmp_path):
    for name, dsc in (("a", 0.9), ("b", 0.4), ("c", 0.8)):
        write_label_map(tmp_path / "cts_masks" / f"{name}.nii.gz")
        organ = {"value": 1, "name": "liver", "agreement": 0.95}
        organ |= {"expected_dsc": dsc, "interval": [0.3, 0.95]}
        report = {"case": name, "expected_quality": {"note": None, "organs": [organ]}}
        (tmp_path / "cts_masks" / f"{name}.json").write_text(json.dumps(report))
    table = tmp_path / "cases.csv"
    _, said = cases(scans, "--worst", "50", "--output", table)
    assert "2 of 3 cases: 2 predicted." in said
    assert "0.40, liver 0.40" in said
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["case"], row["expected_dsc"], row["worst_organ"]) for row in rows] == [
        ("b", "0.4000", "liver"),
        ("c", "0.8000", "liver"),
    ]
    assert cases("next", scans)[1].startswith("b: predicted")
    with pytest.raises(AbdosegError, match="give more than 0 and up to 100"):
        cases(scans, "--worst", "0")


def test_where_no_case_is_meant_that_is_said(scans):
    assert NOTHING_EXPECTED in cases(scans, "--worst", "5")[1]
    status, said = cases("changed-by", scans, "--model", "demo")
    assert status == 1
    assert "--status takes others" in said
