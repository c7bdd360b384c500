"""NSD of two masks."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from napari_abdoseg.errors import ImageError
from napari_abdoseg.evaluation.normalized_surface_dice import normalized_surface_dice
from napari_abdoseg.evaluation.surface_distance import SurfaceDistances
from napari_abdoseg.evaluation.surfels import find_surfels

SPACING = (2.0, 1.0, 1.0)


def test_cutting_to_the_masks_changes_nothing(phantom):
    truth = phantom[1]
    one, other = truth.data == 3, np.roll(truth.data == 3, 2, axis=1)
    whole = SurfaceDistances.between(
        find_surfels(one, truth.grid.spacing), find_surfels(other, truth.grid.spacing)
    )
    for tolerance in (0.0, 1.0, 3.0):
        nsd = normalized_surface_dice(one, other, truth.grid.spacing, tolerance)
        assert nsd == pytest.approx(whole.normalized_dice(tolerance), abs=1e-12)


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_masks_may_lie_in_memory_in_any_order(order):
    shape = np.array((9, 7, 8))
    one, other = np.zeros((2, *shape[list(order)]), bool)
    one, other = (mask.transpose(np.argsort(order))[:, ::-1] for mask in (one, other))
    one[2:6, 3:5, 1:7] = one[7, 6, 7] = other[3:6, 2:5, 2:7] = other[0, 3, 0] = True
    tight = [np.ascontiguousarray(mask) for mask in (one, other)]
    whole = SurfaceDistances.between(*(find_surfels(mask, SPACING) for mask in tight))
    nsd = normalized_surface_dice(one, other, SPACING, 1.0)
    assert nsd == pytest.approx(whole.normalized_dice(1.0), abs=1e-12)
    assert 0 < nsd < 1


def test_empty_masks():
    empty, full = np.zeros((3, 3, 3), bool), np.ones((3, 3, 3), bool)
    assert normalized_surface_dice(empty, empty, SPACING, 1.0) == 1
    assert normalized_surface_dice(empty, full, SPACING, 1.0) == 0
    assert normalized_surface_dice(full, empty, SPACING, 1.0) == 0
    assert normalized_surface_dice(full, full, SPACING, 0.0) == 1


@pytest.mark.parametrize(
    ("one", "other", "spacing", "words"),
    [
        (np.zeros((2, 2, 2)), np.zeros((2, 2, 2), bool), SPACING, "of bool, not of float64"),
        (np.zeros((2, 2, 2), bool), np.zeros((2, 2, 3), bool), SPACING, "one shape"),
        (np.zeros((2, 2), bool), np.zeros((2, 2), bool), SPACING, "one shape"),
        (np.zeros((2, 2, 2), bool), np.zeros((2, 2, 2), bool), (1, 1, np.nan), "three positive"),
        (np.zeros((2, 2, 2), bool), np.zeros((2, 2, 2), bool), (1, 0, 1), "three positive"),
        (np.zeros((2, 2, 2), bool), np.zeros((2, 2, 2), bool), (1, 1), "three positive"),
    ],
)
def test_what_can_not_be_compared_is_a_clear_error(one, other, spacing, words):
    with pytest.raises(ImageError, match=words):
        normalized_surface_dice(one, other, spacing, 1.0)
