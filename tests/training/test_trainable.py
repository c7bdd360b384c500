"""Data sets that can't be trained on are told before anything is done with them."""

from __future__ import annotations

import json

import pytest
from raw_datasets import write_case, write_raw_dataset

from napari_abdoseg.errors import DatasetError
from napari_abdoseg.training.trainable import digest_of, read_trainable


@pytest.fixture
def folder(tmp_path):
    return write_raw_dataset(tmp_path / "Dataset012_Some-organs", cases=2)


def test_cases_are_found_as_nnunet_finds_them(folder):
    (folder / "labelsTr" / "._p_000.nii.gz").touch()
    dataset = read_trainable(folder)
    assert dataset.name == "Dataset012_Some-organs"
    assert [case.name for case in dataset.training] == ["p_000", "p_001"]
    assert [case.name for case in dataset.testing] == ["t_000"]


def test_cases_may_be_listed_under_other_names(folder):
    listing = {
        name: {"images": [f"imagesTr/{file}_0000.nii.gz"], "label": f"labelsTr/{file}.nii.gz"}
        for name, file in (("x", "p_000"), ("y", "p_001"))
    }
    content = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps(content | {"dataset": listing}))
    assert [case.name for case in read_trainable(folder).training] == ["x", "y"]
    (folder / "imagesTr" / "p_001_0000.nii.gz").unlink()
    with pytest.raises(DatasetError, match=r"1 images .* missing, the first is p_001_0000"):
        read_trainable(folder)


def test_other_contents_are_told_by_their_digest(folder):
    before = digest_of(read_trainable(folder))
    assert digest_of(read_trainable(folder)) == before
    write_case(folder, "Tr", "p_001", 77)
    changed = digest_of(read_trainable(folder))
    write_case(folder, "Tr", "p_002", 5)
    assert len({before, changed, digest_of(read_trainable(folder))}) == 3


@pytest.mark.parametrize(
    "change",
    [{"labels": {"liver": 1}}, {"overwrite_image_reader_writer": "os.system"}],
)
def test_what_nnunet_refuses_of_dataset_json_is_told_before_anything_is_done(folder, change):
    content = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps(content | change))
    with pytest.raises(DatasetError, match=r"can't be trained on\. dataset\.json "):
        read_trainable(folder)


def test_a_folder_of_another_name(folder):
    other = folder.rename(folder.with_name("organs"))
    with pytest.raises(DatasetError, match="not named as nnU-Net names data sets"):
        read_trainable(other)


@pytest.mark.parametrize("linked", [True, False])
def test_a_missing_image_is_named(folder, linked):
    image = folder / "imagesTr" / "p_001_0000.nii.gz"
    image.unlink()
    if linked:
        image.symlink_to("/nowhere/p_001_0000.nii.gz")
    with pytest.raises(DatasetError, match=r"1 images .* missing, the first is .*p_001_0000"):
        read_trainable(folder)


def test_a_case_without_label_is_named(folder):
    (folder / "labelsTr" / "p_001.nii.gz").unlink()
    with pytest.raises(DatasetError, match=r"1 training cases .* no label, the first is p_001"):
        read_trainable(folder)


def test_one_case_is_too_few(folder):
    for path in folder.glob("*Tr/p_001*"):
        path.unlink()
    with pytest.raises(DatasetError, match="1 training cases"):
        read_trainable(folder)


def test_every_channel_must_be_there(folder):
    content = json.loads((folder / "dataset.json").read_text())
    content["channel_names"]["1"] = "PET"
    (folder / "dataset.json").write_text(json.dumps(content))
    with pytest.raises(DatasetError, match=r"2 images .*p_000_0001"):
        read_trainable(folder)
