"""An ensemble that stops when its answer stands."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from working import load_configuration, run

from napari_abdoseg.inference import settling
from napari_abdoseg.inference.preset import PRESETS
from napari_abdoseg.inference.settling import (
    changes_that_matter,
    in_rounds,
    predict_until_settled,
)
from napari_abdoseg.inference.sliding_window import predict_everywhere
from napari_abdoseg.inference.sums import Sums
from napari_abdoseg.inference.tiling import mirrorings, tile_image
from napari_abdoseg.progress import drain

PATCH = (16, 16, 16)

pytestmark = pytest.mark.usefixtures("single_precision")


def image(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32))


def settle(trained, data):
    return run(predict_until_settled(tile_image(data, PATCH), trained, PRESETS["balanced"]))


@pytest.mark.parametrize(("folds", "axes"), [(5, (0, 1, 2)), (2, (0,)), (1, (0, 1)), (3, ())])
def test_every_fold_works_in_every_mirroring_and_once_a_round(folds, axes):
    order = in_rounds(folds, mirrorings(axes))
    assert len(set(order)) == len(order) == folds * 2 ** len(axes)
    for first in range(0, len(order), folds):
        assert {fold for fold, _ in order[first : first + folds]} == set(range(folds))
    assert order[0] == (0, ())


def test_while_nothing_is_settled_it_is_the_whole_ensemble(make_model, monkeypatch):
    monkeypatch.setattr(settling, "changes_that_matter", lambda *_: torch.ones(20, 24, 16) > 0)
    trained = load_configuration(make_model(mirror_axes=(0, 1)))
    data = image(20, 24, 16)
    _, settled = settle(trained, data)
    exact = drain(predict_everywhere(data, trained, PRESETS["exact"]))
    assert settled.passes == exact.passes
    difference = (settled.logits - exact.logits).float().abs()
    assert difference.quantile(0.8) < 0.05


def test_it_stops_when_all_is_settled(make_model, monkeypatch):
    monkeypatch.setattr(settling, "TOLERANCE", 1e9)
    trained = load_configuration(make_model(mirror_axes=(0, 1)))
    tiles = len(tile_image(image(20, 24, 16), PATCH).tiles)
    steps, settled = settle(trained, image(20, 24, 16))
    assert settled.passes == steps[-1].done == 2 * tiles
    assert steps[0].total == 8 * tiles


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
    """With changes at one end alone, the tile at the other end works one round."""

    def at_the_end(before, *_):
        changing = torch.zeros(before.shape, dtype=torch.bool)
        changing[..., -1] = True
        return changing

    monkeypatch.setattr(settling, "changes_that_matter", at_the_end)
    trained = load_configuration(make_model(mirror_axes=(0,)))
    _, settled = settle(trained, image(16, 16, 40))
    tiles, folds = 4, 2
    assert settled.passes == tiles * folds + 1 * folds


def winners(*counts: int) -> torch.Tensor:
    return torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts)).byte()


def test_a_change_matters_by_the_size_of_its_organ():
    before = winners(1000, 10000, 100)
    now = before.clone()
    now[999] = 1
    now[11000] = 1
    changed = changes_that_matter(before, now, 5, 40)
    assert changed.nonzero().flatten().tolist() == [11000]


def test_what_is_left_to_change():
    assert settling.share_left(2, 4) == pytest.approx(np.sqrt(1 / 2))
    assert settling.share_left(5, 40) == pytest.approx(np.sqrt(3.5))
    assert settling.share_left(40, 40) == 0


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
        left = settling.share_left(worked, 40)
        ratios.append((abs(now - last) * left, abs(final - now)))
    expected, real = np.mean(ratios, axis=0)
    assert 0.4 < expected / real < 2.5


def test_padding_is_left_out(make_model):
    trained = load_configuration(make_model(folds=(0,), mirror_axes=(0,)))
    _, settled = settle(trained, image(9, 20, 16))
    assert settled.logits.shape == (5, 9, 20, 16)


def test_closing_stops_at_once(make_model):
    work = predict_until_settled(
        tile_image(image(20, 20, 20), PATCH),
        load_configuration(make_model()),
        PRESETS["balanced"],
    )
    next(work)
    work.close()
    with pytest.raises(StopIteration):
        next(work)


def test_running_out_of_memory_starts_again_and_says_so(make_model, monkeypatch):
    trained = load_configuration(make_model(mirror_axes=()))
    _, whole = settle(trained, image(20, 20, 20))
    add, calls = Sums.add, []

    def full_once(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        add(*arguments)

    monkeypatch.setattr(Sums, "add", full_once)
    cpu = torch.device("cpu")
    monkeypatch.setattr(settling, "gathering_places", lambda _: [cpu, cpu])
    steps, result = settle(trained, image(20, 20, 20))
    assert [step.notice for step in steps if step.notice]
    assert torch.equal(result.logits, whole.logits)
