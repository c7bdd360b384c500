"""Labels matched by organ name, or by value."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdoseg.errors import ImageError
from napari_abdoseg.evaluation.label_schemes import Schemes, find_schemes, read_matched
from napari_abdoseg.image.nifti import read_labels, write_labels
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ

OWN = {"background": 0, "pancreas": 1, "spleen": 2, "kidney": 3, "liver": 4}
OURS = {"background": 0, "liver": 1, "kidney": 2, "spleen": 3, "pancreas": 4}


def matched(prediction, reference):
    return read_matched(prediction, reference, find_schemes(prediction, reference))


def test_labels_are_matched_by_name_where_the_schemes_differ(write_blocks, name_labels):
    name_labels("predictions", OWN)
    name_labels("references", OURS)
    pair = matched(
        write_blocks(values=(4, 3, 2, 1), folder="predictions"), write_blocks(values=(1, 2, 3, 4))
    )
    assert np.array_equal(pair.prediction.data, pair.reference.data)
    assert pair.prediction.organs == pair.reference.organs == ABDOMINAL_ORGANS
    assert not pair.unmatched


def test_names_differing_in_case_are_one(write_blocks, name_labels):
    name_labels("predictions", {"background": 0, "Liver": 2})
    name_labels("references", {"liver": 1})
    pair = matched(write_blocks(values=(2,), folder="predictions"), write_blocks(values=(1,)))
    assert np.array_equal(pair.prediction.data, pair.reference.data)


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


def test_without_names_the_labels_are_the_abdominal_organs(write_blocks):
    pair = matched(write_blocks(folder="predictions"), write_blocks())
    assert pair.reference.organs == pair.prediction.organs == ABDOMINAL_ORGANS


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


def test_nnunet_keeps_names_in_the_folder_above(write_blocks, name_labels, tmp_path):
    name_labels(".", OWN | {"ignore": 5})
    path = write_blocks(folder="labelsTr")
    names = {organ.name: organ.value for organ in find_schemes(path, path).reference}
    assert names == {name: value for name, value in OWN.items() if value}


def test_names_as_the_first_nnunet_wrote_them(write_blocks, name_labels):
    name_labels("references", {"0": "background", "1": "liver", "2": "spleen"})
    path = write_blocks()
    assert find_schemes(path, path).reference == (Organ(1, "liver"), Organ(2, "spleen"))


@pytest.mark.parametrize("labels", [["liver"], {"liver": [1, 2]}, {"liver": "one"}, None])
def test_a_scheme_that_makes_no_sense_is_a_clear_error(write_blocks, name_labels, labels):
    name_labels("references", labels)
    path = write_blocks()
    with pytest.raises(ImageError, match=r"dataset\.json gives no whole number for each organ"):
        find_schemes(path, path)


def test_labels_outside_the_scheme_are_a_clear_error(write_blocks, name_labels):
    reference = write_blocks(values=(1, 2))
    with pytest.raises(ImageError, match=r"bad\.nii\.gz has the value 9, which liver \(1\)"):
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
