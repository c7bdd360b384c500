"""Hints on a label map that is being corrected: with logits, without, after strokes and undo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_boundary import KIDNEY, LIVER, PANCREAS, SPACING, changed, lacking, small, truth
from test_propagation import with_slice

from napari_abdoseg import make_phantom
from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.answers import (
    NO_LOGITS,
    OTHER_GRID,
    Corrected,
    CorrectedOrgan,
    Knowledge,
    boundary_moved,
    scribbled,
    slices_followed,
)
from napari_abdoseg.correction.hints.clicks import Click
from napari_abdoseg.correction.hints.scribble import Stroke
from napari_abdoseg.correction.hints.standing import LEARN_FROM_CASE, WRONG_HERE, Standing
from napari_abdoseg.correction.hints.where import SLAB_MM, Where
from napari_abdoseg.correction.hints.without_ensemble import presumed_logits
from napari_abdoseg.errors import AbdosegError, CorrectionError

__all__ = ["small", "truth"]


@pytest.fixture(scope="module")
def hu():
    return make_phantom(5, SPACING)[0].data


@pytest.fixture(scope="module")
def kept(small):
    return presumed_logits(EditableLabels.of(small))


def nothing():
    return None


def organ_of(labels, value=LIVER, find=nothing, hu=None, standing=None, locked=()):
    standing = standing or Standing(labels.data.shape)
    return CorrectedOrgan(EditableLabels.of(labels, locked), value, hu, standing, Knowledge(find))


def stroke(before, after) -> Edit:
    """What makes one array another."""
    where = np.nonzero(before != after)
    return Edit(where, before[where], after[where])


def test_what_a_person_has_painted_stays_until_it_is_undone(truth, small):
    place = lacking(truth.data, small.data, LIVER, np.random.default_rng(1))
    click = Click(place, inside=True, more=1.0)
    organ = organ_of(small)
    free = boundary_moved(organ, click).edit
    assert free.after.size
    drawn = small.data.copy()
    half = tuple(axis[::2] for axis in free.where)
    drawn[half] = KIDNEY
    edit = stroke(small.data, drawn)
    organ.standing.hear([edit], "do", "brush")
    painted = replace(organ, labels=EditableLabels.of(replace(small, data=drawn)))
    assert (organ.standing.by_hand()[half] == 1).all()
    held = boundary_moved(painted, replace(click, more=1.0)).edit
    assert not organ.standing.by_hand()[held.where].any()
    organ.standing.hear([edit.reverted], "undo")
    assert not organ.standing.by_hand().any()
    again = boundary_moved(organ, click).edit
    assert set(zip(*again.where)) == set(zip(*free.where))


def test_hints_are_remembered_as_long_as_they_stand(small, kept):
    standing, where = Standing(small.data.shape), tuple(np.array([1]) for _ in range(3))
    edit = Edit(where, np.array([0]), np.array([LIVER]))
    standing.hear([edit], "do", WRONG_HERE)
    standing.give(LIVER, [Click((1, 1, 1), inside=True)])
    assert len(standing.clicks(LIVER)) == 1
    assert standing.clicks(KIDNEY) == ()
    assert not standing.by_hand().any()
    standing.hear([edit], "undo")
    assert standing.clicks(LIVER) == ()
    standing.hear([edit], "redo")
    assert len(standing.clicks(LIVER)) == 1
    young = standing.age
    standing.hear([edit], "do", "brush")
    standing.give(LIVER, [Click((2, 2, 2), inside=True)])  # the last step was no hint
    assert len(standing.clicks(LIVER)) == 1
    assert standing.clicks(LIVER, young) == standing.clicks(LIVER)
    assert standing.clicks(LIVER, standing.age) == ()
    standing.hear_of_change()
    assert standing.clicks(LIVER, standing.age) == ()
    assert standing.steps == (2, 0)
    standing.begin_anew(small.data.shape, lambda: [[edit], [edit]], (2, 1))
    assert standing.clicks(LIVER) == ()
    assert standing.steps == (2, 1)
    assert standing.by_hand()[1, 1, 1] == 2
    standing.hear([edit], "undo")
    standing.hear([edit], "undo")
    standing.hear([edit], "undo")  # of a step that nobody has told of
    assert not standing.by_hand().any()


def test_logits_of_an_ensemble_are_read_once_and_used_where_they_fit(truth, small, kept, hu):
    place = lacking(truth.data, small.data, LIVER, np.random.default_rng(1))
    calls = []

    def find():
        calls.append(1)
        return kept

    organ = organ_of(small, find=find)
    click = Click(place, inside=True)
    assert boundary_moved(organ, click).less == ""
    assert boundary_moved(organ, click).clicks == (click,)
    assert calls == [1]
    assert boundary_moved(organ_of(small, hu=hu), click).less == NO_LOGITS
    whole = EditableLabels.of(small)
    cut = replace(whole, data=small.data[:, :, : whole.boxes[LIVER].stop[2] + 2])
    of_other_grid = replace(organ, labels=cut, standing=Standing(cut.data.shape))
    assert boundary_moved(of_other_grid, click).less == OTHER_GRID

    def damaged():
        raise AbdosegError("The file is damaged.")

    assert boundary_moved(organ_of(small, find=damaged), click).less == "The file is damaged."
    known = replace(kept, values=(0, 1, 2, 3, 9))
    other = organ_of(small, PANCREAS, find=lambda: known)
    place = lacking(truth.data, small.data, PANCREAS, np.random.default_rng(1))
    assert "knows no pancreas" in boundary_moved(other, Click(place, inside=True)).less


def test_hints_go_by_what_a_fold_has_learnt_as_long_as_a_step_of_it_stands(truth, small, kept):
    logits = kept.logits.copy()
    logits[kept.values.index(0)] -= np.float16(2)
    learnt = replace(kept, logits=logits)
    organ, edit = organ_of(small, find=lambda: kept), stroke(small.data, small.data)
    standing, click = (
        organ.standing,
        Click(lacking(truth.data, small.data, LIVER, np.random.default_rng(1)), inside=True),
    )
    before = boundary_moved(organ, click).edit.after.size
    assert organ.knowledge.kept() is kept
    standing.hear([edit], "do", LEARN_FROM_CASE)
    standing.give(LIVER, (), learnt)
    assert standing.learnt(LIVER) is learnt
    assert standing.learnt(KIDNEY) is None
    assert boundary_moved(organ, click).edit.after.size != before
    standing.hear([edit], "undo")
    assert standing.learnt(LIVER) is None
    assert boundary_moved(organ, click).edit.after.size == before
    standing.hear([edit], "redo")
    assert standing.learnt(LIVER) is learnt

    def damaged():
        raise AbdosegError("The file is damaged.")

    with pytest.raises(CorrectionError, match="The file is damaged"):
        organ_of(small, find=damaged).knowledge.kept()


@pytest.mark.parametrize("last", [True, False])
def test_hints_where_other_logits_know_nothing_count_no_more(truth, small, kept, last):
    place = lacking(truth.data, small.data, LIVER, np.random.default_rng(1))
    alone = boundary_moved(organ_of(small, find=lambda: kept), Click(place, inside=True))
    organ = organ_of(small, find=lambda: kept)
    organ.standing.hear([], "do", WRONG_HERE)
    corner = [size - 1 for size in small.data.shape] if last else [0, 0, 0]
    assert not kept.box.holds(tuple(corner))
    organ.standing.give(LIVER, [Click(tuple(corner), inside=False)])
    organ.standing.give(LIVER, [Click(place, inside=True)])  # was told already
    assert len(organ.standing.clicks(LIVER)) == 1
    found = boundary_moved(organ, Click(place, inside=True))
    np.testing.assert_array_equal(found.edit.where, alone.edit.where)


def test_a_ct_with_gaps_is_taken_as_air_there(truth, small, hu):
    gaps = hu.astype(np.float32)
    z, y, x = place = lacking(truth.data, small.data, LIVER, np.random.default_rng(1))
    gaps[z, :, x + 8 :] = np.nan
    organ = organ_of(small, hu=gaps)
    assert boundary_moved(organ, Click(place, inside=True)).edit.after.size
    drawn = Stroke(tuple(np.array([at]) for at in (z, y, x)), inside=True)
    assert scribbled(organ, [drawn]).edit.after.size


@pytest.mark.parametrize("find", ["kept", "nothing"])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_that_were_drawn_are_followed_as_far_as_they_reach(truth, small, kept, find, axis):
    should = truth.data == LIVER
    number = int(np.median(np.argwhere(should)[:, axis]))
    drawn = with_slice(small, truth, LIVER, axis, number).data
    edit = stroke(small.data, drawn)
    organ = organ_of(replace(small, data=drawn), find=(lambda: kept) if find == "kept" else nothing)
    organ.standing.hear([edit], "do", "brush")
    corrected = Corrected(axis, (number,), lambda: [edit])
    step = SPACING[axis]
    sizes = []
    for reach in (10.0, 40.0):
        found = slices_followed(organ, corrected, reach)
        away = np.abs(found.edit.where[axis] - number) * step
        assert 0 < away.max() <= reach
        assert not organ.standing.by_hand()[found.edit.where].any()
        data = changed(drawn, found.edit)
        at = np.s_[number - 2 : number + 3 : 4]
        before, after, wanted = (
            np.moveaxis(each, axis, 0)[at] for each in (drawn == LIVER, data == LIVER, should)
        )
        sizes.append(found.edit.after.size)
    assert (after != wanted).sum() < 0.6 * (before != wanted).sum()
    assert sizes[0] < sizes[1]
    organ.standing.hear([found.edit], "do", "follow slices")
    organ.standing.give(LIVER, found.clicks)
    assert organ.standing.clicks(LIVER) == found.clicks
    done = replace(organ, labels=EditableLabels.of(replace(small, data=data)))
    if find == "kept":
        assert slices_followed(done, corrected, 40.0).edit.after.size < 0.1 * sizes[1]


@pytest.mark.parametrize("where", [Where.SLAB, Where.VIEW, Where.SIDE])
def test_only_a_part_of_an_organ_changes(truth, small, where):
    place = lacking(truth.data, small.data, KIDNEY, np.random.default_rng(0))
    click, organ = Click(place, inside=True, more=1.0), organ_of(small, KIDNEY)
    z, y, x = place
    view = Box((0, y - 4, x - 4), (small.data.shape[0] + 9, y + 5, x + 5))
    everywhere = boundary_moved(organ, click).edit
    edit = boundary_moved(organ, click, where, 0, view).edit
    assert 0 < edit.after.size < everywhere.after.size
    if where is Where.SLAB:
        assert (np.abs(edit.where[0] - z) * SPACING[0]).max() <= SLAB_MM + SPACING[0]
    if where is Where.VIEW:
        assert np.abs(edit.where[1] - y).max() <= 4
    if where is not Where.SIDE:
        with pytest.raises(CorrectionError, match="click in a slice"):
            boundary_moved(organ, click, where, None, None)


def test_what_is_no_hint_is_refused_in_a_sentence(truth, small):
    place = lacking(truth.data, small.data, LIVER, np.random.default_rng(0))
    click = Click(place, inside=True)
    with pytest.raises(CorrectionError, match="not in the scan"):
        boundary_moved(organ_of(small), replace(click, place=(0, -1, 0)))
    with pytest.raises(CorrectionError, match="The liver is locked"):
        boundary_moved(organ_of(small, locked=[LIVER]), click)
    without = small.data.copy()
    without[without == LIVER] = 0
    with pytest.raises(CorrectionError, match="There is no liver in this label map"):
        boundary_moved(organ_of(replace(small, data=without)), click)
    as_it_was = Corrected(0, (EditableLabels.of(small).boxes[LIVER].start[0] + 2,), list)
    with pytest.raises(CorrectionError, match="as it was found: correct it first"):
        slices_followed(organ_of(small), as_it_was, 50.0)
    empty = replace(small, data=np.zeros_like(small.data))
    with pytest.raises(CorrectionError, match="There is no liver in this label map"):
        slices_followed(organ_of(empty), Corrected(0, (3,), list), 10.0)
