"""DSC of label maps."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdoseg.errors import ImageError
from napari_abdoseg.evaluation.dice import dice
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.volume import LabelMap

LIVER, KIDNEY, SPLEEN, PANCREAS = ABDOMINAL_ORGANS


def label_map(data, spacing=1.0) -> LabelMap:
    data = np.asarray(data, np.uint8)
    return LabelMap(data, Grid.from_spacing(data.shape, (spacing,) * 3), ABDOMINAL_ORGANS)


def test_agrees_with_the_definition(phantom):
    truth = phantom[1]
    shifted = LabelMap(np.roll(truth.data, 1, axis=2), truth.grid, truth.organs)
    scores = dice(shifted, truth)
    for organ in truth.organs:
        a, b = shifted.data == organ.value, truth.data == organ.value
        assert scores[organ] == pytest.approx(2 * (a & b).sum() / (a.sum() + b.sum()))
        assert 0.5 < scores[organ] < 1


def test_absent_organs():
    truth = label_map([[[1, 1, 2, 0], [0, 0, 0, 0]]])
    found = label_map([[[1, 0, 0, 9], [3, 0, 0, 0]]])
    assert dice(found, truth) == {LIVER: 2 / 3, KIDNEY: 0, SPLEEN: 0, PANCREAS: 1}


def test_two_grids_are_a_clear_error():
    with pytest.raises(ImageError, match="not on one grid"):
        dice(label_map(np.ones((2, 2, 2))), label_map(np.ones((2, 2, 2)), spacing=2))
