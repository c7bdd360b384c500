"""Steps of a layer are followed for hints, also those before, and after other voxels came."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels

from napari_abdoseg.correction.hints.clicks import Click
from napari_abdoseg.correction.hints.standing import WRONG_HERE
from napari_abdoseg.plugin.paint_events.label_edits import LabelEdits
from napari_abdoseg.plugin.paint_events.shared_labels import shared_labels
from napari_abdoseg.plugin.painting.standing_steps import StandingSteps

PLACE = (2, 3, 4)


@pytest.fixture
def layer(qapp):
    viewer = ViewerModel()
    layer = viewer.add_labels(np.zeros((6, 7, 8), np.uint8))
    layer.metadata["viewer"] = viewer
    return layer


@pytest.fixture
def edits(layer) -> LabelEdits:
    """Somebody else who follows the layer, as the list of organs does."""
    return LabelEdits(layer.metadata["viewer"], layer)


def follow(layer: Labels) -> StandingSteps:
    return StandingSteps(layer.metadata["viewer"], layer)


def stroke(layer: Labels, place, value: int, tool: str = "brush") -> None:
    with shared_labels(layer).held_by(tool):
        layer.data_setitem(tuple(np.array([at]) for at in place), value)


def test_strokes_before_and_after_are_a_persons_and_hints_are_not(layer, edits):
    stroke(layer, PLACE, 1)
    steps = follow(layer)
    standing = steps.standing
    assert standing.by_hand()[PLACE] == 1
    stroke(layer, (1, 1, 1), 2)
    stroke(layer, (0, 0, 0), 2, WRONG_HERE)
    standing.give(2, [Click((0, 0, 0), inside=True)])
    assert np.argwhere(standing.by_hand()).tolist() == [[1, 1, 1], list(PLACE)]
    assert len(standing.clicks(2)) == 1
    layer.undo()
    assert standing.clicks(2) == ()
    layer.undo()
    assert np.argwhere(standing.by_hand()).tolist() == [list(PLACE)]
    layer.redo()
    layer.redo()
    assert len(standing.clicks(2)) == 1
    assert standing.by_hand()[1, 1, 1] == 1
    steps.close()
    stroke(layer, (5, 5, 5), 1)
    assert standing.by_hand()[5, 5, 5] == 0


def test_other_voxels_make_what_was_presumed_old(layer, edits):
    steps = follow(layer)
    standing = steps.standing
    stroke(layer, PLACE, 1)
    age = standing.age
    layer.data[0, 0, 0] = 3
    layer.refresh()
    assert standing.age > age
    assert standing.by_hand()[PLACE] == 1
    layer.data = np.zeros((3, 3, 3), np.uint8)
    assert standing.shape == (3, 3, 3)
    assert standing.by_hand().shape == (3, 3, 3)


def test_the_oldest_step_that_napari_forgets_is_still_a_persons(layer, edits):
    steps = follow(layer)
    standing = steps.standing
    for number in range(130):
        stroke(layer, (number % 6, number // 6 % 7, number // 42), 1 + number % 3)
    layer.data[5, 6, 7] = 3
    layer.refresh()
    assert standing.by_hand()[0, 0, 0] == 1
