"""Label maps of which one or both only number their labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_abdoseg.errors import ImageError
from napari_abdoseg.evaluation.unnamed_labels import share_names
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ, number_name
from napari_abdoseg.image.volume import LabelMap

GRID = Grid.from_spacing((2, 3, 4), (1.0, 1.0, 1.0))


def labels(*organs: Organ) -> LabelMap:
    return LabelMap(np.zeros(GRID.shape, np.uint8), GRID, organs)


def numbered(*values: int) -> LabelMap:
    return labels(*(Organ(value, number_name(value)) for value in values))


def test_names_of_both_stay():
    one, other = labels(Organ(1, "liver")), labels(Organ(7, "liver"))
    assert share_names(one, other) == (one, other)


@pytest.mark.parametrize("named_first", [False, True])
def test_numbers_take_the_names_of_the_other_one(named_first):
    pair = labels(*ABDOMINAL_ORGANS), numbered(1, 3)
    shared = share_names(*(pair if named_first else pair[::-1]))
    assert [each.organs for each in shared] == [ABDOMINAL_ORGANS] * 2


def test_a_label_of_one_side_alone_is_an_empty_organ_of_the_other():
    one, other = share_names(numbered(1, 2), numbered(2, 9))
    assert one.organs == other.organs
    assert [organ.name for organ in one.organs] == ["label 1", "label 2", "label 9"]


def test_nothing_is_painted_yet_on_one_side():
    one, _ = share_names(numbered(), labels(*ABDOMINAL_ORGANS))
    assert one.organs == ABDOMINAL_ORGANS


def test_a_value_that_no_organ_has_is_an_error():
    with pytest.raises(ImageError, match=r"has the values 7, 8, which no organ .*\(1 liver, 2"):
        share_names(numbered(1, 7, 8), labels(*ABDOMINAL_ORGANS))


def test_what_the_named_one_ignores_is_ignored_in_both():
    named = replace(labels(Organ(1, "liver")), ignored=9)
    for one, other in ((named, numbered(1, 9)), (numbered(1, 9), named)):
        shared = share_names(one, other)
        assert [(each.organs, each.ignored) for each in shared] == [((Organ(1, "liver"),), 9)] * 2


def test_no_value_in_common_is_an_error():
    with pytest.raises(ImageError, match=r"has the values 1, 2, and .* 3: no label is in both"):
        share_names(numbered(1, 2), numbered(3))
