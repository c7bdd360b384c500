"""`abdoseg check` as a user types it."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from napari_abdoseg.cli import app as command
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.phantom import make_phantom

runner = CliRunner()
STRAY = (slice(3, 6), slice(3, 7), slice(5, 9))


def check(*arguments: object):
    result = runner.invoke(command.app, ["check", *map(str, arguments)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, " ".join(result.output.split())


@pytest.fixture
def cohort(tmp_path):
    """Two CTs and their label maps, of which one has a stray piece in the air."""
    for folder in ("labels", "scans"):
        (tmp_path / folder).mkdir()
    for seed, name in ((1, "good"), (2, "damaged")):
        volume, labels = make_phantom(seed, (8.0, 6.0, 6.0), "RAS")
        if name == "damaged":
            data = labels.data.copy()
            data[STRAY] = 3
            labels = replace(labels, data=data)
        write_volume(tmp_path / "scans" / f"{name}_0000.nii.gz", volume)
        write_labels(tmp_path / "labels" / f"{name}.nii.gz", labels)
    nowhere = replace(labels, data=np.zeros_like(labels.data), organs=(Organ(1, "1 dissenting"),))
    write_labels(tmp_path / "labels" / "good_disagreement.nii.gz", nowhere)
    return tmp_path


def test_places_of_a_folder_are_listed_and_written(cohort):
    table = cohort / "checks.csv"
    status, said = check(
        cohort / "labels", "--scan", cohort / "scans", "--output", table, "--workers", 1
    )
    assert status == 1
    assert "2 label maps checked, 1 place in doubt." in said
    (row,) = csv.DictReader(table.open())
    assert (row["case"], row["organ"], row["kind"]) == ("damaged", "spleen", "outside the body")
    volume, _ = make_phantom(2, (8.0, 6.0, 6.0), "RAS")
    place = volume.grid.screen_index([int(row[axis]) for axis in "ijk"])
    assert all(part.start <= at < part.stop for part, at in zip(STRAY, place))
    ras = [float(row[f"{axis}_mm"]) for axis in "ras"]
    assert ras == pytest.approx(volume.grid.ras_position(place), abs=1e-3)


def test_without_a_scan_less_is_told_and_a_good_one_is_in_no_doubt(cohort):
    status, said = check(cohort / "labels" / "damaged.nii.gz")
    assert status == 1
    assert "several pieces" in said
    status, said = check(
        cohort / "labels" / "good.nii.gz", "--scan", cohort / "scans" / "good_0000.nii.gz"
    )
    assert (status, said) == (0, "1 label map checked, no places in doubt.")


def test_labels_without_names_are_named_by_the_user(cohort, tmp_path):
    _, labels = make_phantom(2, (8.0, 6.0, 6.0))
    data = labels.data.copy()
    data[STRAY] = 3
    nameless = tmp_path / "nameless.nii.gz"
    organs = tuple(Organ(value, f"label {value}") for value in range(1, 5))
    write_labels(nameless, replace(labels, data=data, organs=organs))
    status, said = check(nameless)
    assert status == 0
    assert "say with --labels what they are called" in said
    status, said = check(nameless, "--labels", "1=liver,2=kidney,3=spleen,4=pancreas")
    assert status == 1
    assert "several pieces" in said


def test_what_cannot_be_looked_at_is_told_and_the_others_are(cohort):
    (cohort / "labels" / "broken.nii.gz").write_bytes(b"no NIfTI")
    wrong, _ = make_phantom(1, (10.0, 8.0, 8.0))
    write_volume(cohort / "scans" / "good_0000.nii.gz", wrong)
    status, said = check(cohort / "labels", "--scan", cohort / "scans")
    assert status == 2
    assert "broken failed:" in said
    assert "choose the CT that the labels were made on" in said
    assert "1 label map checked, 1 place in doubt." in said


def test_one_scan_for_several_label_maps_is_refused(cohort):
    with pytest.raises(AbdosegError, match="is one CT for 2 label maps"):
        check(cohort / "labels", "--scan", cohort / "scans" / "good_0000.nii.gz")


def test_only_the_first_of_very_many_places_are_shown(tmp_path):
    _, labels = make_phantom(1, (8.0, 6.0, 6.0))
    data = labels.data.copy()
    data[3:5, 3:5, 5:7] = 4
    for number in range(51):
        write_labels(tmp_path / f"c{number:02}.nii.gz", replace(labels, data=data))
    status, said = check(tmp_path, "--workers", 1)
    assert status == 1
    assert "1 more places are not shown: --output writes them all." in said
