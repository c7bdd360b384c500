"""Images and label maps of a case on their way into nnU-Net's format."""

from __future__ import annotations

import gzip
import os

import nibabel as nib
import numpy as np
import pytest
from small_scans import AFFINE, SHAPE, voxels, write_image, write_label_map, write_masks

from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.image.nifti.volumes import read_organs
from napari_abdoseg.training.conversion import linking
from napari_abdoseg.training.conversion.image_steps import Pack, Place, Split, image_steps
from napari_abdoseg.training.conversion.label_mapping import map_labels
from napari_abdoseg.training.conversion.label_steps import Keep, Merge, Relabel, label_steps
from napari_abdoseg.training.conversion.linking import Way, find_way
from napari_abdoseg.training.conversion.source import SourceCase

KIDNEY = {"kidney left": "kidney", "kidney right": "kidney"}


@pytest.mark.parametrize("way", Way)
def test_a_file_gets_to_a_second_place(tmp_path, way):
    source = write_image(tmp_path / "from" / "a.nii.gz")
    (step,) = image_steps((source,), tmp_path, "case", way)
    assert step == Place(source, tmp_path / "case_0000.nii.gz", way)
    for _ in range(2):
        assert step.run() == 0
        assert step.target.read_bytes() == source.read_bytes()
    assert step.target.is_symlink() == (way is Way.LINK)
    assert step.target.samefile(source) == (way is not Way.COPY)
    assert (step.bytes_needed > 0) == (way is Way.COPY)


def test_links_are_chosen_where_the_disk_has_them(tmp_path, monkeypatch):
    source = write_image(tmp_path / "a.nii.gz")
    assert find_way(tmp_path / "not" / "yet", source) is Way.LINK

    def refuse(*arguments, **options):
        raise OSError("no such thing on this disk")

    monkeypatch.setattr(linking.Path, "symlink_to", refuse)
    assert find_way(tmp_path, source) is Way.HARD_LINK
    monkeypatch.setattr(os, "link", refuse)
    assert find_way(tmp_path, source) is Way.COPY
    assert list(tmp_path.iterdir()) == [source]


def test_a_plain_file_is_packed_with_every_byte(tmp_path):
    source = write_image(tmp_path / "a.nii")
    (step,) = image_steps((source,), tmp_path, "case", Way.LINK)
    assert isinstance(step, Pack)
    assert (step.sources, step.targets) == ((source,), (tmp_path / "case_0000.nii.gz",))
    assert step.bytes_needed == source.stat().st_size
    step.run()
    assert gzip.decompress((tmp_path / "case_0000.nii.gz").read_bytes()) == source.read_bytes()


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_a_4d_file_is_split_as_nnunet_splits_it(tmp_path, ending):
    from nnunetv2.dataset_conversion.convert_MSD_dataset import split_4d_nifti
    from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO

    source = write_image(tmp_path / "a.nii.gz", channels=3)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    split_4d_nifti(str(source), str(theirs))
    if ending == ".nii":
        source = tmp_path / "a.nii"
        source.write_bytes(gzip.decompress((tmp_path / "a.nii.gz").read_bytes()))
    (step,) = image_steps((source,), tmp_path, "a", Way.LINK)
    assert isinstance(step, Split)
    assert step.bytes_needed > 0
    step.run()
    names = [f"a_{channel:04}.nii.gz" for channel in range(3)]
    assert [path.name for path in step.targets] == names
    ours, our_place = SimpleITKIO().read_images([str(tmp_path / name) for name in names])
    known, known_place = SimpleITKIO().read_images([str(theirs / name) for name in names])
    assert np.array_equal(ours, known)
    assert our_place["sitk_stuff"] == known_place["sitk_stuff"]
    assert our_place["spacing"] == known_place["spacing"]


