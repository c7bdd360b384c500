"""What dataset.json and the names of files say."""

from __future__ import annotations

import json
import re

import pytest

from napari_abdoseg.errors import DatasetError
from napari_abdoseg.training.checking.file_problems import file_problems
from napari_abdoseg.training.raw_dataset import read_raw_dataset


@pytest.fixture
def describe(tmp_path):
    """A function that writes a dataset.json and an empty case."""

    def write(**changes):
        content = {
            "labels": {"background": 0, "liver": 1},
            "channel_names": {"0": "CT"},
            "numTraining": 1,
            "file_ending": ".nii.gz",
        }
        kept = {key: value for key, value in (content | changes).items() if value is not None}
        (tmp_path / "dataset.json").write_text(json.dumps(kept))
        for name in ("imagesTr/a_0000.nii.gz", "labelsTr/a.nii.gz"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return write


def test_a_data_set_names_organs_channels_and_cases(describe):
    dataset = read_raw_dataset(describe())
    assert [(organ.value, organ.name) for organ in dataset.organs] == [(1, "liver")]
    assert dataset.channels == ("CT",)
    (case,) = dataset.cases
    assert (case.name, case.test, case.labels.name) == ("a", False, "a.nii.gz")
    assert list(file_problems(dataset)) == []


def test_regions_and_the_ignored_label_have_values_and_are_no_organs(describe):
    labels = {"background": 0, "kidney": [1, 2], "tumor": 2, "ignore": 3}
    dataset = read_raw_dataset(describe(labels=labels))
    assert dataset.values == (0, 1, 2, 3)
    assert [organ.name for organ in dataset.organs] == ["label 1", "tumor"]


def test_files_may_be_listed(describe, tmp_path):
    listing = {"x": {"images": ["imagesTr/a_0000.nii.gz"], "label": "labelsTr/a.nii.gz"}}
    (case,) = read_raw_dataset(describe(dataset=listing)).cases
    assert (case.name, case.images) == ("x", (tmp_path / "imagesTr" / "a_0000.nii.gz",))


def test_files_with_other_names_are_told(describe):
    folder = describe(labels={"liver": 1})
    (folder / "imagesTr" / "b.nii.gz").touch()
    (folder / "labelsTr" / "notes.txt").touch()
    messages = {
        problem.message: problem.ruins for problem in file_problems(read_raw_dataset(folder))
    }
    assert list(messages.values()) == [True, True, False]
    assert "imagesTr has b.nii.gz, which is not named case_0000.nii.gz" in list(messages)[1]
    assert "no label 'background'" in next(iter(messages))


@pytest.mark.parametrize(
    ("labels", "order", "message"),
    [
        ({"whole": [1, 2], "part": 2}, [2, 1], "gives part a value of no label of it"),
        ({"part": 2, "whole": [1, 2]}, [2, 1], "part \\(under whole\\) would be painted over"),
        ({"liver": 1, "hepar": 1}, None, "gives liver, hepar one and the same value"),
    ],
)
def test_what_nnunet_takes_and_the_user_should_know_is_told(describe, labels, order, message):
    folder = describe(labels={"background": 0} | labels, regions_class_order=order)
    (problem,) = file_problems(read_raw_dataset(folder))
    assert not problem.ruins
    assert re.search(message, problem.message)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"numTraining": None, "labels": None}, "lacks labels, numTraining, which nnU-Net needs"),
        ({"file_ending": ".png"}, r"only data sets of \.nii\.gz, \.nii, \.nrrd or \.mha files"),
        ({"labels": {"liver": "one"}}, "can't be understood"),
        ({"labels": ["liver"]}, "can't be understood"),
        ({"channel_names": {"CT": 0}}, "can't be understood"),
        ({"channel_names": {}}, "can't be understood"),
        ({"labels": {"liver": 1.5}}, "can't be understood"),
        ({"labels": {"liver": []}}, "can't be understood"),
        ({"dataset": {"x": {}}}, "does not list 'images' and 'label'"),
        ({"file_ending": ".nii"}, r"no images that end with _0000\.nii in imagesTr"),
    ],
)
def test_what_nnunet_could_not_read_is_told(describe, changes, message):
    with pytest.raises(DatasetError, match=message):
        read_raw_dataset(describe(**changes))


def test_a_folder_without_dataset_json_is_told(tmp_path):
    with pytest.raises(DatasetError, match=r"has no dataset\.json"):
        read_raw_dataset(tmp_path)
