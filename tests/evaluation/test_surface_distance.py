"""Surface distances and NSD against DeepMind's implementation, and on paper."""

from __future__ import annotations

from itertools import pairwise
from math import inf, pi

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.distance import cdist

from napari_abdoseg.evaluation import surface_within
from napari_abdoseg.evaluation.surface_distance import (
    LOOKS,
    SurfaceDistances,
    distances_to,
    lengths_of,
    steps_within,
)
from napari_abdoseg.evaluation.surface_within import normalized_dice, within_tolerance
from napari_abdoseg.evaluation.surfels import find_surfels
from napari_abdoseg.image.grid import in_mm

SPACINGS = ((2.5, 0.8, 0.8), (1.0, 2.0, 3.0))
MORE_SPACINGS = (
    (1.0, 1.0, 1.0),
    (5.0, 0.7, 0.7),
    (0.9, 0.9, 3.0),
    (1.5, 1.5, 1.5),
    (0.625, 0.3, 0.5),
)
TOLERANCES = (0.0, 0.5, 0.8, 1.0, 1.5, 2.5, 3.0, 5.0, 7.5)
PAIRS_PER_SPACING = 150


@pytest.fixture(scope="module")
def deepmind():
    vars(np)["Inf"] = np.inf  # as in the NumPy that the package was written for
    metrics = pytest.importorskip("surface_distance.metrics")
    yield metrics
    del vars(np)["Inf"]


def mask_pairs(count):
    """Blobs, noise, sheets, single voxels and disjoint masks, also cut off by the edge."""
    random = np.random.default_rng(4)
    found = 0
    while found < count:
        shape = random.integers(1, 15, 3)
        noise = ndimage.gaussian_filter(random.random(shape), random.choice([0, 0.7, 1.5]))
        other = noise + random.choice([0, 0.02, 0.3]) * random.standard_normal(shape)
        if random.random() < 0.2:
            other = np.roll(noise, random.integers(1, 6), axis=random.integers(3))
        level = np.quantile(noise, random.choice([0.3, 0.6, 0.9, 0.99]))
        one, other = noise > level, other > level
        if random.random() < 0.1:
            one &= np.arange(shape[0])[:, None, None] == shape[0] // 2
        if one.any() and other.any():
            found += 1
            yield one, other


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize(
    "spacing",
    [*SPACINGS, *(pytest.param(each, marks=pytest.mark.slow) for each in MORE_SPACINGS)],
    ids=str,
)
def test_equals_deepminds_surface_distance(deepmind, spacing):
    for one, other in mask_pairs(PAIRS_PER_SPACING):
        theirs = deepmind.compute_surface_distances(one, other, spacing)
        surfels = find_surfels(one, spacing), find_surfels(other, spacing)
        ours = SurfaceDistances.between(*surfels)
        for tolerance in TOLERANCES:
            nsd = deepmind.compute_surface_dice_at_tolerance(theirs, tolerance)
            assert abs(ours.normalized_dice(tolerance) - nsd) < 1e-12
            assert abs(normalized_dice(*surfels, tolerance) - nsd) < 1e-12
        for percent in (50, 75, 95):
            hausdorff = deepmind.compute_robust_hausdorff(theirs, percent)
            assert abs(ours.hausdorff_percentile(percent) - hausdorff) < 1e-12
        means = deepmind.compute_average_surface_distance(theirs)
        areas = theirs["surfel_areas_gt"].sum(), theirs["surfel_areas_pred"].sum()
        assert abs(ours.average_symmetric() - np.average(means, weights=areas)) < 1e-12


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_equals_it_on_organs_that_are_far_off(deepmind, phantom):
    truth = phantom[1]
    spacing = truth.grid.spacing
    liver = np.pad(truth.data == 1, 12)
    for shift in ((0, 0, 1), (3, 2, -1), (9, -11, 10)):
        moved = np.roll(liver, shift, axis=(0, 1, 2))
        theirs = deepmind.compute_surface_distances(liver, moved, spacing)
        ours = SurfaceDistances.between(find_surfels(liver, spacing), find_surfels(moved, spacing))
        for tolerance in (1, 3, 5, 20):
            nsd = deepmind.compute_surface_dice_at_tolerance(theirs, tolerance)
            assert abs(ours.normalized_dice(tolerance) - nsd) < 1e-12
        assert ours.hausdorff_percentile(95) == deepmind.compute_robust_hausdorff(theirs, 95)


