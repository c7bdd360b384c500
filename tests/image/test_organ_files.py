"""Folders of a binary file an organ."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.organ_files import (
    masks_folder,
    name_of_case,
    organ_files,
    read_label_map,
)


@pytest.fixture
def mask(tmp_path: Path):
    """A function that writes a mask of some planes."""

    def write(name: str, *planes: int, value: int = 1, spacing: float = 1.0) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = np.zeros((6, 5, 4), np.uint8)
        data[list(planes)] = value
        nib.save(nib.Nifti1Image(data, np.diag([-spacing, -1, 1, 1])), path)
        return path

    return write


def test_are_one_label_map(mask, tmp_path):
    for name, planes in (("spleen", (0,)), ("kidney_left", (1, 2)), ("liver_vessels", (4,))):
        mask(f"s0001/segmentations/{name}.nii.gz", *planes, value=255 if planes == (0,) else 1)
    mask("s0001/segmentations/pancreas.nii.gz")
    mask("s0001/ct.nii.gz", 0)
    folder = masks_folder(tmp_path / "s0001")
    assert folder == tmp_path / "s0001" / "segmentations"
    assert name_of_case(folder) == "s0001"
    labels = read_label_map(folder)
    assert labels.organs == (
        *(Organ(1, "spleen"), Organ(3, "left kidney"), Organ(7, "pancreas")),
        Organ(118, "liver vessels"),
    )
    planes = labels.data.transpose()[::-1, 0, 0].tolist()
    assert sorted(planes) == [0, 0, 1, 3, 3, 118]
    assert labels.naming == ("It is made of 4 files of one organ each, named as they are called.",)


def test_the_smallest_organ_has_what_several_claim(mask, tmp_path):
    mask("case/liver.nii.gz", 0, 1, 2, 3)
    mask("case/liver_lesion.nii.gz", 1)
    mask("case/spleen.nii.gz", 3, 4)
    labels = read_label_map(tmp_path / "case")
    counts = {o.name: int((labels.data == o.value).sum()) // 20 for o in labels.organs}
    assert counts == {"liver": 2, "liver lesion": 1, "spleen": 2}
    assert labels.naming[1].startswith("40 voxels belong to more than one organ")


def test_may_have_the_case_in_their_names(mask, tmp_path):
    mask("case/s1_liver.nii.gz", 0)
    mask("case/s1_spleen.nii.gz", 1)
    assert list(organ_files(tmp_path / "case")) == ["liver", "spleen"]


@pytest.mark.parametrize(
    "files",
    [
        ("s1_liver", "s2_liver"),
        ("s1_liver", "s2_spleen"),
        ("liver",),
        ("liver", "case_1"),
        ("liver", "Liver_mask"),
        ("ct",),
        (),
    ],
)
def test_other_folders_are_none(mask, tmp_path, files):
    (tmp_path / "other").mkdir()
    for name in files:
        mask(f"other/{name}.nii.gz", 0)
    assert masks_folder(tmp_path / "other") is None
    with pytest.raises(ImageError, match="is a folder without a file an organ"):
        read_label_map(tmp_path / "other")


def test_that_hold_several_labels_are_a_clear_error(mask, tmp_path):
    path = mask("case/liver.nii.gz", 0)
    image = nib.load(path)
    voxels = np.asarray(image.dataobj).copy()
    voxels[3] = 2
    nib.save(nib.Nifti1Image(voxels, image.affine), path)
    mask("case/spleen.nii.gz", 1)
    with pytest.raises(ImageError, match=r"liver\.nii\.gz has other values .* no mask of one"):
        read_label_map(tmp_path / "case")


def test_on_other_grids_are_a_clear_error(mask, tmp_path):
    mask("case/liver.nii.gz", 0)
    mask("case/spleen.nii.gz", 1, spacing=2.0)
    with pytest.raises(ImageError, match=r"is not on the grid of .*masks of a case"):
        read_label_map(tmp_path / "case")


def test_no_folder_has_none(tmp_path):
    assert organ_files(tmp_path / "nowhere") == {}
