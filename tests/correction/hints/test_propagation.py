"""A corrected slice moves an organ's boundary around it, and says nothing where it is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from test_boundary import LIVER, SPLEEN, changed, kept, small, truth

from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.boundary import follow
from napari_abdoseg.correction.hints.propagation import MOST, clicks_of_slice
from napari_abdoseg.correction.hints.sparing import Sparing
from napari_abdoseg.errors import CorrectionError

__all__ = ["kept", "small", "truth"]


def with_slice(labels, truth, organ, axis, number):
    """As somebody leaves it who has corrected a slice."""
    data = labels.data.copy()
    ours, theirs = (np.moveaxis(each, axis, 0)[number] for each in (data, truth.data))
    ours[(ours == organ) & (theirs != organ)] = 0
    ours[theirs == organ] = organ
    return replace(labels, data=data)


@pytest.mark.parametrize("organ", [LIVER, SPLEEN])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_neighbours_follow_and_what_is_far_gets_no_worse(truth, small, kept, organ, axis):
    should = truth.data == organ
    number = int(np.median(np.argwhere(should)[:, axis]))
    drawn = with_slice(small, truth, organ, axis, number)
    labels = EditableLabels.of(drawn)
    clicks = clicks_of_slice(labels, kept, organ, axis, number)
    assert 0 < len(clicks) <= 3 * MOST
    assert {click.place[axis] for click in clicks} == {number}
    assert all((drawn.data[click.place] == organ) == click.inside for click in clicks)
    by_hand = np.zeros(small.data.shape, bool)
    np.moveaxis(by_hand, axis, 0)[number] = True
    edit = follow(labels, kept, organ, clicks, sparing=Sparing(by_hand=by_hand))
    assert not by_hand[edit.where].any()
    data = changed(drawn.data, edit)
    steps = {"beside": 2, "far": 12}
    mended = {}
    for name, step in steps.items():
        at = np.s_[number - step : number + step + 1 : 2 * step]
        before, after, wanted = (
            np.moveaxis(each, axis, 0)[at] for each in (small.data == organ, data == organ, should)
        )
        mended[name] = 1 - (after != wanted).sum() / (before != wanted).sum()
    assert mended["beside"] > 0.5
    assert mended["far"] > -0.05


def test_a_slice_that_is_right_says_nothing(truth, small, kept):
    labels = EditableLabels.of(small)
    number = int(np.median(np.argwhere(small.data == LIVER)[:, 0]))
    drawn = with_slice(small, truth, LIVER, 0, number)
    clicks = clicks_of_slice(EditableLabels.of(drawn), kept, LIVER, 0, number)
    again = follow(EditableLabels.of(drawn), kept, LIVER, clicks, clicks)
    assert again.is_nothing
    with pytest.raises(CorrectionError, match="too far from all organs"):
        clicks_of_slice(labels, kept, LIVER, 0, 0)
    with pytest.raises(CorrectionError, match="The liver is locked"):
        clicks_of_slice(EditableLabels.of(small, [LIVER]), kept, LIVER, 0, number)
    beyond = labels.boxes[LIVER].stop[0] + 2
    with pytest.raises(CorrectionError, match="shows the liver as it was found"):
        clicks_of_slice(labels, kept, LIVER, 0, beyond)
