"""What an ensemble says now is offered place by place, and nothing that must stay; how far it was
right in slices.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from test_boundary import KIDNEY, LIVER, SPLEEN, TUMOUR, changed, kept, lacking, small, truth

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.changed_mind import changed_mind
from napari_abdoseg.correction.hints.clicks import Click
from napari_abdoseg.correction.hints.slice_agreement import dice_in_slices
from napari_abdoseg.correction.hints.sparing import Sparing
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.evaluation.dice import dice_of_masks

__all__ = ["kept", "small", "truth"]


@pytest.fixture(scope="module")
def learnt(kept):
    """An ensemble that has come to see all organs larger, by 2 mm."""
    logits = kept.logits.copy()
    logits[kept.values.index(0)] -= np.float16(4)
    return replace(kept, logits=logits)


def test_places_are_whole_and_the_largest_comes_first(small, kept, learnt):
    labels = EditableLabels.of(small)
    places = changed_mind(labels, kept, learnt, KIDNEY)
    sizes = [place.after.size for place in places]
    assert len(places) > 1
    assert sizes == sorted(sizes, reverse=True)
    data = small.data
    for place in places:
        alone = changed(data, place) != data
        _, count = ndimage.label(alone, np.ones((3, 3, 3)))
        assert count == 1
        data = changed(data, place)
    _, count = ndimage.label(data != small.data, np.ones((3, 3, 3)))
    assert count == len(places)
    assert (data == KIDNEY).sum() > (small.data == KIDNEY).sum()
    assert {KIDNEY} == set(data[data != small.data].tolist())


def test_what_is_locked_or_painted_stays_and_nothing_is_no_place(small, kept, learnt):
    by_hand = np.zeros(small.data.shape, np.uint8)
    by_hand[::2] = 1
    labels = EditableLabels.of(small)
    places = changed_mind(labels, kept, learnt, SPLEEN, sparing=Sparing(by_hand=by_hand))
    assert places
    assert not any(by_hand[place.where].any() for place in places)
    assert changed_mind(labels, kept, kept, SPLEEN) == ()
    with pytest.raises(CorrectionError, match="The spleen is locked"):
        changed_mind(EditableLabels.of(small, [SPLEEN]), kept, learnt, SPLEEN)
    with pytest.raises(CorrectionError, match="knows no label 9"):
        changed_mind(labels, kept, learnt, TUMOUR)
    gone = replace(small, data=np.where(small.data == SPLEEN, 0, small.data))
    with pytest.raises(CorrectionError, match="There is no spleen"):
        changed_mind(EditableLabels.of(gone), kept, learnt, SPLEEN)


def test_clicks_hold_for_what_is_said_now(truth, small, kept):
    """What clicks have already brought does not change again."""
    place = lacking(truth.data, small.data, LIVER, np.random.default_rng(2))
    clicks = [Click(place, inside=True)]
    assert changed_mind(EditableLabels.of(small), kept, kept, LIVER, clicks) == ()


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_how_far_logits_agree_with_slices_is_the_dsc_in_these_alone(truth, small, kept, axis):
    middle = int(np.argwhere(truth.data == LIVER).mean(axis=0)[axis])
    numbers = [middle - 4, middle]
    labels = EditableLabels.of(truth)
    told = dice_in_slices(labels, kept, LIVER, [(axis, number) for number in numbers])
    inside = [np.take(each.data == LIVER, numbers, axis) for each in (truth, small)]
    assert told == pytest.approx(dice_of_masks(*inside), abs=1e-3)
    assert told < 0.95
    assert dice_in_slices(EditableLabels.of(small), kept, LIVER, [(axis, middle)]) > 0.999


def test_what_logits_do_not_reach_is_not_found_in_slices(truth, kept):
    labels = EditableLabels.of(truth)
    middle = int(np.argwhere(truth.data == LIVER).mean(axis=0)[0])
    elsewhere = replace(kept, box=Box((0, 0, 0), (1, 1, 1)))
    assert dice_in_slices(labels, elsewhere, LIVER, [(0, middle)]) == 0
    assert dice_in_slices(EditableLabels.of(truth), elsewhere, LIVER, []) == 1
