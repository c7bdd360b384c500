"""An ensemble that stops when its answer stands."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from working import load_configuration, run

from napari_abdoseg.inference.balanced import early_stopping
from napari_abdoseg.inference.balanced.early_stopping import (
    choose_settled,
    in_rounds,
    losses_in_tiles,
    predict_until_settled,
    share_of_change,
)
from napari_abdoseg.inference.network.accumulator import Accumulator
from napari_abdoseg.inference.network.sliding_window import predict_everywhere
from napari_abdoseg.inference.network.tiling import mirrorings, tile_image
from napari_abdoseg.inference.preset import PRESETS
from napari_abdoseg.progress import drain

PATCH = (16, 16, 16)

pytestmark = pytest.mark.usefixtures("single_precision")


def image(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32))


def settle(trained, data):
    return run(settling_work(trained, data))


def settling_work(trained, data):
    known = drain(predict_everywhere(data, trained, PRESETS["fast"])).logits
    return predict_until_settled(tile_image(data, PATCH), known, trained, PRESETS["balanced"], 1.0)


@pytest.mark.parametrize(("folds", "axes"), [(5, (0, 1, 2)), (2, (0,)), (1, (0, 1)), (3, ())])
def test_every_fold_works_in_every_mirroring_and_once_a_round(folds, axes):
    order = in_rounds(folds, mirrorings(axes))
    ways = 2 ** len(axes)
    assert len(set(order)) == len(order) == folds * ways
    for first in range(0, len(order), folds):
        a_round = order[first : first + folds]
        assert {fold for fold, _ in a_round} == set(range(folds))
        assert len({flip for _, flip in a_round}) == min(folds, ways)
    assert order[0] == (0, ())


def test_while_nothing_is_settled_it_is_the_whole_ensemble(make_model, monkeypatch):
    monkeypatch.setattr(early_stopping, "choose_settled", lambda losses, lost: (set(), lost))
    trained = load_configuration(make_model(mirror_axes=(0, 1)))
    data = image(20, 24, 16)
    _, settled = settle(trained, data)
    exact = drain(predict_everywhere(data, trained, PRESETS["exact"]))
    assert settled.passes == exact.passes * 7 // 8
    difference = (settled.logits - exact.logits).float().abs()
    assert difference.quantile(0.8) < 0.05


def test_it_stops_when_all_is_settled(make_model, monkeypatch):
    """Two rounds of two folds are the least after which it is known how far members differ."""
    monkeypatch.setattr(early_stopping, "TOLERANCE", 1e9)
    trained = load_configuration(make_model(mirror_axes=(0, 1)))
    tiles = len(tile_image(image(20, 24, 16), PATCH).tiles)
    steps, settled = settle(trained, image(20, 24, 16))
    assert settled.passes == steps[-1].done == (4 - 1) * tiles
    assert steps[0].total == (8 - 1) * tiles


def test_folds_have_a_say_of_their_own(make_model):
    trained = load_configuration(make_model(mirror_axes=()))
    data = image(9, 24, 16)
    _, settled = settle(trained, data)
    exact = drain(predict_everywhere(data, trained, PRESETS["exact"]))
    assert len(settled.fold_winners) == 2
    for ours, theirs in zip(settled.fold_winners, exact.fold_winners, strict=True):
        assert ours.shape == (9, 24, 16)
        assert (ours != theirs).float().mean() < 0.05


def test_only_tiles_that_still_change_go_on(make_model, monkeypatch):
    """Three of four tiles are left out as soon as it is judged."""
    monkeypatch.setattr(early_stopping, "choose_settled", lambda _, lost: ({0, 2, 3}, lost))
    trained = load_configuration(make_model(mirror_axes=(0, 1)))
    _, settled = settle(trained, image(16, 16, 40))
    assert settled.passes == 4 * (4 - 1) + 1 * 4


def test_doubts_are_shared_out_among_tiles_by_the_size_of_their_organs():
    doubts = torch.zeros(1, 1, 30)
    doubts[..., 15], doubts[..., 21] = 1, 0.5
    pair = torch.zeros(2, 1, 1, 30, dtype=torch.uint8)
    pair[0, ..., 15], pair[:, ..., 21] = 1, torch.tensor([[[1]], [[2]]])
    tiles = [(slice(None), slice(0, 1), slice(0, 1), at) for at in (slice(0, 20), slice(10, 30))]
    shares = torch.zeros(2, 1, 1, 20)
    shares[0, ..., 15], shares[1, ..., 5] = 0.75, 0.25
    shares[1, ..., 11] = 1
    losses = losses_in_tiles(doubts, pair, tiles, shares, torch.tensor([0, 10, 2, 0]))
    assert losses[:, 1].tolist() == pytest.approx([0.75 / 20, (0.25 + 0.5) / 20])
    assert losses[:, 2].tolist() == [0, 0.5 / 4]
    assert losses[:, [0, 3]].count_nonzero() == 0


def test_tiles_that_lose_least_are_left_out_until_an_organ_would_lose_too_much(monkeypatch):
    monkeypatch.setattr(early_stopping, "TOLERANCE", 0.25)
    losses = torch.tensor([[0, 0.125, 0], [0, 0, 0.0625], [0, 0.1875, 0], [0, 0, 0.25]]).double()
    settled, lost = choose_settled(losses, torch.tensor([0, 0.125, 0]).double())
    assert settled == {0, 1}
    assert lost.tolist() == [0, 0.25, 0.0625]
    settled, lost = choose_settled(losses, torch.tensor([0, 0.125, -0.0625]).double())
    assert settled == {0, 1, 3}, "an organ that has lost enough keeps no tile of another one"
    assert lost.tolist() == [0, 0.25, 0.25]


def test_a_tile_that_others_overlap_is_missed_by_more_than_its_part():
    parts = torch.tensor([0, 0.1, 0.5, 1])
    shares = share_of_change(parts, 20, 40)
    assert shares.tolist() == pytest.approx([0, 0.1 * 9.1**0.5, 0.5 * 3.5**0.5, 1])


def test_padding_is_left_out(make_model):
    trained = load_configuration(make_model(folds=(0,), mirror_axes=(0,)))
    _, settled = settle(trained, image(9, 20, 16))
    assert settled.logits.shape == (5, 9, 20, 16)


def test_closing_stops_at_once(make_model):
    work = settling_work(load_configuration(make_model()), image(20, 20, 20))
    next(work)
    work.close()
    with pytest.raises(StopIteration):
        next(work)


def test_running_out_of_memory_starts_again_and_says_so(make_model, monkeypatch):
    trained = load_configuration(make_model(mirror_axes=()))
    _, whole = settle(trained, image(20, 20, 20))
    work = settling_work(trained, image(20, 20, 20))
    add, calls = Accumulator.add, []

    def full_once(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        add(*arguments)

    monkeypatch.setattr(Accumulator, "add", full_once)
    cpu = torch.device("cpu")
    monkeypatch.setattr(early_stopping, "gathering_places", lambda _: [cpu, cpu])
    steps, result = run(work)
    assert [step.notice for step in steps if step.notice]
    assert torch.equal(result.logits, whole.logits)
