"""`abdoseg dataset` as a user types it."""

from __future__ import annotations

import re
import shutil

import nibabel as nib
import numpy as np
import pytest
import shared
from typer.testing import CliRunner

from napari_abdoseg.cli import app as command
from napari_abdoseg.image.nifti.volumes import read_volume, write_volume
from napari_abdoseg.image.phantom import make_phantom

runner = CliRunner()


def dataset(*arguments: object):
    result = runner.invoke(command.app, ["dataset", *map(str, arguments)])
    return result, " ".join(result.output.split())


@pytest.fixture
def pairs(tmp_path):
    """Two phantoms whose kidneys have a value for each side."""
    folder = tmp_path / "pairs"
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for seed in (1, 2):
        scan, labels = make_phantom(seed, (10.0, 8.0, 8.0))
        write_volume(folder / "images" / f"case{seed}_0000.nii.gz", scan)
        sides = labels.data.copy()
        left = np.arange(sides.shape[2]) >= sides.shape[2] // 2
        sides[(labels.data == 2) & left] = 5
        stored = labels.grid.to_stored(sides)
        path = folder / "labels" / f"case{seed}.nii.gz"
        nib.save(nib.Nifti1Image(stored, labels.grid.affine), path)
    return folder


NAMES = "1=liver,2=kidney,5=kidney,3=spleen,4=pancreas"


def test_a_data_set_is_converted_and_checked(pairs, tmp_path):
    output = tmp_path / "Dataset018_Abdomen"
    options = (
        pairs,
        "--output",
        output,
        "--map",
        NAMES,
        "--organs",
        "liver, kidney, spleen, pancreas",
    )
    result, said = dataset("convert", *options, "--dry-run")
    assert result.exit_code == 0, result.output
    assert not output.exists()
    for words in (
        "2 training cases, 0 test cases",
        "2 kidney from 2, 5",
        "files: 2 to link, 2 to relabel; up to ",
        f"link imagesTr/case1_0000.nii.gz <- {pairs}/images/case1_0000.nii.gz",
        f"relabel labelsTr/case2.nii.gz <- {pairs}/labels/case2.nii.gz",
        "Nothing was written: this was a dry run.",
    ):
        assert words in said
    assert re.search(r"up to \d+ kB", said)

    result, said = dataset("convert", *options, "--workers", 2)
    assert result.exit_code == 0, result.output
    assert "2 cases converted, 0 there already." in said
    assert f"abdoseg dataset check {output}" in said
    result, said = dataset("convert", *options)
    assert "0 cases converted, 2 there already." in said
    result, said = dataset("convert", *options, "--dry-run")
    assert "files: all there" in said
    assert "keep case1" in said

    result, said = dataset("check", output, "--output", tmp_path / "out", "--workers", 2)
    assert result.exit_code == 0, result.output
    assert "2 cases, 0 errors, 0 warnings." in said
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"check.html", "check.csv", "cases.csv"}


def test_a_bare_name_lies_in_nnunets_folder(pairs, tmp_path, monkeypatch):
    monkeypatch.setenv("nnUNet_raw", str(tmp_path / "raw"))
    result, _ = dataset("convert", pairs, "--output", "Dataset018_Abdomen", "--map", NAMES)
    assert result.exit_code == 0, result.output
    result, _ = dataset("check", "Dataset018_Abdomen", "--workers", 1)
    assert result.exit_code == 0, result.output
    assert (tmp_path / "raw" / "Dataset018_Abdomen" / "check" / "check.html").exists()


def test_a_failed_case_is_named_and_the_exit_status_is_one(pairs, tmp_path):
    output = tmp_path / "Dataset018_Abdomen"
    options = pairs, "--output", output, "--map", "1=liver,2=kidney,3=kidney", "--organs", "kidney"
    result, said = dataset("convert", *options, "--workers", 1)
    assert result.exit_code == 1, result.output
    assert "Note: case1 failed: " in said
    assert "has the values 4, 5, which no label has" in said
    assert "has no dataset.json yet" in said
    result, said = dataset("check", output)
    assert result.exit_code != 0
    assert "its conversion is not finished" in str(result.exception)


