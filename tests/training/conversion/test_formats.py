"""Each layout read from small files laid out exactly so."""

from __future__ import annotations

import json
import shutil

import pytest
from small_scans import write_image, write_label_map

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.training.conversion.formats import FORMATS, find_source


def names(source, test=False):
    return [case.name for case in source.cases if case.test == test]


@pytest.mark.parametrize(
    "layout", ["abdomenct1k", "msd", "flare21", "flare22", "totalsegmentator", "pairs"]
)
def test_a_layout_is_recognized_and_can_be_named(layout, request):
    folder = request.getfixturevalue(layout)
    name = layout.rstrip("12") if layout.startswith("flare") else layout
    assert find_source(folder).format == name
    assert find_source(folder, format_name=name) == find_source(folder)


def test_abdomenct1k_is_found_in_all_its_parts(abdomenct1k):
    source = find_source(abdomenct1k)
    assert names(source) == ["Case_00001", "Case_00002", "Case_00401"]
    assert source.scheme == {"liver": 1, "kidney": 2, "spleen": 3, "pancreas": 4}
    assert source.cases[2].images[0].name == "Case_00401_0000.nii.gz"
    assert source.cases[2].labels.name == "Case_00401.nii.gz"


def test_abdomenct1k_takes_masks_from_elsewhere(abdomenct1k, tmp_path):
    masks = shutil.move(abdomenct1k / "Mask", tmp_path / "masks")
    source = find_source(abdomenct1k, masks)
    assert all(case.labels.parent == masks for case in source.cases)


def test_a_task_of_the_decathlon_is_read_with_its_channels(msd):
    source = find_source(msd)
    assert names(source) == ["prostate_00", "prostate_01"]
    assert names(source, test=True) == ["prostate_03"]
    assert source.channels == ("T2", "ADC")
    assert source.scheme == {"PZ": 1, "TZ": 2}
    kept = {"name", "description", "reference", "licence", "release", "tensorImageSize"}
    assert source.about.keys() == kept


def test_a_task_without_labels_by_number_is_told(msd):
    (msd / "dataset.json").write_text(json.dumps({"modality": {"0": "CT"}, "labels": ["liver"]}))
    with pytest.raises(AbdosegError, match="does not name modalities and labels by number"):
        find_source(msd)


def test_flare21_has_validation_images_without_labels(flare21):
    source = find_source(flare21)
    assert names(source) == ["train_000", "train_001"]
    assert names(source, test=True) == ["validation_001"]
    assert not source.cases[-1].labelled


def test_flare22_keeps_the_number_in_the_name_of_a_case(flare22):
    source = find_source(flare22)
    assert names(source) == ["FLARE22_Tr_0001", "FLARE22_Tr_0002"]
    assert all(case.labels for case in source.cases)
    assert len(source.scheme) == 13


def test_totalsegmentator_has_a_file_an_organ_and_a_split(totalsegmentator):
    source = find_source(totalsegmentator)
    assert names(source) == ["s0000", "s0001"]
    assert names(source, test=True) == ["s0004"]
    assert list(source.scheme) == ["aorta", "left kidney", "liver", "right kidney"]
    assert dict(source.cases[0].masks)["left kidney"].name == "kidney_left.nii.gz"


def test_totalsegmentator_without_a_table_is_all_for_training(totalsegmentator):
    (totalsegmentator / "meta.csv").unlink()
    assert len(names(find_source(totalsegmentator))) == 3


def test_a_table_with_other_columns_is_told(totalsegmentator):
    (totalsegmentator / "meta.csv").write_text("image_id,split\ns0000,test\n")
    with pytest.raises(AbdosegError, match="no columns image_id and split"):
        find_source(totalsegmentator)


def test_masks_without_a_scan_are_orphans(totalsegmentator):
    (totalsegmentator / "s0001" / "ct.nii.gz").unlink()
    (orphan,) = find_source(totalsegmentator).orphans
    assert orphan.parent.name == "s0001"


def test_pairs_may_lie_in_two_folders_or_in_those_of_nnunet(pairs):
    apart = find_source(pairs / "images", pairs / "labels")
    (pairs / "images").rename(pairs / "imagesTr")
    (pairs / "labels").rename(pairs / "labelsTr")
    write_image(pairs / "imagesTs" / "cora_0000.nii.gz")
    write_label_map(pairs / "labelsTs" / "cora.nii.gz")
    together = find_source(pairs)
    assert names(apart) == names(together) == ["anna", "bert"]
    assert names(together, test=True) == ["cora"]
    assert together.cases[-1].labelled


def test_pairs_take_names_from_a_dataset_json(pairs):
    named = {"background": 0, "liver": 1, "tumor": 2}
    description = {"labels": named, "channel_names": {"0": "CT"}}
    (pairs / "labels" / "dataset.json").write_text(json.dumps(description))
    source = find_source(pairs)
    assert source.scheme == {"liver": 1, "tumor": 2}
    assert source.channels == ("CT",)


@pytest.mark.parametrize("layout", ["abdomenct1k", "flare22"])
def test_a_dataset_json_says_more_than_the_names_of_files(layout, request, pairs):
    release = find_source(request.getfixturevalue(layout))
    shutil.rmtree(pairs)
    for case in release.cases:
        write_image(pairs / "imagesTr" / case.images[0].name)
        write_label_map(pairs / "labelsTr" / case.labels.name)
    (pairs / "dataset.json").write_text(json.dumps({"labels": {"background": 0, "lung": 1}}))
    source = find_source(pairs)
    assert source.scheme == {"lung": 1}
    assert names(source) == names(release)


def test_pairs_with_regions_are_told(pairs):
    description = {"labels": {"background": 0, "whole": [1, 2], "core": 2}}
    (pairs / "dataset.json").write_text(json.dumps(description))
    with pytest.raises(AbdosegError, match="regions of several labels can't be converted"):
        find_source(pairs)


def test_channels_of_pairs_are_numbered_files(pairs):
    write_image(pairs / "images" / "anna_0001.nii.gz")
    write_image(pairs / "images" / "bert_0001.nii.gz")
    source = find_source(pairs)
    assert [path.name for path in source.cases[0].images] == [
        "anna_0000.nii.gz",
        "anna_0001.nii.gz",
    ]
    assert source.channels == ()


def test_a_gap_between_channels_and_two_files_of_one_name_are_told(pairs):
    write_image(pairs / "images" / "anna_0002.nii.gz")
    with pytest.raises(AbdosegError, match="without a gap"):
        find_source(pairs)
    write_image(pairs / "images" / "anna.nii.gz")
    with pytest.raises(AbdosegError, match="are both the case 'anna'"):
        find_source(pairs)
    write_label_map(pairs / "labels" / "anna.nii")
    with pytest.raises(AbdosegError, match="have one name"):
        find_source(pairs)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"folder": "nowhere"}, "is no folder"),
        ({"format_name": "dicom"}, "There is no format 'dicom': choose one of totalsegmentator"),
        ({"format_name": "msd"}, "is not laid out as msd"),
        ({}, "has none of the layouts"),
    ],
)
def test_what_can_not_be_read_is_told(tmp_path, given, message):
    options = {"folder": ""} | given
    with pytest.raises(AbdosegError, match=message):
        find_source(tmp_path / options.pop("folder"), **options)
    assert FORMATS.keys() >= {"abdomenct1k", "msd", "flare", "totalsegmentator", "pairs"}
