"""Scans and label maps of other programs become NIfTI on the grid of their scan."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels, write_volume
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.renumbering import renumbered
from napari_abdoseg.progress import drain
from napari_abdoseg.training.checking.check import checking
from napari_abdoseg.training.conversion.convert import converting
from napari_abdoseg.training.conversion.prepare import Wishes, preparing

SPACING = (10.0, 8.0, 8.0)
SCANS = [".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"]
OF_PROGRAMS = [".seg.nrrd", ".nrrd", ".mha"]  # 3D Slicer, MITK, ITK-SNAP


def scan(folder, name, ending, seed=0):
    """A CT as SimpleITK writes it, oblique and far from the origin."""
    path = folder / "images" / f"{name}{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    volume, labels = make_phantom(seed, SPACING)
    write_volume(folder / "ct.nii.gz", volume)
    image = sitk.ReadImage(folder / "ct.nii.gz")
    turn = [*(0.995004165, -0.099833417, 0), *(0.099833417, 0.995004165, 0), *(0, 0, 1)]
    image.SetDirection(
        (np.reshape(image.GetDirection(), (3, 3)) @ np.reshape(turn, (3, 3))).ravel()
    )
    image.SetOrigin((-120.37, 40.123456, 1500.7))
    sitk.WriteImage(image, path)
    (folder / "ct.nii.gz").unlink()
    return path, image, labels


def draw(image, labels, path, organs=None):
    """A label map of a scan, by way of a program that has its geometry from the scan."""
    path.parent.mkdir(parents=True, exist_ok=True)
    plain = sitk.GetImageFromArray(labels.grid.to_stored(labels.data).T)
    plain.CopyInformation(image)
    sitk.WriteImage(plain, path.with_name("plain.nii.gz"))
    drawn = read_labels(path.with_name("plain.nii.gz"), organs or labels.organs)
    write_labels(path, drawn)
    path.with_name("plain.nii.gz").unlink()
    return plain


def convert(folder, output, **wishes):
    conversion = drain(converting(drain(preparing(folder, output, Wishes(**wishes)))))
    assert not conversion.failed
    return json.loads((output / "dataset.json").read_text())["labels"]


@pytest.mark.parametrize("ending", SCANS)
@pytest.mark.parametrize("drawn", [*OF_PROGRAMS, ".nii.gz"])
def test_voxels_and_places_stay_and_labels_lie_on_the_scan_to_the_bit(tmp_path, ending, drawn):
    _, image, labels = scan(tmp_path / "in", "a", ending)
    plain = draw(image, labels, tmp_path / "in" / "labels" / f"a{drawn}")
    output = tmp_path / "Dataset018_Others"
    assert convert(tmp_path / "in", output) == {
        **{"background": 0, "liver": 1, "kidney": 2, "spleen": 3, "pancreas": 4}
    }
    made = sitk.ReadImage(output / "imagesTr" / "a_0000.nii.gz")
    known = sitk.ReadImage(output / "labelsTr" / "a.nii.gz")
    assert (sitk.GetArrayFromImage(made) == sitk.GetArrayFromImage(image)).all()
    assert (sitk.GetArrayFromImage(known) == sitk.GetArrayFromImage(plain)).all()
    for of in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
        assert np.allclose(getattr(made, of)(), getattr(image, of)(), atol=1e-4)
        assert getattr(known, of)() == getattr(made, of)()
    assert not drain(checking(output)).ruined


def test_what_is_stored_in_another_order_than_its_scan_is_turned(tmp_path):
    _, image, labels = scan(tmp_path / "in", "a", ".nrrd")
    path = tmp_path / "in" / "labels" / "a.mha"
    draw(image, labels, path)
    sitk.WriteImage(sitk.DICOMOrient(sitk.ReadImage(path), "IPL"), path, True)
    output = tmp_path / "Dataset018_Others"
    convert(tmp_path / "in", output)
    known = sitk.ReadImage(output / "labelsTr" / "a.nii.gz")
    assert known.GetSize() == image.GetSize()
    assert (sitk.GetArrayFromImage(known) == labels.grid.to_stored(labels.data).T).all()


def test_segments_that_each_file_numbers_for_itself_are_matched_by_name(tmp_path):
    """3D Slicer numbers segments as they are drawn."""
    swapped = {0: 0, 1: 3, 2: 1, 3: 2, 4: 4}
    truths = {}
    for number, name in enumerate("abc"):
        _, image, labels = scan(tmp_path / "in", name, ".nrrd", number)
        truths[name] = labels.grid.to_stored(labels.data).T
        if name == "b":
            organs = tuple(Organ(swapped[organ.value], organ.name) for organ in labels.organs)
            labels = replace(labels, data=renumbered(labels.data, swapped), organs=organs)
        draw(image, labels, tmp_path / "in" / "labels" / f"{name}.seg.nrrd", labels.organs)
    output = tmp_path / "Dataset018_Others"
    made = convert(tmp_path / "in", output)
    assert sorted(made) == ["background", "kidney", "liver", "pancreas", "spleen"]
    for name, truth in truths.items():
        known = sitk.GetArrayFromImage(sitk.ReadImage(output / "labelsTr" / f"{name}.nii.gz"))
        for value, organ in enumerate(("liver", "kidney", "spleen", "pancreas"), start=1):
            assert ((known == made[organ]) == (truth == value)).all(), (name, organ)
    two = tmp_path / "Dataset019_Two"
    merged = convert(tmp_path / "in", two, renamed={"spleen": "liver"}, organs=("kidney", "liver"))
    assert merged == {"background": 0, "kidney": 1, "liver": 2}
    known = sitk.GetArrayFromImage(sitk.ReadImage(two / "labelsTr" / "b.nii.gz"))
    assert ((known == 2) == np.isin(truths["b"], (1, 3))).all()


@pytest.mark.parametrize("ending", [".nrrd", ".mha", ".nii.gz"])
def test_masks_a_file_an_organ_are_merged_on_the_grid_of_their_scan(tmp_path, ending):
    path, image, labels = scan(tmp_path / "in", "ct", ".nrrd")
    (tmp_path / "in" / "s1" / "segmentations").mkdir(parents=True)
    path.rename(tmp_path / "in" / "s1" / "ct.nrrd")
    for organ in labels.organs:
        mask = sitk.GetImageFromArray(
            (organ.value == labels.grid.to_stored(labels.data).T).astype(np.uint8)
        )
        mask.CopyInformation(image)
        sitk.WriteImage(mask, tmp_path / "in" / "s1" / "segmentations" / f"{organ.name}{ending}")
    path.parent.rmdir()
    output = tmp_path / "Dataset018_Others"
    made = convert(tmp_path / "in", output)
    known = sitk.ReadImage(output / "labelsTr" / "s1.nii.gz")
    ct = sitk.ReadImage(output / "imagesTr" / "s1_0000.nii.gz")
    for organ in labels.organs:
        drawn = organ.value == labels.grid.to_stored(labels.data).T
        assert ((sitk.GetArrayFromImage(known) == made[organ.name]) == drawn).all()
    for of in ("GetSize", "GetSpacing", "GetOrigin", "GetDirection"):
        assert getattr(known, of)() == getattr(ct, of)()


def test_a_detached_file_of_voxels_is_followed(tmp_path):
    path, image, labels = scan(tmp_path / "in", "a", ".mhd")
    draw(image, labels, tmp_path / "in" / "labels" / "a.nii.gz")
    output = tmp_path / "Dataset018_Others"
    convert(tmp_path / "in", output)
    (case,) = drain(preparing(tmp_path / "in", output, Wishes())).cases
    assert case.kept
    sitk.WriteImage(image + 1, path)
    (case,) = drain(preparing(tmp_path / "in", output, Wishes())).cases
    assert not case.kept


def test_what_lies_elsewhere_is_told_with_its_case(tmp_path):
    _, image, labels = scan(tmp_path / "in", "a", ".nrrd")
    path = tmp_path / "in" / "labels" / "a.mha"
    draw(image, labels, path)
    moved = sitk.ReadImage(path)
    moved.SetOrigin((0, 0, 0))
    sitk.WriteImage(moved, path)
    plan = drain(preparing(tmp_path / "in", tmp_path / "Dataset018_Others", Wishes()))
    assert "is not on the grid of" in plan.failed[0][1]


def test_the_same_case_in_two_formats_is_told(tmp_path):
    _, image, labels = scan(tmp_path / "in", "a", ".nrrd")
    draw(image, labels, tmp_path / "in" / "labels" / "a.seg.nrrd")
    draw(image, labels, tmp_path / "in" / "labels" / "a.mha")
    with pytest.raises(AbdosegError, match="have one name: keep one of them"):
        drain(preparing(tmp_path / "in", tmp_path / "Dataset018_Others", Wishes()))