def test_a_case_that_can_not_be_planned_fails_in_a_dry_run(pairs, tmp_path):
    (pairs / "images" / "case1_0000.nii.gz").write_bytes(b"broken")
    options = pairs, "--output", tmp_path / "Dataset018_Abdomen", "--map", NAMES
    result, said = dataset("convert", *options, "--dry-run")
    assert result.exit_code == 1, result.output
    assert "case1 failed: " in said


def test_overlaps_of_masks_are_told(pairs, tmp_path):
    for case in ("case1", "case2"):
        folder = tmp_path / "masks" / case
        (folder / "segmentations").mkdir(parents=True)
        shutil.copy(pairs / "images" / f"{case}_0000.nii.gz", folder / "ct.nii.gz")
        labels = nib.load(pairs / "labels" / f"{case}.nii.gz")
        mask = (np.asanyarray(labels.dataobj) == 1).astype(np.uint8)
        for organ in ("liver", "spleen"):
            nib.save(nib.Nifti1Image(mask, labels.affine), folder / f"segmentations/{organ}.nii.gz")
    test_cases = tmp_path / "test.txt"
    test_cases.write_text("case2\n")
    options = "--output", tmp_path / "Dataset018_Abdomen", "--test-cases", test_cases
    result, said = dataset("convert", tmp_path / "masks", *options, "--workers", 1)
    assert result.exit_code == 0, result.output
    assert "1 training case, 1 test case" in said
    assert "Masks overlap in 2 cases, most in case" in said


def test_what_ruins_training_is_shown_and_the_exit_status_is_one(pairs, tmp_path):
    output = tmp_path / "Dataset018_Abdomen"
    dataset("convert", pairs, "--output", output, "--map", NAMES, "--copy")
    image = output / "imagesTr" / "case1_0000.nii.gz"
    image.write_bytes(image.read_bytes()[:-100])
    result, said = dataset("check", output)
    assert result.exit_code == 1, result.output
    assert "Note: " in said
    assert "damaged file" in said
    assert "2 cases, 1 error, 0 warnings." in said
    assert (output / "check" / "check.html").exists()


def test_phantoms_are_made(tmp_path):
    output = tmp_path / "Dataset001_Phantoms"
    result, said = dataset("convert", "--phantoms", 1, "--output", output, "--workers", 1)
    assert result.exit_code == 0, result.output
    assert "1 training case, 1 test case" in said
    assert read_volume(output / "imagesTs" / "phantom_test_000_0000.nii.gz").data.any()


@pytest.mark.parametrize("source", [(), ("folder", "--phantoms", 2)])
def test_either_a_folder_or_phantoms_are_converted(source, tmp_path):
    result, _ = dataset("convert", *source, "--output", tmp_path / "Dataset001_X")
    assert "either the folder of a data set or --phantoms" in str(result.exception)


def test_a_real_ct_is_converted_and_has_no_problem(real_data, tmp_path):
    for name, suffix in (("ct", "_0000"), ("labels", "")):
        folder = tmp_path / "real" / {"ct": "images"}.get(name, name)
        folder.mkdir(parents=True)
        (folder / f"abdomen{suffix}.nii.gz").symlink_to(
            (shared.FOLDER / f"abdomen_{name}.nii.gz").resolve()
        )
    output = tmp_path / "Dataset002_Real"
    assert dataset("convert", tmp_path / "real", "--output", output)[0].exit_code == 1
    named = ("--labels", "abdomenct1k")
    assert dataset("convert", tmp_path / "real", *named, "--output", output)[0].exit_code == 0
    result, said = dataset("check", output)
    assert result.exit_code == 0, result.output
    assert "1 case, 0 errors, 0 warnings." in said
