"""Tiles around the organs alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from working import load_configuration

from napari_abdoseg.inference.prediction import whole_prediction
from napari_abdoseg.inference.region import (
    MARGIN_MM,
    cover_organs,
    lay_tiles,
    new_tiles,
    touches_border,
    usual_tiles,
)
from napari_abdoseg.inference.tiling import tile_starts

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
    assert cover.starts[:2] == ((0,), (0,))


def test_a_flat_patch_covers_slices(make_model):
    flat = load_configuration(make_model(patch=(16, 16), spacing=(8.0, 8.0), folds=(0,)))
    cover = cover_organs(prediction(flat, (slice(20, 24), slice(0, 5), slice(30, 35))), SPACING)
    assert cover.region[0] == slice(18, 26)
    assert cover.starts[0] == tuple(range(8))


@pytest.mark.parametrize("tiles", [usual_tiles, new_tiles])
@pytest.mark.parametrize("seed", range(50))
def test_no_organ_is_nearer_to_the_ends_of_tiles_than_usual(seed, tiles):
    draw = np.random.default_rng(seed)
    tile, size = (int(n) for n in draw.integers([8, 8], [40, 200]))
    first = int(draw.integers(0, size))
    extent = slice(first, int(draw.integers(first + 1, size + 1)))
    margin = int(draw.integers(0, 12))
    starts = tiles(extent, margin, size, tile)
    assert all(0 <= start <= max(size - tile, 0) for start in starts)
    for voxel in range(extent.start, extent.stop):
        assert any(
            (start == 0 or voxel >= start + tile // 4)
            and (start + tile >= size or voxel < start + tile - tile // 4)
            for start in starts
        )


def test_new_tiles_are_laid_where_they_halve_the_work():
    middle, whole = (slice(23, 100), 7, 137, 64), (slice(0, 137), 7, 137, 64)
    assert lay_tiles([middle, middle, middle]) == [[7, 29, 52]] * 3
    assert lay_tiles([whole, whole, whole]) == [tile_starts(137, 64)] * 3


def test_usual_tiles_are_kept_where_new_ones_save_little():
    middle, whole = (slice(23, 100), 7, 137, 64), (slice(0, 137), 7, 137, 64)
    assert lay_tiles([middle, whole, whole]) == [tile_starts(137, 64)] * 3
    assert usual_tiles(slice(0, 64), 4, 160, 64) == tile_starts(160, 64)[:2]


def test_an_organ_at_a_face_of_the_region_touches_its_border():
    winners = torch.zeros(10, 10, 10)
    winners[0, 5, 5] = 1
    region = (slice(5, 15), slice(0, 10), slice(0, 10))
    assert touches_border(winners, region, (20, 10, 10))


def test_the_ends_of_the_scan_are_no_border():
    winners = torch.ones(10, 10, 10)
    assert not touches_border(winners, (slice(0, 10),) * 3, (10, 10, 10))