def test_a_sphere_in_a_sphere():
    z, y, x = np.mgrid[-20:21, -20:21, -20:21]
    radius = np.sqrt(z * z + y * y + x * x)
    small, large = (find_surfels(radius < size, (1.0, 1.0, 1.0)) for size in (12, 17))
    assert small.areas.sum() == pytest.approx(4 * pi * 12**2, rel=0.1)
    distances = SurfaceDistances.between(small, large)
    assert distances.hausdorff_percentile(95) == pytest.approx(5, abs=0.7)
    assert distances.average_symmetric() == pytest.approx(5, abs=0.6)
    assert distances.normalized_dice(3) == 0
    assert distances.normalized_dice(7) == 1


SHEARED = ((2.0, 0.3, 0.0), (0.0, 0.9, -0.2), (0.4, 0.0, 1.1))


@pytest.mark.parametrize("lattice", [SHEARED, (0.5, 3.0, 0.9), (4.0, 0.6, 0.6)], ids=str)
def test_what_is_within_a_tolerance_has_no_larger_distance(lattice):
    for one, other in mask_pairs(60):
        surfels = find_surfels(one, lattice), find_surfels(other, lattice)
        distances = distances_to(*surfels)
        some = np.unique(distances)[:: 1 + len(distances) // 6]
        for tolerance in (*some, *np.nextafter(some, 0), 0.7, 9.0, inf):
            within = within_tolerance(*surfels, tolerance)
            assert (within == (distances <= tolerance)).all()


LEANING = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.95), (0.0, 0.0, 0.3))
"""On it a step towards a place may make the way longer."""


@pytest.mark.parametrize("lattice", [LEANING, SHEARED, (0.5, 3.0, 0.9)], ids=str)
def test_what_is_far_off_is_found_from_outside_and_from_inside(lattice):
    noise = ndimage.gaussian_filter(np.random.default_rng(1).random((24, 24, 24)), 2)
    blobs, block = noise > np.quantile(noise, 0.7), np.zeros_like(noise, bool)
    block[3:21, 3:21, 3:21] = True
    for other in (block, np.roll(blobs, (9, 3, 7), axis=(0, 1, 2))):
        surfels = find_surfels(blobs, lattice), find_surfels(other, lattice)
        corners = [in_mm(np.argwhere(each.passes), lattice) for each in surfels]
        expected = cdist(*corners).min(axis=1)
        assert expected.max() > 3
        np.testing.assert_allclose(distances_to(*surfels), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("axis", range(3))
def test_two_voxels_far_apart(axis, monkeypatch):
    monkeypatch.setattr(surface_within, "MOST_STEPS", inf)
    spacing = tuple(np.where(np.arange(3) == axis, 2.0, 1.0).tolist())
    one, other = np.zeros((2, *np.where(np.arange(3) == axis, 17, 2)), bool)
    one[0, 0, 0] = other[tuple(np.where(np.arange(3) == axis, 14, 0))] = True
    surfels = find_surfels(one, spacing), find_surfels(other, spacing)
    assert set(distances_to(*surfels)) == {26.0, 28.0}
    assert np.mean(within_tolerance(*surfels, 28.0)) == 1
    assert np.mean(within_tolerance(*surfels, 26.0)) == 0.5
    assert not within_tolerance(*surfels, 25.9).any()


def test_steps_come_from_near_to_far_and_none_is_left_out():
    spacing = (2.5, 0.8, 0.8)
    steps = steps_within(4.0, spacing)
    assert steps[0].tolist() == [0, 0, 0]
    assert all(a <= b for a, b in pairwise(lengths_of(steps, spacing)))
    every = np.argwhere(np.ones((21, 21, 21))) - 10
    assert len(steps) == np.count_nonzero(lengths_of(every, spacing) <= 4.0)
    assert len(steps) > LOOKS  # so that the tests above reach the tree, too