def test_scaled_channels_keep_their_stored_numbers(tmp_path):
    data = np.arange(2 * 4 * 3 * 2, dtype=np.int16).reshape(2, 4, 3, 2)
    image = nib.Nifti1Image(data, AFFINE)
    image.header.set_slope_inter(0.5, -7)
    nib.save(image, tmp_path / "a.nii.gz")
    real = nib.load(tmp_path / "a.nii.gz").get_fdata()
    for step in image_steps((tmp_path / "a.nii.gz",), tmp_path, "case", Way.LINK):
        step.run()
    for channel in (0, 1):
        split = nib.load(tmp_path / f"case_{channel:04}.nii.gz")
        assert np.array_equal(split.get_fdata(), real[..., channel])
        assert split.get_data_dtype() == np.int16


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
def test_a_truncated_4d_file_leaves_no_half_channel(tmp_path, ending):
    source = write_image(tmp_path / f"a{ending}", channels=2)
    (step,) = image_steps((source,), tmp_path, "case", Way.LINK)
    source.write_bytes(source.read_bytes()[: -source.stat().st_size // 3])
    with pytest.raises(ImageError, match="truncated or damaged"):
        step.run()
    assert not (tmp_path / "case_0001.nii.gz").exists()
    assert not list(tmp_path.glob(".*"))


def test_channels_are_either_files_or_in_one_file(tmp_path):
    images = write_image(tmp_path / "a_0000.nii.gz"), write_image(tmp_path / "a_0001.nii.gz", 1)
    assert [step.target.name for step in image_steps(images, tmp_path / "to", "a", Way.LINK)] == [
        "a_0000.nii.gz",
        "a_0001.nii.gz",
    ]
    mixed = images[0], write_image(tmp_path / "a_0001.nii.gz", channels=2)
    with pytest.raises(AbdosegError, match="is itself one channel of a"):
        image_steps(mixed, tmp_path / "to", "a", Way.LINK)


def test_a_label_map_that_stays_as_it_is_becomes_a_link(tmp_path):
    case = SourceCase("a", (), write_label_map(tmp_path / "a.nii.gz"))
    (step,) = label_steps(case, tmp_path / "to", map_labels({"liver": 1}), Way.LINK)
    assert isinstance(step, Keep)
    assert isinstance(step.step, Place)
    assert (step.sources, step.verb, step.bytes_needed) == ((case.labels,), "link", 0)
    assert label_steps(SourceCase("a", ()), tmp_path, map_labels({"liver": 1}), Way.LINK) == []


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (lambda path: write_label_map(path, (1, 2)), r"has the value 2, which no label has"),
        (lambda path: path.write_bytes(path.read_bytes()[:-30]), "truncated or damaged"),
    ],
)
def test_a_label_map_that_stays_as_it_is_is_read_first(tmp_path, spoil, fault):
    case = SourceCase("a", (), write_label_map(tmp_path / "a.nii.gz", (1,)))
    (step,) = label_steps(case, tmp_path / "to", map_labels({"liver": 1}), Way.LINK)
    step.targets[0].parent.mkdir()
    step.run()
    assert step.targets[0].is_symlink()
    step.targets[0].unlink()
    spoil(case.labels)
    with pytest.raises(AbdosegError, match=fault):
        step.run()
    assert not step.targets[0].exists()


def test_values_change_and_the_place_does_not(tmp_path):
    source = write_label_map(tmp_path / "a.nii.gz", (1, 3, 7), np.float32)
    mapping = map_labels({"liver": 1, "left kidney": 3, "right kidney": 7}, organs=("left kidney",))
    (step,) = label_steps(SourceCase("a", (), source), tmp_path / "to", mapping, Way.LINK)
    step.target.parent.mkdir()
    assert isinstance(step, Relabel)
    assert step.run() == 0
    assert np.array_equal(voxels(step.target), (voxels(source) == 3).astype(np.uint8))
    assert np.array_equal(nib.load(step.target).affine, nib.load(source).affine)
    assert [organ.name for organ in read_organs(step.target)] == ["left kidney"]


def test_a_value_without_a_name_is_told_with_what_to_do(tmp_path):
    source = write_label_map(tmp_path / "a.nii.gz", (1, 2, 9))
    mapping = map_labels({"liver": 1, "kidney": 2}, organs=("kidney",))
    (step,) = label_steps(SourceCase("a", (), source), tmp_path / "to", mapping, Way.LINK)
    with pytest.raises(AbdosegError, match=r"a\.nii\.gz has the value 9, .* --map 9=NAME"):
        step.run()
    assert not step.target.exists()


def test_masks_are_merged_and_the_lower_value_keeps_a_voxel_of_both(tmp_path):
    planes = {"kidney_left": (0, 1), "kidney_right": (1, 2), "liver": (2, 3), "aorta": (3,)}
    write_masks(tmp_path, planes)
    masks = tuple((name.replace("_", " "), tmp_path / f"{name}.nii.gz") for name in planes)
    scheme = {name: value for value, (name, _) in enumerate(masks, start=1)}
    mapping = map_labels(scheme, KIDNEY, ("liver", "kidney"))
    case = SourceCase("a", (tmp_path / "ct.nii.gz",), None, masks)
    (step,) = label_steps(case, tmp_path, mapping, Way.LINK)
    assert isinstance(step, Merge)
    assert {path.name for path in step.sources} == {f"{name}.nii.gz" for name in planes} - {
        "aorta.nii.gz"
    }
    assert step.bytes_needed == 2 * sum(path.stat().st_size for path in step.sources)
    assert step.run() == SHAPE[1] * SHAPE[2]
    assert voxels(step.target)[:, 0, 0].tolist() == [2, 2, 1, 1, 0, 0, 0, 0, 0]


def test_a_missing_mask_and_one_on_another_grid_are_told(tmp_path):
    write_masks(tmp_path, {"liver": (0,)})
    other = write_image(tmp_path / "spleen.nii.gz", affine=np.diag([1.0, 1, 1, 1]))
    nib.save(nib.Nifti1Image((voxels(other) > 0).astype(np.uint8), np.eye(4)), other)
    masks = (("liver", tmp_path / "liver.nii.gz"), ("spleen", other))
    mapping = map_labels({"liver": 1, "spleen": 2})
    case = SourceCase("a", (tmp_path / "ct.nii.gz",), None, masks)
    (step,) = label_steps(case, tmp_path, mapping, Way.LINK)
    with pytest.raises(AbdosegError, match="is not on the grid of"):
        step.run()
    case = SourceCase("a", (tmp_path / "ct.nii.gz",), None, masks[:1])
    with pytest.raises(AbdosegError, match="has no file of spleen"):
        label_steps(case, tmp_path, mapping, Way.LINK)
