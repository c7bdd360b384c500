"""Tiles, and those of them that are all air."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from working import load_configuration, run

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.network.sliding_window import predict_everywhere
from napari_abdoseg.inference.network.tiling import mirrorings, tile_image, tile_starts
from napari_abdoseg.inference.preprocessing.preprocessing import preprocess_volume
from napari_abdoseg.inference.preset import PRESETS


def body_in_air() -> Volume:
    """Noise in the middle, and much air around it; spacing 5 x 4 x 4 mm."""
    data = np.full((40, 40, 40), -1000, np.int16)
    data[15:20, 10:20, 10:20] = np.random.default_rng(0).normal(100, 100, (5, 10, 10))
    return Volume(data, Grid.from_spacing(data.shape, (5.0, 4.0, 4.0)))


@pytest.mark.parametrize(("size", "tile"), [(16, 16), (17, 16), (40, 16), (5, 16), (7, 1)])
def test_tiles_cover_an_axis(size, tile):
    starts = tile_starts(size, tile)
    covered = {place for start in starts for place in range(start, start + tile)}
    assert covered == set(range(max(size, tile)))


def test_a_small_image_is_padded():
    tiling = tile_image(torch.ones(1, 10, 30, 30), (16, 16, 16))
    assert tiling.padded.shape == (1, 16, 30, 30)
    assert torch.equal(tiling.padded[(0, *tiling.inside)], torch.ones(10, 30, 30))


def test_a_flat_patch_goes_slice_by_slice():
    tiling = tile_image(torch.zeros(1, 3, 16, 24), (16, 16))
    assert {tile[1] for tile in tiling.tiles} == {0, 1, 2}
    assert tiling.cut(tiling.tiles[0], torch.device("cpu")).shape == (1, 1, 16, 16)


def test_every_combination_of_mirrored_axes():
    assert mirrorings(()) == [()]
    assert len(set(mirrorings((0, 1, 2)))) == 8
    assert mirrorings((1,)) == [(), (3,)]


def test_air_stays_one_value_when_it_is_resampled(make_model):
    trained = load_configuration(make_model(spacing=(3.1, 2.7, 2.9)))
    image = preprocess_volume(body_in_air(), trained).image
    tiling = tile_image(torch.from_numpy(image), (16, 16, 16))
    assert tiling.constants.count(float(image.min())) > len(tiling.tiles) / 3
    assert len(tiling.different) < len(tiling.tiles) * 2 / 3


@pytest.mark.parametrize("mirror_axes", [pytest.param(None, marks=pytest.mark.slow), (1,)])
def test_tiles_of_air_are_answered_once_and_alike(make_model, mirror_axes, monkeypatch):
    trained = load_configuration(make_model((0,), mirror_axes, spacing=(3.1, 2.7, 2.9)))
    image = torch.from_numpy(preprocess_volume(body_in_air(), trained).image)
    steps, once = run(predict_everywhere(image, trained, PRESETS["exact"]))
    tiling = tile_image(image, (16, 16, 16))
    each = len(mirrorings(mirror_axes or ())) * len(trained.members)
    assert once.passes == steps[-1].done == steps[-1].total == len(tiling.different) * each
    monkeypatch.setattr("napari_abdoseg.inference.network.tiling._only_value", lambda tile: None)
    _, every_time = run(predict_everywhere(image, trained, PRESETS["exact"]))
    assert every_time.passes == len(tiling.tiles) * each > once.passes
    assert torch.equal(once.logits, every_time.logits)
