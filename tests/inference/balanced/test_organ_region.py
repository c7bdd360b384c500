"""Tiles around the organs alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from working import load_configuration

from napari_abdoseg.inference.balanced.organ_region import (
    LEAST_ML,
    MARGIN_MM,
    Cover,
    cover_organs,
    find_likely_places,
    middles,
    touches_border,
)
from napari_abdoseg.inference.network.prediction import whole_prediction
from napari_abdoseg.inference.network.tiling import tile_starts

SPACING = (10.0, 8.0, 8.0)


def prediction(trained, organ: tuple[slice, ...], shape=(60, 60, 60), logit: float = 5.0):
    """One that gives an organ to a box and background to all else."""
    logits = torch.zeros((5, *shape), dtype=torch.half)
    logits[0] = 10
    logits[(2, *organ)] = 10 + logit
    return whole_prediction(trained, logits, (), 1)


@pytest.fixture
def trained(make_model):
    return load_configuration(make_model(folds=(0,)))


def test_tiles_surround_the_organs_with_a_margin(trained):
    organ = (slice(20, 24), slice(30, 33), slice(28, 40))
    cover = cover_organs(prediction(trained, organ), SPACING)
    for part, inner, step in zip(cover.region, organ, SPACING, strict=True):
        assert part.start <= inner.start - MARGIN_MM / step
        assert part.stop >= inner.stop + MARGIN_MM / step
        assert part.stop - part.start < 60


def test_five_percent_is_enough_to_be_looked_at(trained):
    organ = (slice(20, 24),) * 3
    assert cover_organs(prediction(trained, organ, logit=-2.9), SPACING) is not None
    assert cover_organs(prediction(trained, organ, logit=-3.1), SPACING) is None


def test_nothing_found(trained):
    assert cover_organs(prediction(trained, (slice(0, 0),) * 3), SPACING) is None


def test_an_image_smaller_than_a_patch_is_covered_by_one_tile(trained):
    cover = cover_organs(prediction(trained, (slice(3, 5),) * 3, (10, 20, 60)), SPACING)
    assert cover.region[:2] == (slice(0, 10), slice(0, 16))
    assert {corner[:2] for corner in cover.corners} == {(0, 0)}


def test_a_flat_patch_covers_slices(make_model):
    flat = load_configuration(make_model(patch=(16, 16), spacing=(8.0, 8.0), folds=(0,)))
    cover = cover_organs(prediction(flat, (slice(20, 24), slice(0, 5), slice(30, 35))), SPACING)
    assert cover.region[0] == slice(18, 26)
    assert {corner[0] for corner in cover.corners} == set(range(8))


@pytest.mark.parametrize("seed", range(50))
def test_middles_of_tiles_hold_all_of_an_axis(seed):
    draw = np.random.default_rng(seed)
    tile, size = (int(n) for n in draw.integers([8, 8], [40, 200]))
    seen = np.zeros(size, dtype=int)
    for start, middle in middles(size, tile):
        assert start in tile_starts(size, tile)
        assert start <= middle.start < middle.stop <= max(start + tile, size)
        seen[middle] += 1
    assert (seen >= 1).all()


def test_only_tiles_that_look_at_an_organ_are_kept(trained):
    """Two organs in opposite corners leave the tiles of the other corners out."""
    logits = torch.zeros((5, 60, 60, 60), dtype=torch.half)
    logits[0] = 10
    for corner in (slice(2, 6), slice(54, 58)):
        logits[2, corner, corner, corner] = 20
    cover = cover_organs(whole_prediction(trained, logits, (), 1), SPACING)
    assert cover.region == (slice(0, 60),) * 3
    kept = set(cover.corners)
    assert {(0, 0, 0), (44, 44, 44)} <= kept
    assert not {(0, 0, 44), (0, 44, 0), (44, 0, 0), (0, 44, 44)} & kept
    assert len(kept) < len(tile_starts(60, 16)) ** 3 / 4


def test_a_mere_doubt_is_no_place(trained):
    """A hundredth of a millilitre, however likely, and one as large as an organ, hardly."""
    logits = torch.zeros((5, 60, 60, 60), dtype=torch.half)
    logits[0] = 10
    logits[2, 10, 10, 10] = 20
    logits[3, 30:35, 30:40, 30:40] = 10 - 2.5
    found = whole_prediction(trained, logits, (), 1)
    likely = find_likely_places(found, 0.01)
    assert not likely[10, 10, 10]
    expected = 0.01 * 500 * 0.075
    assert expected < LEAST_ML
    assert not likely.any()
    assert find_likely_places(found, 0.02)[30:35, 30:40, 30:40].all()


def cover_of(*corners: tuple[int, int, int], region: slice) -> Cover:
    return Cover((region,) * 3, corners, (10, 10, 10))


def test_an_organ_at_a_face_of_the_region_touches_its_border():
    winners = torch.zeros(10, 10, 10)
    winners[0, 5, 5] = 1
    cover = cover_of((0, 0, 0), region=slice(5, 15))
    assert touches_border(winners, cover, (20, 20, 20))
    winners[0] = 0
    winners[4, 4, 4] = 1
    assert not touches_border(winners, cover, (20, 20, 20))


def test_an_organ_beside_what_no_tile_looks_at_touches_the_border():
    winners = torch.zeros(20, 20, 20)
    winners[9, 5, 5] = 1
    cover = cover_of((0, 0, 0), (10, 10, 10), region=slice(0, 20))
    assert touches_border(winners, cover, (20, 20, 20))
    winners[9, 5, 5], winners[8, 5, 5] = 0, 1
    assert not touches_border(winners, cover, (20, 20, 20))


def test_the_ends_of_the_scan_are_no_border():
    winners = torch.ones(10, 10, 10)
    assert not touches_border(winners, cover_of((0, 0, 0), region=slice(0, 10)), (10, 10, 10))
