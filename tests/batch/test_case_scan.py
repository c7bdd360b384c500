"""The scan of a result, found by what its report says of it."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from napari_abdoseg.batch.case_scan import path_from, reading_scan
from napari_abdoseg.batch.file_identity import FileIdentity
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.progress import Work

SCAN = "scan_0000.nii.gz"


@pytest.fixture(scope="module")
def phantom():
    return make_phantom(1, (20.0, 16.0, 16.0))


@pytest.fixture
def study(tmp_path, phantom) -> Path:
    """A folder with scans and results."""
    volume, labels = phantom
    scan = tmp_path / "study" / "scans" / "deep" / SCAN
    results = tmp_path / "study" / "results"
    for folder in (scan.parent, results):
        folder.mkdir(parents=True)
    write_volume(scan, volume)
    write_labels(results / "case.nii.gz", labels)
    told = {"image": SCAN, "image_path": path_from(results, scan)}
    write_report(results, told | {"image_file": FileIdentity.of(scan).content})
    return tmp_path / "study"


def write_report(results: Path, content: object) -> None:
    (results / "case.json").write_text(json.dumps(content))


def listened(work: Work[Volume | None]) -> tuple[Volume | None, str]:
    """What a work gives, and what it tells."""
    told = []
    while True:
        try:
            progress = next(work)
        except StopIteration as end:
            return end.value, " ".join(filter(None, told))
        told.append(progress.notice)


def look(study: Path, scans: Path | None = None) -> tuple[Volume | None, str]:
    results = study / "results"
    labels = read_labels(results / "case.nii.gz")
    return listened(reading_scan("case", labels, results / "case.json", scans))


def test_it_is_where_it_was_when_it_was_segmented(study, phantom):
    scan, told = look(study)
    assert np.array_equal(scan.data, phantom[0].data)
    assert not told


def test_scans_and_results_may_have_moved_together(study, tmp_path):
    study.rename(tmp_path / "elsewhere")
    scan, told = look(tmp_path / "elsewhere")
    assert scan.path == tmp_path / "elsewhere" / "scans" / "deep" / SCAN
    assert not told


def test_folders_may_be_links(study, tmp_path):
    linked = tmp_path / "far" / "away"
    linked.mkdir(parents=True)
    (linked / "results").symlink_to(study / "results")
    assert path_from(linked / "results", study / "scans" / SCAN) == f"../scans/{SCAN}"
    assert look(linked)[0] is not None


def test_it_may_lie_beside_its_label_map(study):
    shutil.move(study / "scans" / "deep" / SCAN, study / "results" / SCAN)
    assert look(study)[0].path == study / "results" / SCAN


def test_a_chosen_folder_comes_first(study, phantom, tmp_path):
    write_volume(tmp_path / "case_0000.nii.gz", replace(phantom[0], data=phantom[0].data + 1))
    scan, told = look(study, tmp_path)
    assert scan.path == tmp_path / "case_0000.nii.gz"
    assert "has changed since case was segmented" in told


@pytest.mark.parametrize("chosen", ["results", "none", "scans"])
def test_where_a_chosen_folder_has_none_the_report_helps(study, chosen):
    assert look(study, study / chosen)[0].path.name == SCAN


def test_it_tells_where_it_has_looked(study):
    path = study / "scans" / "deep" / SCAN
    path.unlink()
    scan, told = look(study, study / "scans")
    assert scan is None
    assert told.startswith("The CT of case was not found: ")
    assert str(study / "scans") in told
    assert f"{path} is not there" in told
    assert told.count(". ") == 0


def other_grid(path: Path, phantom: tuple[Volume, LabelMap]) -> None:
    write_volume(path, make_phantom(1, (16.0, 16.0, 16.0))[0])


def moved_grid(path: Path, phantom: tuple[Volume, LabelMap]) -> None:
    volume, _ = phantom
    affine = volume.grid.affine.copy()
    affine[0, 3] += 8
    write_volume(path, replace(volume, grid=replace(volume.grid, affine=affine)))


def no_image(path: Path, phantom: object) -> None:
    path.write_bytes(b"no image")


def a_pipe(path: Path, phantom: object) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("spoil", [other_grid, moved_grid, no_image, a_pipe])
def test_what_is_no_scan_of_the_label_map_is_not_shown(study, phantom, spoil):
    path = study / "scans" / "deep" / SCAN
    spoil(path, phantom)
    scan, told = look(study)
    assert scan is None
    assert str(path) in told


@pytest.mark.parametrize(
    "report",
    [
        {},
        [],
        {"image": None, "image_path": 7},
        {"image_path": "/study/scans/deep/" + SCAN},
        {"image_path": "//server/share/" + SCAN},
        {"image_path": "../scans"},
        {"image_path": "../scans/deep/" + SCAN + "\0.nii"},
        {"image_path": "a" * 5000 + ".nii"},
        {"image_path": "case.nii.gz"},
    ],
)
def test_what_a_report_says_is_not_believed(study, report):
    if "image_path" in report and str(report["image_path"]).startswith("/study"):
        report = {"image_path": str(study.parent) + report["image_path"]}
    write_report(study / "results", report)
    scan, told = look(study)
    assert scan is None
    assert told.startswith("The CT of case was not found: ")


def test_there_may_be_no_report(study):
    (study / "results" / "case.json").unlink()
    scan, told = look(study)
    assert scan is None
    assert "case.json does not say where it is" in told


def test_there_is_no_way_to_another_drive(monkeypatch, tmp_path):
    def refuse(*_: str) -> str:
        raise ValueError("path is on mount 'C:', start on mount 'D:'")

    monkeypatch.setattr(os.path, "relpath", refuse)
    assert path_from(tmp_path, tmp_path / SCAN) is None
