"""`abdoseg evaluate` as a user types it."""

from __future__ import annotations

import csv
import gzip
import shutil

import nibabel as nib
import pytest
from typer.testing import CliRunner

from napari_abdoseg.cli import app as command
from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom

runner = CliRunner()


@pytest.fixture
def folders(tmp_path):
    for folder in ("predictions", "other", "references", "images"):
        (tmp_path / folder).mkdir()
    for seed in (1, 2):
        scan, truth = make_phantom(seed, (10.0, 8.0, 8.0))
        write_volume(tmp_path / "images" / f"case{seed}_0000.nii.gz", scan)
        for folder in ("predictions", "other", "references"):
            write_labels(tmp_path / folder / f"case{seed}.nii.gz", truth)
    return tmp_path


def evaluate(folders, *arguments: object):
    inputs = folders / "predictions", folders / "references", "--output", folders / "out"
    return runner.invoke(command.app, ["evaluate", *map(str, inputs), *map(str, arguments)])


def test_writes_files_prints_a_table_and_says_what_the_numbers_mean(folders):
    result = evaluate(folders, "--tolerance", "FLARE22", "--workers", 2)
    assert result.exit_code == 0, result.output
    names = {path.name for path in (folders / "out").iterdir()}
    assert names == {"metrics.csv", "summary.csv", "definitions.txt", "report.html"}
    said = " ".join(result.output.split())
    assert "liver 5 mm, kidney 3 mm, spleen 3 mm, pancreas 5 mm" in said
    assert "Where both masks are empty" in said
    assert result.output.count("1.0000") == 4 * 4
    with (folders / "out" / "metrics.csv").open() as file:
        assert {row["dsc"] for row in csv.DictReader(file)} == {"1"}


@pytest.mark.usefixtures("as_wide_as_needed")
def test_centre_lines_of_thin_structures_are_compared_where_that_is_asked_for(folders):
    result = evaluate(folders, "--thin", "pancreas, Spleen", "--workers", 1)
    assert result.exit_code == 0, result.output
    assert "clDice" in next(line for line in result.output.splitlines() if "organ" in line)
    assert result.output.count("1.0000") == 4 * 4 + 2 * 2
    result = evaluate(folders, "--thin", "duct")
    assert "is called 'duct'" in str(result.exception)


def test_compares_another_prediction_and_shows_the_cts(folders):
    result = evaluate(
        folders, "--compare", folders / "other", "--images", folders / "images", "--workers", 1
    )
    assert result.exit_code == 0, result.output
    with (folders / "out" / "paired.csv").open() as file:
        assert {row["p_value"] for row in csv.DictReader(file)} == {"1"}
    assert "Against" in (folders / "out" / "report.html").read_text()


@pytest.mark.parametrize("change", ["broken", "missing"])
def test_a_broken_or_missing_case_is_named_and_the_exit_status_is_one(folders, change):
    path = folders / "predictions" / "case1.nii.gz"
    if change == "broken":
        path.write_bytes(b"no scan")
    else:
        path.rename(folders / "predictions" / "more.nii.gz")
    result = evaluate(folders)
    assert result.exit_code == 1, result.output
    said = " ".join(result.output.split())
    if change == "broken":
        assert "case1 failed: " in said
    else:
        assert "has no prediction of case1" in said
        assert "without a reference: more." in said
    assert (folders / "out" / "report.html").exists()


@pytest.mark.slow
def test_a_shifted_prediction_is_an_error_or_resampled(folders):
    shifted = make_phantom(1, (8.0, 8.0, 8.0))[1]
    write_labels(folders / "predictions" / "case1.nii.gz", shifted)
    result = evaluate(folders)
    assert result.exit_code == 1
    assert "case1 failed" in result.output
    assert evaluate(folders, "--resample").exit_code == 0


def mirror_sform(path):
    """Turn a file's sform about its third axis, and leave its qform as it is."""
    raw = bytearray(gzip.decompress(path.read_bytes()))
    header = nib.Nifti1Header(bytes(raw[:348]), check=False)
    header["srow_x"] = -header["srow_x"]
    raw[:348] = header.binaryblock
    path.write_bytes(gzip.compress(bytes(raw)))


def test_a_place_in_doubt_is_told_and_never_resampled_by(folders):
    mirror_sform(folders / "predictions" / "case1.nii.gz")
    for options in ((), ("--resample",)):
        result = evaluate(folders, *options)
        assert result.exit_code == 1, result.output
        said = " ".join(result.output.split())
        assert "qform and sform disagree" in said
        assert "--assume-same-grid" in said
    result = evaluate(folders, "--assume-same-grid")
    assert result.exit_code == 0, result.output
    assert result.output.count("1.0000") == 4 * 4
    said = " ".join(result.output.split())
    assert "Note: case1: " in said
    for name in ("definitions.txt", "report.html"):
        text = (folders / "out" / name).read_text()
        assert "qform and sform disagree" in text
        assert "taken to lie on the grid of the reference" in text


def test_two_ways_to_one_grid_are_a_mistake(folders):
    result = evaluate(folders, "--assume-same-grid", "--resample")
    assert "leave one of them out" in str(result.exception)


def test_a_mistake_writes_nothing(folders):
    shutil.rmtree(folders / "predictions")
    (folders / "predictions").mkdir()
    result = evaluate(folders)
    assert "has no .nii, .nii.gz, .nrrd or .mha files" in str(result.exception)
    assert not list((folders / "out").glob("*"))
