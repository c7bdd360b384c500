"""Weights of what is added to logits, against SciPy's non-negative least squares."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import solve_triangular
from scipy.optimize import nnls

from napari_abdoseg.correction.hints.least_that_suffices import RIDGE, least_that_suffices


def alike_by_distance(places: np.ndarray, mm: float) -> np.ndarray:
    return np.exp(-np.linalg.norm(places[:, None] - places, axis=2) / mm)


@pytest.mark.parametrize("seed", range(20))
def test_it_is_what_scipy_finds(seed):
    draw = np.random.default_rng(seed)
    count = int(draw.integers(1, 80))
    places = draw.uniform(0, 60, (count, 3)).round(draw.integers(0, 3))
    alike = alike_by_distance(places, draw.uniform(2, 80))
    ways, needs = draw.choice([-1, 1], count), draw.normal(draw.uniform(-1, 1), 3, count)
    alike = ways[:, None] * alike * ways
    found = least_that_suffices(alike, needs)
    root = np.linalg.cholesky(alike + RIDGE * np.eye(count))
    theirs, _ = nnls(root.T, solve_triangular(root, needs, lower=True))
    np.testing.assert_allclose(found, theirs, atol=1e-6 * max(1, theirs.max()))


def test_nothing_is_added_where_nothing_is_needed():
    alike = alike_by_distance(np.arange(12.0).reshape(4, 3), 10.0)
    assert not least_that_suffices(alike, np.array([-1.0, -0.5, 0.0, -2.0])).any()
    assert least_that_suffices(np.zeros((0, 0)), np.zeros(0)).size == 0


def test_places_that_are_the_same_may_need_different_things():
    """And rounding may have made what they are like impossible."""
    alike = np.array([[1, 1 + 1e-3], [1 + 1e-3, 1]])
    weights = least_that_suffices(alike, np.array([1.0, 3.0]))
    assert (weights >= 0).all()
    assert (alike @ weights >= np.array([1.0, 3.0]) - 1e-2).all()
