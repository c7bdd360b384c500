"""Data sets are checked before anything is done with them."""

from __future__ import annotations

import json

import pytest
from raw_datasets import write_case, write_raw_dataset

from napari_abdoseg.errors import DatasetError
from napari_abdoseg.training.raw_dataset import read_raw_dataset


@pytest.fixture
def folder(tmp_path):
    return write_raw_dataset(tmp_path / "Dataset012_Some-organs", cases=2)


def test_cases_and_test_cases_are_found(folder):
    (folder / "labelsTr" / "._p_000.nii.gz").touch()
    dataset = read_raw_dataset(folder)
    assert dataset.name == "Dataset012_Some-organs"
    assert dataset.cases == ("p_000", "p_001")
    assert dataset.images("p_001") == [folder / "imagesTr" / "p_001_0000.nii.gz"]
    assert dataset.test_folders() == (folder / "imagesTs", folder / "labelsTs")


def test_test_cases_without_labels_are_none(folder):
    (folder / "labelsTs" / "t_000.nii.gz").unlink()
    assert read_raw_dataset(folder).test_folders() is None


def test_other_contents_are_told_by_their_digest(folder):
    before = read_raw_dataset(folder).digest()
    assert read_raw_dataset(folder).digest() == before
    write_case(folder, "Tr", "p_001", 77)
    changed = read_raw_dataset(folder).digest()
    write_case(folder, "Tr", "p_002", 5)
    assert len({before, changed, read_raw_dataset(folder).digest()}) == 3


def test_a_folder_of_another_name(tmp_path):
    with pytest.raises(DatasetError, match="not named as nnU-Net names data sets"):
        read_raw_dataset(tmp_path)


def test_a_missing_image_is_named(folder):
    (folder / "imagesTr" / "p_001_0000.nii.gz").unlink()
    with pytest.raises(DatasetError, match=r"1 images .* missing, the first is .*p_001_0000"):
        read_raw_dataset(folder)


def test_a_case_without_label_is_named(folder):
    (folder / "labelsTr" / "p_001.nii.gz").unlink()
    with pytest.raises(DatasetError, match=r"1 training cases .* no label, the first is p_001"):
        read_raw_dataset(folder)


def test_one_case_is_too_few(folder):
    for path in folder.glob("*Tr/p_001*"):
        path.unlink()
    with pytest.raises(DatasetError, match="1 training cases"):
        read_raw_dataset(folder)


def test_a_folder_without_description(folder):
    (folder / "dataset.json").unlink()
    with pytest.raises(DatasetError, match="abdoseg dataset convert"):
        read_raw_dataset(folder)


@pytest.mark.parametrize(("text", "said"), [("{", "JSON"), ("{}", "channel_names, labels")])
def test_a_damaged_description(folder, text, said):
    (folder / "dataset.json").write_text(text)
    with pytest.raises(DatasetError, match=said):
        read_raw_dataset(folder)


def test_every_channel_must_be_there(folder):
    content = json.loads((folder / "dataset.json").read_text())
    content["channel_names"]["1"] = "PET"
    (folder / "dataset.json").write_text(json.dumps(content))
    with pytest.raises(DatasetError, match=r"2 images .*p_000_0001"):
        read_raw_dataset(folder)
