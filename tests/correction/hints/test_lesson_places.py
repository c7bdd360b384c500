"""Places are offered one by one, small ones together, and nothing that others have changed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.places import MOST, Places

ORGAN, OTHER = 3, 5
LOGITS = 1.0, 1.0, 1.0
SPACING = 5.0, 5.0, 5.0
"""A voxel is 125 mm3."""


def place(*columns, after=ORGAN):
    at = np.array(columns)
    return Edit((0 * at, 0 * at, at), np.zeros(at.size, np.uint8), np.full(at.size, after))


@pytest.fixture
def labels():
    return EditableLabels(np.zeros((1, 1, 40), np.uint8), SPACING, {})


@pytest.fixture
def by_hand(labels):
    return np.zeros(labels.data.shape, np.uint8)


THREE = place(0, 1, 2), place(10, 11), place(20)


def columns(edit):
    return edit.where[2].tolist()


def test_small_places_are_joined_as_the_last(labels):
    fine = replace(labels, spacing=(4.0, 5.0, 4.0))  # 80 mm3
    places = Places.of((*THREE, place(30)), fine, LOGITS)
    assert [columns(each) for each in places.edits] == [[0, 1, 2], [10, 11], [20, 30]]
    assert places.small == 2
    coarse = Places.of(THREE, labels, (5.0, 5.0, 5.0))  # eight voxels of the logits are 1000 mm3
    assert [columns(each) for each in coarse.edits] == [[0, 1, 2, 10, 11, 20]]
    many = Places.of([place(number) for number in range(40)], labels, LOGITS)
    assert len(many.edits) == MOST + 1
    assert many.small == 40 - MOST
    none = Places.of([], labels, LOGITS)
    assert (none.edits, none.small, none.is_over) == ((), 0, True)


def test_places_are_seen_forwards_and_back_and_those_that_were_taken_are_not(labels, by_hand):
    places, edit = Places.of(THREE, labels, LOGITS).ahead(labels, by_hand)
    assert (places.at, columns(edit)) == (0, [0, 1, 2])
    places, edit = places.passed().ahead(labels, by_hand)
    assert (places.at, columns(edit)) == (1, [10, 11])
    labels.data[edit.where] = edit.after
    places, edit = places.passed().ahead(labels, by_hand)
    assert (places.at, columns(edit)) == (2, [20])
    places, edit = places.passed().ahead(labels, by_hand)
    assert places.is_over
    assert edit.is_nothing
    assert places.left_out(labels, by_hand) == 2
    places, edit = places.back(labels, by_hand)
    assert (places.at, columns(edit)) == (2, [20])
    places, edit = places.back(labels, by_hand)
    assert (places.at, columns(edit)) == (0, [0, 1, 2])
    again, edit = places.back(labels, by_hand)
    assert (again.at, columns(edit)) == (0, [0, 1, 2])
    last, edit = places.passed().rest(labels, by_hand)
    assert columns(edit) == [20]
    assert last.passed().is_over
    labels.data[0, 0, 10:12] = 0  # undone
    last, edit = places.passed().rest(labels, by_hand)
    assert columns(edit) == [10, 11, 20]


def test_what_others_have_changed_painted_or_locked_is_no_part_of_a_place(labels, by_hand):
    places = Places.of((place(0, 1, 2, after=OTHER), *THREE[1:]), labels, LOGITS)
    by_hand[0, 0, 1] = 1
    labels.data[0, 0, 2] = OTHER
    found, edit = places.ahead(labels, by_hand)
    assert (found.at, columns(edit), edit.after.tolist()) == (0, [0], [OTHER])
    found, edit = places.ahead(replace(labels, locked=frozenset([OTHER])), by_hand)
    assert (found.at, columns(edit)) == (1, [10, 11])
    by_hand[:] = 1
    found, edit = places.ahead(labels, by_hand)
    assert found.is_over
    assert edit.is_nothing
    assert found.left_out(labels, by_hand) == 0
