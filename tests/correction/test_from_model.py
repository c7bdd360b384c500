"""What a model finds in a box comes into a label map, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.from_model import replace_organ, replace_organs, same_organs
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

BOX = Box((10, 8, 8), (40, 40, 50))
LIVER, KIDNEY, SPLEEN, PANCREAS = 1, 2, 3, 4


def changed(labels: EditableLabels, edit) -> np.ndarray:
    data = labels.data.copy()
    data[edit.where] = edit.after
    return data


@pytest.fixture
def case(phantom):
    """A label map with a tumour in it, and what a model of other numbers finds in a box."""
    truth = phantom[1]
    data = np.roll(truth.data, 2, axis=2)
    data[20:24, 20:24, 20:24] = 9
    organs = (*truth.organs, Organ(9, "tumour"))
    found = np.where(truth.data == LIVER, 7, truth.data)[BOX.slices]
    there = (Organ(7, "Liver"), *truth.organs[1:], Organ(5, "duodenum"))
    found[0] = 5
    return LabelMap(data, truth.grid, organs), found, same_organs(organs, there)


def test_names_tell_what_is_the_same_and_numbers_where_there_are_none(case):
    *_, same = case
    assert same == {7: LIVER, KIDNEY: KIDNEY, SPLEEN: SPLEEN, PANCREAS: PANCREAS}
    unnamed = [Organ(1, "label 1"), Organ(2, "label 2")]
    assert same_organs(unnamed, [Organ(2, "spleen"), Organ(3, "liver")]) == {2: 2}
    assert same_organs([Organ(1, "tumour")], [Organ(1, "liver")]) == {}


@pytest.mark.parametrize("locked", [(), (KIDNEY,), (KIDNEY, 9)])
def test_one_organ_is_where_the_model_finds_it_and_no_other_was(case, locked):
    truth, found, same = case
    labels = EditableLabels.of(truth, locked)
    data = changed(labels, replace_organ(labels, BOX, found, same, LIVER))
    part, before = data[BOX.slices], truth.data[BOX.slices]
    free = (before == 0) | (before == LIVER)
    np.testing.assert_array_equal(part[free] == LIVER, (found == 7)[free])
    np.testing.assert_array_equal(part[~free], before[~free])
    assert (part != before).any()
    data[BOX.slices] = truth.data[BOX.slices]
    np.testing.assert_array_equal(data, truth.data)


@pytest.mark.parametrize("locked", [(), (KIDNEY,), (PANCREAS, 9)])
def test_all_organs_that_the_model_knows_are_where_it_finds_them(case, locked):
    truth, found, same = case
    labels = EditableLabels.of(truth, locked)
    data = changed(labels, replace_organs(labels, BOX, found, same))
    part, before = data[BOX.slices], truth.data[BOX.slices]
    wanted = np.where(found == 7, LIVER, np.where(found == 5, 0, found))
    held = (before == 9) | np.isin(before, locked) | np.isin(wanted, locked)
    np.testing.assert_array_equal(part, np.where(held, before, wanted))
    data[BOX.slices] = truth.data[BOX.slices]
    np.testing.assert_array_equal(data, truth.data)


def test_what_can_not_be_is_said(case):
    truth, found, same = case
    with pytest.raises(CorrectionError, match="The liver is locked"):
        replace_organ(EditableLabels.of(truth, [LIVER]), BOX, found, same, LIVER)
    labels = EditableLabels.of(truth)
    with pytest.raises(CorrectionError, match="The model knows no tumour"):
        replace_organ(labels, BOX, found, same, 9)
    with pytest.raises(CorrectionError, match="knows none of these organs"):
        replace_organs(labels, BOX, found, {})
    with pytest.raises(CorrectionError, match="lies outside the scan"):
        labels.grown(Box((90, 0, 0), (95, 5, 5)), 3.0)
