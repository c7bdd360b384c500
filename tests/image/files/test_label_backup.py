"""Files that take the place of others, and what is kept of those."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.files.saving import backup_of, replaced_file
from napari_abdoseg.image.label_place import place_of_labels
from napari_abdoseg.image.nifti.formats import saved_path
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels
from napari_abdoseg.image.volume import LabelMap


@pytest.fixture
def labels(phantom) -> LabelMap:
    return phantom[1]


def _without(labels: LabelMap, value: int) -> LabelMap:
    data = np.where(labels.data == value, 0, labels.data).astype(np.uint8)
    return LabelMap(data, labels.grid, labels.organs)


def test_one_backup_is_kept_of_what_is_replaced(labels: LabelMap, tmp_path: Path) -> None:
    path = tmp_path / "case.nii.gz"
    versions = [labels, _without(labels, 1), _without(labels, 2)]
    for version in versions:
        write_labels(path, version, backup=backup_of(path))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["case.nii.gz", "case.nii.gz.bak"]
    assert np.array_equal(read_labels(path).data, versions[2].data)
    backup_of(path).rename(tmp_path / "kept.nii.gz")
    assert np.array_equal(read_labels(tmp_path / "kept.nii.gz").data, versions[1].data)


def test_a_disk_without_hard_links(tmp_path: Path, monkeypatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "file"
    path.write_text("before")
    with replaced_file(path, backup=backup_of(path)) as temporary:
        temporary.write_text("after")
    assert (path.read_text(), backup_of(path).read_text()) == ("after", "before")


@pytest.mark.parametrize("what_fails", ["writing", "keeping"])
def test_what_fails_leaves_file_and_backup_as_they_were(
    tmp_path: Path, monkeypatch, what_fails: str
) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    backup_of(path).write_text("long before")

    def fill_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    if what_fails == "keeping":
        monkeypatch.setattr(os, "link", fill_disk)
        monkeypatch.setattr("napari_abdoseg.image.files.saving.shutil.copy2", fill_disk)

    def save() -> None:
        with replaced_file(path, backup=backup_of(path)) as temporary:
            temporary.write_text("after")
            if what_fails == "writing":
                fill_disk()

    with pytest.raises(SaveError, match="disk is full"):
        save()
    assert (path.read_text(), backup_of(path).read_text()) == ("before", "long before")
    assert len(list(tmp_path.iterdir())) == 2


def test_the_place_of_a_label_map(tmp_path: Path) -> None:
    scan = tmp_path / "ct_0000.nii.gz"
    assert place_of_labels(None, None) is None
    assert place_of_labels(tmp_path / "own.nii", scan) == tmp_path / "own.nii"
    assert place_of_labels(tmp_path / "plain", scan) == tmp_path / "plain.nii.gz"
    (tmp_path / "segmentations").mkdir()
    assert place_of_labels(tmp_path / "segmentations", scan) == tmp_path / "ct_organs.nii.gz"
    assert place_of_labels(None, scan) == tmp_path / "ct_organs.nii.gz"
    assert place_of_labels(None, scan, "preview, 1 of 5 folds").name == "ct_organs_preview.nii.gz"


def test_a_new_label_map_takes_no_file_that_is_there(tmp_path: Path) -> None:
    scan = tmp_path / "ct.nii.gz"
    for name in ("ct_organs.nii.gz", "ct_organs_2.nii.gz"):
        (tmp_path / name).touch()
    assert place_of_labels(None, scan) == tmp_path / "ct_organs_3.nii.gz"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("x", "x.nii.gz"),
        ("x.v2", "x.v2.nii.gz"),
        ("x.nii", "x.nii"),
        ("x.NII.GZ", "x.NII.GZ"),
        ("x.seg.nrrd", "x.seg.nrrd"),
        ("x.MHA", "x.MHA"),
        ("x.mhd", "x.mha"),
        ("x.nhdr", "x.nrrd"),
    ],
)
def test_a_missing_suffix_is_added(name: str, expected: str) -> None:
    assert saved_path(Path("folder") / name) == Path("folder") / expected
