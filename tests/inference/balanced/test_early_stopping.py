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
    monkeypatch.setattr(early_stopping, "TOLERANCE", 1e9)
    trained = load_configuration(make_model(mirror_axes=(0, 1)))
    tiles = len(tile_image(image(20, 24, 16), PATCH).tiles)
    steps, settled = settle(trained, image(20, 24, 16))
    assert settled.passes == steps[-1].done == (2 - 1) * tiles
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
    """Three of four tiles are left out after the first round."""
    monkeypatch.setattr(early_stopping, "choose_settled", lambda _, lost: ({0, 2, 3}, lost))
    trained = load_configuration(make_model(mirror_axes=(0,)))
    _, settled = settle(trained, image(16, 16, 40))
    tiles, folds = 4, 2
    assert settled.passes == tiles * (folds - 1) + 1 * folds


def test_a_change_is_shared_out_among_tiles_by_the_size_of_its_organ():
    before = torch.zeros(1, 1, 30, dtype=torch.uint8)
    before[..., 5:15], before[..., 20:22] = 1, 2
    now = before.clone()
    now[..., 15], now[..., 21] = 1, 0
    tiles = [(slice(None), slice(0, 1), slice(0, 1), at) for at in (slice(0, 20), slice(10, 30))]
    shares = torch.zeros(2, 1, 1, 20)
    shares[0, ..., 15], shares[1, ..., 5] = 0.75, 0.25
    shares[1, ..., 11] = 1
    losses = losses_in_tiles(before, now, tiles, shares, 4)
    assert losses[:, 1].tolist() == pytest.approx([0.75 / 22, 0.25 / 22])
    assert losses[:, 2].tolist() == [0, 1 / 2]
    assert losses[:, [0, 3]].count_nonzero() == 0


def test_tiles_that_lose_least_are_left_out_until_an_organ_would_lose_too_much(monkeypatch):
    monkeypatch.setattr(early_stopping, "TOLERANCE", 0.25)
    losses = torch.tensor([[0, 0.125, 0], [0, 0, 0.125], [0, 0.125, 0.0625], [0, 0.5, 0]]).double()
    settled, lost = choose_settled(losses, torch.tensor([0, 0.125, 0]).double())
    assert settled == {0, 1}
    assert lost.tolist() == [0, 0.25, 0.125]
    settled, lost = choose_settled(losses[2:], lost)
    assert settled == set()
    assert lost.tolist() == [0, 0.25, 0.125]


def test_what_is_left_to_change():
    assert early_stopping.share_left(2, 4) == pytest.approx(np.sqrt(1 / 2))
    assert early_stopping.share_left(5, 40) == pytest.approx(np.sqrt(3.5))
    assert early_stopping.share_left(40, 40) == 0


def test_the_estimate_holds_for_random_members():
    """Means of random members along an edge: expected and real changes are of one size."""
    draw = np.random.default_rng(3)
    ramp = np.linspace(-40, 40, 4000)
    members = ramp + draw.normal(0, 4, (40, 4000)) + draw.normal(0, 4, (40, 1))
    means = np.cumsum(members, axis=0) / np.arange(1, 41)[:, None]
    ratios = []
    for worked in range(5, 30):
        last, now, final = (
            np.count_nonzero(means[worked - 2] > 0),
            np.count_nonzero(means[worked - 1] > 0),
            np.count_nonzero(means[-1] > 0),
        )
        left = early_stopping.share_left(worked, 40)
        ratios.append((abs(now - last) * left, abs(final - now)))
    expected, real = np.mean(ratios, axis=0)
    assert 0.4 < expected / real < 2.5


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
