"""Hand work is known until it is undone, and one side of a pair can be worked on alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_boundary import KIDNEY, LIVER, kept, lacking, small, truth

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.boundary import move_boundary
from napari_abdoseg.correction.hints.clicks import Click
from napari_abdoseg.correction.hints.hand_work import MOST, HandWork
from napari_abdoseg.correction.hints.side import side_of
from napari_abdoseg.correction.hints.sparing import Sparing
from napari_abdoseg.errors import CorrectionError

__all__ = ["kept", "small", "truth"]


def test_a_voxel_is_free_again_when_all_its_edits_are_undone():
    work, draw = HandWork((4, 5, 6)), np.random.default_rng(0)
    edits = []
    for _ in range(30):
        there = np.flatnonzero(draw.random(120) < 0.3)
        where = np.unravel_index(there, (4, 5, 6))
        edits.append(Edit(where, np.zeros(there.size), np.ones(there.size)))
        work.add(edits[-1])
    for edit in reversed(edits[5:]):
        work.take_back(edit)
    wanted = np.zeros((4, 5, 6), int)
    for edit in edits[:5]:
        wanted[edit.where] += 1
    np.testing.assert_array_equal(work.times, wanted)
    for _ in range(MOST + 3):
        work.add(edits[0])
    for _ in range(MOST + 3):
        work.take_back(edits[0])
    assert (work.times[edits[0].where] == MOST).all()


def test_one_kidney_alone(truth, small, kept):
    labels = EditableLabels.of(small)
    place = lacking(truth.data, small.data, KIDNEY, np.random.default_rng(0))
    side = side_of(labels, KIDNEY, place)
    assert side.holds(place)
    both = move_boundary(labels, kept, KIDNEY, Click(place, True))
    one = move_boundary(labels, kept, KIDNEY, Click(place, True), sparing=Sparing(within=side))
    assert 0 < one.after.size < both.after.size
    assert set(zip(*one.where)) == {at for at in zip(*both.where) if side.holds(at)}
    mirrored = (place[0], place[1], small.data.shape[2] - 1 - place[2])
    other = side_of(labels, KIDNEY, mirrored)
    assert side.common(other) is None
    counts = [np.count_nonzero(small.data[each.slices] == KIDNEY) for each in (side, other)]
    assert min(counts) > 0.3 * sum(counts)
    assert sum(counts) == np.count_nonzero(small.data == KIDNEY)


def test_what_is_in_one_piece_has_no_sides(small):
    data = np.zeros_like(small.data)
    data[20:40, 20:40, 20:40] = LIVER
    with pytest.raises(CorrectionError, match="The liver is in one piece"):
        side_of(EditableLabels.of(replace(small, data=data)), LIVER, (30, 30, 30))
