"""Labels matched by organ name, or by value."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdoseg.errors import AbdosegError, ImageError
from napari_abdoseg.evaluation.label_schemes import Schemes, read_matched, read_schemes
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ

OWN = {"background": 0, "pancreas": 1, "spleen": 2, "kidney": 3, "liver": 4}
OURS = {"background": 0, "liver": 1, "kidney": 2, "spleen": 3, "pancreas": 4}


def matched(prediction, reference, schemes=Schemes()):  # noqa: B008
    return read_matched(prediction, reference, schemes)


def test_labels_are_matched_by_name_where_the_schemes_differ(write_blocks, name_labels):
    name_labels("predictions", OWN)
    name_labels("references", OURS)
    pair = matched(
        write_blocks(values=(4, 3, 2, 1), folder="predictions"), write_blocks(values=(1, 2, 3, 4))
    )
    assert np.array_equal(pair.prediction.data, pair.reference.data)
    assert pair.prediction.organs == pair.reference.organs == ABDOMINAL_ORGANS
    assert not pair.unmatched


@pytest.mark.parametrize(
    ("predicted", "known"),
    [("Liver", "liver"), ("kidney_left", "Left Kidney"), ("kidneys", "kidney"), ("A_b", "a b")],
)
def test_names_spelled_otherwise_are_one(write_blocks, name_labels, predicted, known):
    name_labels("predictions", {"background": 0, predicted: 2})
    name_labels("references", {known: 1})
    pair = matched(write_blocks(values=(2,), folder="predictions"), write_blocks(values=(1,)))
    assert np.array_equal(pair.prediction.data, pair.reference.data)
    assert pair.reference.organs == (Organ(1, known),)


def test_left_and_right_are_not_merged_in_silence(write_blocks, name_labels):
    name_labels("predictions", {"liver": 1, "left kidney": 2, "right kidney": 3})
    name_labels("references", {"liver": 1, "kidney": 2})
    paths = write_blocks(values=(1, 2, 3), folder="predictions"), write_blocks(values=(1, 2, 2))
    pair = matched(*paths)
    assert pair.unmatched == ("kidney", "left kidney", "right kidney")
    assert "The kidney is whole on one side" in pair.naming[-1]
    merged = matched(*paths, read_schemes(["1=liver,2=kidney,3=kidney", "1=liver,2=kidney"]))
    assert np.array_equal(merged.prediction.data, merged.reference.data)
    assert not merged.unmatched


def test_organs_of_one_side_alone_are_listed_and_left_out(write_blocks, name_labels):
    name_labels("predictions", {"liver": 1, "spleen": 2, "duodenum": 300})
    name_labels("references", {"aorta": 1, "spleen": 2, "liver": 3})
    pair = matched(
        write_blocks(values=(1, 2, 300), folder="predictions", dtype=np.uint16),
        write_blocks(values=(3, 2, 1)),
    )
    assert pair.unmatched == ("aorta", "duodenum")
    assert pair.reference.organs == (Organ(2, "spleen"), Organ(3, "liver"))
    assert set(np.unique(pair.prediction.data)) == {0, 2, 3}
    for value in (2, 3):
        assert np.array_equal(pair.prediction.data == value, pair.reference.data == value)


@pytest.mark.parametrize("named", ["predictions", "references"])
def test_labels_are_matched_by_value_where_one_side_has_names(write_blocks, name_labels, named):
    name_labels(named, OWN)
    pair = matched(write_blocks(folder="predictions"), write_blocks())
    assert [organ.name for organ in pair.reference.organs] == [
        *("pancreas", "spleen", "kidney", "liver")
    ]
    assert np.array_equal(pair.prediction.data, pair.reference.data)


def test_without_names_labels_are_matched_by_value(write_blocks):
    pair = matched(
        write_blocks(values=(1, 5), folder="predictions"), write_blocks(values=(1, 5, 7))
    )
    assert [organ.name for organ in pair.reference.organs] == ["label 1", "label 5", "label 7"]
    assert pair.naming == ("Neither side names its labels: they are compared by value.",)


@pytest.mark.parametrize("named", [True, False])
def test_masks_of_255_are_those_of_1(write_blocks, name_labels, named):
    if named:
        name_labels("references", {"spleen": 1})
    pair = matched(write_blocks(values=(255,), folder="predictions"), write_blocks(values=(1,)))
    assert np.array_equal(pair.prediction.data, pair.reference.data)
    assert pair.reference.organs == (Organ(1, "spleen" if named else "label 1"),)


def test_the_user_has_the_first_word(write_blocks, name_labels):
    name_labels("references", OURS)
    paths = write_blocks(values=(1, 2), folder="predictions"), write_blocks(values=(2, 1))
    pair = matched(*paths, read_schemes(["1=spleen,2=aorta", "2=spleen,1=aorta"]))
    assert np.array_equal(pair.prediction.data, pair.reference.data)
    own = matched(*paths, read_schemes(["flare22", "own"]))
    assert [organ.name for organ in own.reference.organs] == ["liver", "spleen", "pancreas"]
    assert read_schemes(["kits"]) == read_schemes(["KiTS", "kits"])
    with pytest.raises(AbdosegError, match="more than twice"):
        read_schemes(["own"] * 3)


def test_names_in_a_file_come_before_those_of_its_folder(write_blocks, name_labels, tmp_path):
    name_labels("predictions", OURS)
    reference = write_blocks(values=(1, 2))
    found = read_labels(write_blocks(values=(2, 1), folder="blocks"))
    own = (Organ(1, "kidney"), Organ(2, "liver"))
    (tmp_path / "predictions").mkdir(exist_ok=True)
    prediction = tmp_path / "predictions" / "case.nii.gz"
    write_labels(prediction, type(found)(found.data, found.grid, own))
    name_labels("references", OURS)
    pair = matched(prediction, reference)
    assert np.array_equal(pair.prediction.data, pair.reference.data)
    assert pair.unmatched == ("spleen", "pancreas")


def test_the_ignored_are_no_organ(write_blocks, name_labels):
    name_labels(".", OWN | {"ignore": 5})
    path = write_blocks(values=(1, 2, 3, 5), folder="labelsTr")
    pair = matched(path, path)
    assert {organ.name: organ.value for organ in pair.reference.organs} == {
        name: value for name, value in OWN.items() if value
    }
    assert pair.reference.ignored == 5


@pytest.mark.parametrize("labels", [["liver"], {"liver": [1, "x"]}, {"liver": "one"}, None])
def test_a_scheme_that_makes_no_sense_is_a_clear_error(write_blocks, name_labels, labels):
    name_labels("references", labels)
    path = write_blocks()
    with pytest.raises(ImageError, match=r"dataset\.json gives no whole number for each organ"):
        matched(path, path)


def test_labels_outside_the_scheme_are_a_clear_error(write_blocks, name_labels):
    reference = write_blocks(values=(1, 2))
    name_labels("references", {"liver": 1, "spleen": 2})
    with pytest.raises(ImageError, match=r"bad\.nii\.gz has the value 9, which no organ of"):
        matched(write_blocks("bad.nii.gz", (1, 9), "predictions"), reference)
    name_labels("references", {"liver": 1})
    with pytest.raises(ImageError, match=r"case\.nii\.gz has the value 2, which liver \(1\) do"):
        matched(write_blocks(values=(1,), folder="predictions"), reference)


def test_schemes_without_a_common_organ_are_a_clear_error(write_blocks):
    path = write_blocks(values=(1,))
    schemes = Schemes((Organ(1, "liver"),), (Organ(1, "aorta"),))
    with pytest.raises(ImageError, match="no organ is in both"):
        read_matched(path, path, schemes)


def test_fractions_are_a_clear_error(write_blocks):
    bad = write_blocks("bad.nii", (0.5, 1), "predictions", dtype=np.float32)
    with pytest.raises(ImageError, match=r"bad\.nii is not a label map, it has fractional values"):
        matched(bad, write_blocks())


def test_whole_floats_are_labels(write_blocks):
    found = write_blocks(folder="predictions", dtype=np.float64)
    assert np.array_equal(matched(found, write_blocks()).prediction.data.max(), 4)
