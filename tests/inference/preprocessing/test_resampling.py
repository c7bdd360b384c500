"""Resampling against nnU-Net's own."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from nnunetv2.preprocessing.resampling.default_resampling import (
    compute_new_shape,
    determine_do_sep_z_and_axis,
    resample_data_or_seg_to_shape,
)

from napari_abdoseg.inference.preprocessing.resampling import (
    find_axis_apart,
    nearest_operator,
    nnunet_resampling,
    resampled_shape,
    spline_operator,
)

ISOTROPIC = [
    ((30, 40, 50), (1.5, 0.8, 0.8), (3.0, 3.0, 3.0)),
    ((20, 31, 27), (3.0, 2.0, 2.5), (1.5, 0.9, 0.9)),
    ((24, 30, 36), (2.5, 0.8, 0.8), (1.0, 1.5, 0.8)),
    ((25, 25, 25), (1.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
    ((25, 33, 41), (1.0, 1.0, 1.0), (1.0, 1.0, 1.3)),
    ((25, 33, 41), (1.0, 1.3, 1.0), (1.0, 1.0, 1.0)),
    ((25, 33, 41), (2.0, 1.0, 1.0), (1.0, 1.0, 1.0)),
    ((40, 33, 29), (0.6, 0.7, 0.7), (0.6004, 0.7003, 0.7)),
    ((1, 33, 29), (1.0, 0.7, 0.7), (1.0, 1.4, 1.1)),
    ((1, 33, 29), (3.0, 1.0, 1.0), (1.0, 1.4, 1.1)),
    ((33, 1, 2), (1.0, 1.0, 1.0), (0.7, 0.3, 0.8)),
    ((3, 4, 5), (1.0, 1.0, 1.0), (0.5, 2.0, 0.4)),
    ((120, 8, 200), (1.0, 1.0, 1.0), (1.1, 0.6, 0.7)),
    ((4, 130, 110), (2.0, 0.5, 0.5), (1.5, 1.5, 1.5)),
]
SLICES_APART = [
    ((20, 40, 50), (5.0, 0.8, 0.8), (2.5, 1.5, 1.5)),
    ((20, 40, 50), (5.0, 0.8, 0.8), (7.0, 0.7, 0.9)),
    ((20, 40, 50), (5.0, 0.8, 0.8), (5.0, 1.1, 1.1)),
    ((20, 40, 50), (5.0, 0.8, 0.8), (3.3, 0.8, 0.8)),
    ((50, 20, 40), (0.8, 5.0, 0.8), (1.5, 2.1, 1.5)),
    ((50, 40, 20), (0.8, 0.8, 5.0), (0.7, 1.5, 7.7)),
    ((40, 33, 29), (1.0, 0.8, 0.8), (5.0, 1.0, 1.0)),
    ((12, 33, 29), (10.0, 1.0, 1.0), (5.0, 1.0, 1.0)),
    ((1, 33, 29), (5.0, 1.0, 1.0), (2.5, 1.4, 1.1)),
]
EDGE_OF_ANISOTROPY = [
    ((20, 30, 30), (3.0, 1.0, 1.0), (1.5, 1.5, 1.5)),
    ((20, 30, 30), (3.001, 1.0, 1.0), (1.5, 1.5, 1.5)),
    ((40, 20, 20), (0.24, 1.25, 1.25), (1.0, 1.0, 1.0)),
]
THICKNESSES = (1, 7, 1000)


def noise(shape: tuple[int, ...]) -> np.ndarray:
    """White noise of the range that CTs are normalised to, the hardest there is to resample."""
    return np.random.default_rng(sum(shape)).uniform(-4, 4, shape).astype(np.float32)


def slabs(scan: np.ndarray, thickness: int) -> list[np.ndarray]:
    return [scan[first : first + thickness] for first in range(0, len(scan), thickness)]


def by_nnunet(scan, spacing, new_spacing, order=3):
    new_shape = compute_new_shape(scan.shape, spacing, new_spacing)
    return resample_data_or_seg_to_shape(
        scan[None].copy(), new_shape, spacing, new_spacing, order=order, force_separate_z=None
    )[0]


def by_us(scan, spacing, new_spacing, order=3, thickness=7):
    new_shape = compute_new_shape(scan.shape, spacing, new_spacing)
    resampling = nnunet_resampling(scan.shape, new_shape, spacing, new_spacing, order)
    return resampling.apply(slabs(scan, thickness))


@pytest.mark.parametrize(
    ("shape", "spacing", "new_spacing"), ISOTROPIC + SLICES_APART + EDGE_OF_ANISOTROPY
)
@pytest.mark.parametrize("order", [1, 3])
def test_gives_what_nnunet_gives(shape, spacing, new_spacing, order):
    scan = noise(shape)
    ours, theirs = (way(scan, spacing, new_spacing, order) for way in (by_us, by_nnunet))
    assert ours.dtype == theirs.dtype == np.float32
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 5e-6


def test_shapes_and_axes_apart_are_those_of_nnunet():
    draw = np.random.default_rng(0)
    apart = set()
    for _ in range(2000):
        spacing, new_spacing = draw.choice([0.5, 0.7, 1, 1.5, 2.1, 3, 4.5, 5], (2, 3)).tolist()
        shape = draw.integers(1, 600, 3).tolist()
        _, axis = determine_do_sep_z_and_axis(None, spacing, new_spacing)
        apart.add(find_axis_apart(spacing, new_spacing))
        assert find_axis_apart(spacing, new_spacing) == axis
        theirs = compute_new_shape(shape, spacing, new_spacing).tolist()
        assert resampled_shape(shape, spacing, new_spacing) == theirs
    assert apart == {None, 0, 1, 2}


@pytest.mark.parametrize("thickness", THICKNESSES)
@pytest.mark.parametrize(
    "case", [ISOTROPIC[0], ISOTROPIC[1], SLICES_APART[0], SLICES_APART[4], SLICES_APART[5]]
)
def test_slabs_may_be_thin_or_thick(case, thickness):
    shape, *spacings = case
    scan = noise(shape)
    ours, theirs = by_us(scan, *spacings, thickness=thickness), by_nnunet(scan, *spacings)
    assert np.abs(ours - theirs).max() <= 5e-6


def test_random_shapes_and_spacings():
    draw = np.random.default_rng(0)
    for _ in range(60):
        scan = noise(tuple(draw.integers(1, 40, 3).tolist()))
        spacing, new_spacing = draw.uniform(0.5, 3.5, (2, 3)).round(3)
        new_spacing = np.minimum(new_spacing, spacing * scan.shape)
        spacings = spacing.tolist(), new_spacing.tolist()
        ours, theirs = by_us(scan, *spacings), by_nnunet(scan, *spacings)
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).max() <= 5e-6


@pytest.mark.parametrize("case", [ISOTROPIC[1], SLICES_APART[0], SLICES_APART[4], SLICES_APART[5]])
def test_overshoot_is_cut_off_as_nnunet_does(case):
    """A sharp edge makes splines overshoot: no value leaves the range of scan or slice."""
    shape, *spacings = case
    scan = np.where(noise(shape) > 3, 2.5, -1).astype(np.float32) + np.arange(shape[0])[
        :, None, None
    ].astype(np.float32)
    ours, theirs = by_us(scan, *spacings), by_nnunet(scan, *spacings)
    assert ours.max() <= scan.max()
    assert np.abs(ours - theirs).max() <= 2e-5


def test_same_shape_is_untouched():
    scan = noise((20, 21, 22))
    np.testing.assert_array_equal(by_us(scan, (1.0, 1.0, 1.0), (1.0, 1.0, 1.0)), scan)


def test_matrices_keep_constants():
    for old, new in ((1, 5), (5, 1), (512, 137), (200, 391)):
        for operator in (spline_operator(old, new, 3), nearest_operator(old, new)):
            np.testing.assert_allclose(operator.matrix.double().sum(1), 1, atol=1e-6)


def test_every_weight_is_in_a_block():
    for old, new in ((512, 137), (200, 391), (7, 300)):
        operator = spline_operator(old, new, 3)
        held = sum(weights.double().sum() for _, _, weights in operator.blocks)
        assert held.item() == pytest.approx(new, rel=1e-6)


def test_slices_that_are_not_taken_leave_no_trace():
    scan = noise((50, 30, 30))
    spacings = (1.0, 1.0, 1.0), (10.0, 1.0, 1.0)
    scan[1] = 1000
    np.testing.assert_allclose(by_us(scan, *spacings), by_nnunet(scan, *spacings), atol=5e-6)
    assert by_us(scan, *spacings).max() < 5


def test_slabs_are_not_kept():
    def lazily():
        for _ in range(64):
            yield np.ones((4, 128, 128), np.float32)

    resampling = nnunet_resampling((256, 128, 128), (64, 32, 32), (1, 1, 1), (4, 4, 4))
    tracemalloc.start()
    resampling.apply(lazily())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 256 * 128 * 128 * 4 / 4
