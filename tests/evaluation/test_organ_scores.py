"""Scores of organs."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from napari_abdoseg.errors import ImageError
from napari_abdoseg.evaluation.dice import dice
from napari_abdoseg.evaluation.organ_scores import score_organs
from napari_abdoseg.evaluation.score import Emptiness
from napari_abdoseg.evaluation.surface_distance import SurfaceDistances
from napari_abdoseg.evaluation.surfels import find_surfels
from napari_abdoseg.evaluation.tolerance import FLARE22
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.volume import LabelMap


def label_map(data, spacing=1.0) -> LabelMap:
    data = np.asarray(data, np.uint8)
    return LabelMap(data, Grid.from_spacing(data.shape, (spacing,) * 3), ABDOMINAL_ORGANS)


def test_the_box_of_an_organ_is_as_good_as_the_whole_scan(phantom):
    truth = phantom[1]
    found = LabelMap(np.roll(truth.data, (1, -2), axis=(0, 2)), truth.grid, truth.organs)
    scores = score_organs(found, truth, FLARE22)
    assert [score.organ for score in scores] == list(truth.organs)
    assert {score.organ: score.dsc for score in scores} == dice(found, truth)
    for score in scores:
        masks = (labels.data == score.organ.value for labels in (found, truth))
        distances = SurfaceDistances.between(
            *(find_surfels(mask, truth.grid.spacing) for mask in masks)
        )
        assert score.tolerance_mm == FLARE22.of(score.organ)
        assert score.nsd == pytest.approx(distances.normalized_dice(score.tolerance_mm), abs=1e-12)
        assert score.hd95_mm == pytest.approx(distances.hausdorff_percentile(95))
        assert score.assd_mm == pytest.approx(distances.average_symmetric())
        assert 0 < score.nsd <= 1
        assert score.emptiness is Emptiness.NEITHER


def test_volumes_in_ml():
    truth = label_map(np.ones((10, 10, 10)), spacing=2.0)
    half = label_map(np.arange(10)[:, None, None] < 5 * np.ones((10, 10, 10)), spacing=2.0)
    liver = score_organs(half, truth)[0]
    assert (liver.volume_prediction_ml, liver.volume_reference_ml) == (4, 8)
    assert liver.volume_difference_ml == -4


def test_empty_masks_follow_the_rule():
    truth = label_map([[[1, 2, 2, 0]]])
    found = label_map([[[1, 0, 0, 3]]])
    liver, kidney, spleen, pancreas = score_organs(found, truth)
    assert (liver.dsc, liver.nsd, liver.hd95_mm, liver.assd_mm) == (1, 1, 0, 0)
    for score, emptiness, value in (
        (kidney, Emptiness.PREDICTION, 0),
        (spleen, Emptiness.REFERENCE, 0),
        (pancreas, Emptiness.BOTH, 1),
    ):
        assert (score.dsc, score.nsd, score.emptiness) == (value, value, emptiness)
        assert isnan(score.hd95_mm)
        assert isnan(score.assd_mm)


def test_two_grids_are_a_clear_error():
    with pytest.raises(ImageError, match="not on one grid"):
        score_organs(label_map(np.ones((2, 2, 2))), label_map(np.ones((2, 2, 2)), spacing=2))
