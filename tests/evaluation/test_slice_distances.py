"""Steps to a surface by way of its slices."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import cdist

from napari_abdoseg.evaluation import slice_distances
from napari_abdoseg.evaluation.slice_distances import FARTHEST, steps_by_slices
from napari_abdoseg.evaluation.surface_distance import distances_to, lengths_of
from napari_abdoseg.evaluation.surfels import find_surfels
from napari_abdoseg.image.grid import in_mm


@pytest.fixture
def always(monkeypatch):
    monkeypatch.setattr(slice_distances, "PIXELS_A_QUERY", inf)


@pytest.mark.usefixtures("always")
@pytest.mark.parametrize("lattice", [(3.0, 0.7, 0.7), (0.7, 0.3, 0.7), (0.9, 0.9, 2.0)], ids=str)
def test_steps_are_as_long_as_to_the_nearest_corner(lattice):
    random = np.random.default_rng(0)
    for shape in ((1, 1, 1), (1, 9, 30), (30, 2, 3), (14, 17, 11), (5, 40, 33)):
        noise = ndimage.gaussian_filter(random.random(shape), 1.5)
        for level in (0.5, 0.99, 1):
            other = find_surfels(noise >= np.quantile(noise, level), lattice)
            places = np.flatnonzero(~other.passes)
            steps = steps_by_slices(places, other)
            corners = [np.argwhere(marks) for marks in (~other.passes, other.passes)]
            nearest = cdist(*(in_mm(each, lattice) for each in corners)).min(axis=1, initial=inf)
            np.testing.assert_allclose(lengths_of(steps, lattice), nearest, rtol=0, atol=1e-12)


@pytest.mark.usefixtures("always")
def test_what_is_too_far_for_16_bits_is_left_to_the_tree():
    mask = np.zeros((1, 1, 2 * FARTHEST), bool)
    mask[0, 0, 0] = True
    other = find_surfels(mask, (1.0, 1.0, 1.0))
    x = np.arange(2, 2 * FARTHEST)
    gone = np.abs(steps_by_slices(x, other))
    assert gone[:, 2].tolist() == [end - 1 if end - 1 <= FARTHEST else 0 for end in x]
    last = find_surfels(mask[..., ::-1], other.lattice)
    assert set(distances_to(last, other)) == {2 * FARTHEST - 2, 2 * FARTHEST - 1}


@pytest.mark.usefixtures("always")
def test_without_square_pixels_a_tree_searches():
    mask = np.zeros((9, 9, 9), bool)
    mask[4, 4, 4] = True
    sheared = ((1.0, 0.1, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    for lattice in ((1.0, 2.0, 3.0), sheared):
        assert not steps_by_slices(np.arange(9), find_surfels(mask, lattice)).any()
    assert steps_by_slices(np.arange(9), find_surfels(mask, (1.0, 2.0, 1.0))).any(axis=1).all()


def test_a_k_d_tree_is_asked_for_few():
    mask = np.zeros((60, 60, 60), bool)
    mask[30, 30, 30] = True
    other = find_surfels(mask, (1.0, 1.0, 1.0))
    outside = np.flatnonzero(~other.passes)
    assert not steps_by_slices(outside[:20], other).any()
    assert steps_by_slices(outside, other).any(axis=1).all()
