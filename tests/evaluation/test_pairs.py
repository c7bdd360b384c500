"""Cases of two folders, matched by name."""

from __future__ import annotations

import pytest

from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.evaluation.pairs import Pair, Pairing, find_pairs


@pytest.fixture
def folders(tmp_path):
    def make(predictions: list[str], references: list[str]):
        for folder, names in (("p", predictions), ("r", references)):
            (tmp_path / folder).mkdir()
            for name in names:
                (tmp_path / folder / name).touch()
        return tmp_path / "p", tmp_path / "r"

    return make


def test_cases_are_matched_by_name_and_the_others_listed(folders):
    p, r = folders(
        ["b.nii.gz", "a_0000.nii.gz", "more.nii", "organs.csv"],
        ["a.nii", "b_0000.nii.gz", "lost.nii.gz", "gone.nii.gz", "dataset.json"],
    )
    assert find_pairs(p, str(r)) == Pairing(
        (
            Pair("a", p / "a_0000.nii.gz", r / "a.nii"),
            Pair("b", p / "b.nii.gz", r / "b_0000.nii.gz"),
        ),
        missing=("gone", "lost"),
        surplus=("more",),
    )


def test_two_files_are_a_pair_whatever_their_names(folders):
    p, r = folders(["mine.nii.gz"], ["case_0000.nii.gz"])
    mine, truth = p / "mine.nii.gz", r / "case_0000.nii.gz"
    assert find_pairs(mine, truth) == Pairing((Pair("case", mine, truth),))


@pytest.mark.parametrize("turned", [False, True])
def test_a_file_and_a_folder_are_a_clear_error(folders, turned):
    p, r = folders(["a.nii.gz"], ["a.nii.gz"])
    inputs = (r, p / "a.nii.gz") if turned else (p / "a.nii.gz", r)
    with pytest.raises(AbdosegError, match="compare two folders or two files"):
        find_pairs(*inputs)


def test_a_case_that_is_there_twice_is_a_clear_error(folders):
    p, r = folders(["a.nii.gz"], ["a.nii.gz", "a_0000.nii.gz"])
    with pytest.raises(AbdosegError, match=r"a\.nii\.gz and .*a_0000.* are both the case 'a'"):
        find_pairs(p, r)


@pytest.mark.parametrize(("predictions", "references"), [([], ["a.nii"]), (["a.nii"], [])])
def test_an_empty_folder_is_a_clear_error(folders, predictions, references):
    with pytest.raises(ImageError, match=r"has no \.nii, \.nii\.gz, \.nrrd or \.mha files"):
        find_pairs(*folders(predictions, references))


def test_a_folder_that_is_not_there_is_a_clear_error(folders, tmp_path):
    with pytest.raises(ImageError, match="nowhere is no folder that can be read"):
        find_pairs(tmp_path / "nowhere", folders([], ["a.nii"])[1])


def test_folders_without_a_common_case_are_a_clear_error(folders):
    with pytest.raises(AbdosegError, match=r"No file of .* such as b\.nii\.gz: choose"):
        find_pairs(*folders(["a.nii"], ["b.nii", "c.nii"]))


@pytest.fixture
def masks(tmp_path):
    def make(*folders: str):
        for folder in folders:
            (tmp_path / folder).mkdir(parents=True)
            for organ in ("liver", "spleen"):
                (tmp_path / folder / f"{organ}.nii.gz").touch()
        return tmp_path

    return make


@pytest.mark.parametrize("given", ["", "segmentations"])
def test_folders_of_a_file_an_organ_are_one_case(masks, given):
    root = masks("p/segmentations", "r/segmentations")
    pairing = find_pairs(root / "p" / given, root / "r" / given)
    assert pairing == Pairing((Pair("r", root / "p/segmentations", root / "r/segmentations"),))


def test_a_label_map_may_lie_in_the_folder_of_its_case(folders):
    p, r = folders(["case_00000.nii.gz", "case_00001.nii.gz"], [])
    for name in ("imaging", "segmentation"):
        (r / "case_00000").mkdir(exist_ok=True)
        (r / "case_00000" / f"{name}.nii.gz").touch()
    (r / "empty").mkdir()
    assert find_pairs(p, r) == Pairing(
        (Pair("case_00000", p / "case_00000.nii.gz", r / "case_00000/segmentation.nii.gz"),),
        surplus=("case_00001",),
    )


def test_cases_of_a_file_an_organ_are_compared_with_files(masks):
    root = masks("p/s1/segmentations", "p/s2", "p/s3/segmentations")
    (root / "r").mkdir()
    for name in ("s1.nii.gz", "s2.nii.gz", "s4.nii.gz"):
        (root / "r" / name).touch()
    (root / "p" / "s4.nii.gz").touch()
    assert find_pairs(root / "p", root / "r") == Pairing(
        (
            Pair("s1", root / "p/s1/segmentations", root / "r/s1.nii.gz"),
            Pair("s2", root / "p/s2", root / "r/s2.nii.gz"),
            Pair("s4", root / "p/s4.nii.gz", root / "r/s4.nii.gz"),
        ),
        surplus=("s3",),
    )
    single = find_pairs(root / "p/s3", root / "r/s1.nii.gz").pairs
    assert single == (Pair("s1", root / "p/s3/segmentations", root / "r/s1.nii.gz"),)
    (root / "p" / "s1.nii.gz").touch()
    with pytest.raises(AbdosegError, match=r"s1.nii.gz are both the case 's1'"):
        find_pairs(root / "p", root / "r")
