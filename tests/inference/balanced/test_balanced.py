"""The whole ensemble where the organs are, or everywhere where that is not safe."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from working import load_configuration, run

from napari_abdoseg.evaluation.dice import dice
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.balanced import balanced, early_stopping
from napari_abdoseg.inference.balanced.balanced import NOTHING_FOUND, TOO_SMALL, predict_balanced
from napari_abdoseg.inference.balanced.organ_region import Cover
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.network.accumulator import CERTAIN
from napari_abdoseg.inference.network.sliding_window import predict_everywhere
from napari_abdoseg.inference.network.tiling import tile_image
from napari_abdoseg.inference.preset import PRESETS
from napari_abdoseg.inference.segmentation import segment, segmenting
from napari_abdoseg.progress import drain, steadily

SPACING = (10.0, 8.0, 8.0)

pytestmark = pytest.mark.usefixtures("single_precision")


def image(*shape: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32))


def balance(trained, data, expected=100):
    return run(predict_balanced(data, trained, PRESETS["balanced"], SPACING, expected))


@pytest.fixture
def trained(make_model):
    return load_configuration(make_model(mirror_axes=(0,)))


WHOLE = (slice(0, 32),) * 3


def cover_of(region: tuple[slice, ...], *starts: list[int]) -> Cover:
    return Cover(region, tuple(itertools.product(*starts)), (16, 16, 16))


def notices(steps) -> list[str]:
    return [step.notice for step in steps if step.notice]


def test_the_ensemble_works_in_the_cover_alone(trained, monkeypatch):
    cover = cover_of((slice(8, 24), slice(4, 28), slice(0, 40)), [0], [0, 8], [0, 8, 16, 24])
    monkeypatch.setattr(balanced, "cover_organs", lambda *_: cover)
    monkeypatch.setattr(balanced, "touches_border", lambda *_: False)
    data = image(40, 40, 40)
    steps, found = balance(trained, data)
    everywhere = len(tile_image(data, (16, 16, 16)).tiles)
    assert found.region == cover.region
    assert found.shape == (40, 40, 40)
    assert found.logits.shape[1:] == (16, 24, 40)
    assert found.passes_everywhere == everywhere * 4
    assert everywhere < found.passes <= everywhere + 8 * 3
    assert found.passes == steps[-1].done
    assert not notices(steps)


def test_it_never_takes_more_than_the_whole_ensemble(trained, monkeypatch):
    starts = [0, 8, 16]
    whole = cover_of(WHOLE, starts, starts, starts)
    monkeypatch.setattr(balanced, "cover_organs", lambda *_: whole)
    monkeypatch.setattr(early_stopping, "choose_settled", lambda losses, lost: (set(), lost))
    _, found = balance(trained, image(32, 32, 32))
    exact = drain(predict_everywhere(image(32, 32, 32), trained, PRESETS["exact"]))
    assert found.passes == found.passes_everywhere == exact.passes
    assert (found.logits - exact.logits).float().abs().quantile(0.8) < 0.05


def test_tiles_read_their_true_surroundings(make_model, monkeypatch):
    """Where the cover is a part of the usual tiles, logits are the same as everywhere."""
    trained = load_configuration(make_model(mirror_axes=()))
    data = image(16, 16, 40)
    cover = cover_of((slice(0, 16), slice(0, 16), slice(8, 32)), [0], [0], [0, 8])
    monkeypatch.setattr(balanced, "cover_organs", lambda *_: cover)
    monkeypatch.setattr(balanced, "touches_border", lambda *_: False)
    _, found = balance(trained, data)
    exact = drain(predict_everywhere(data, trained, PRESETS["exact"]))
    middle = (slice(None), slice(4, 12), slice(4, 12))
    difference = found.logits[(*middle, slice(11, 13))] - exact.logits[(*middle, slice(19, 21))]
    assert difference.abs().max() < 0.05


def test_what_no_tile_looks_at_is_background(trained, monkeypatch):
    corners = ((0, 0, 0), (16, 16, 16))
    monkeypatch.setattr(balanced, "cover_organs", lambda *_: Cover(WHOLE, corners, (16, 16, 16)))
    monkeypatch.setattr(balanced, "touches_border", lambda *_: False)
    _, found = balance(trained, image(32, 32, 32))
    assert found.logits.isfinite().all()
    between = found.logits[:, :16, 16:, :]
    assert (between[0] == CERTAIN).all()
    assert (between[1:] == 0).all()
    assert (found.logits[:, :16, :16, :16] != between[:, :, :, :16]).any()


def test_the_first_folds_prediction_comes_early(trained):
    steps, _ = balance(trained, image(20, 20, 20))
    (first,) = (step.interim for step in steps if step.interim is not None)
    alone = drain(predict_everywhere(image(20, 20, 20), trained, PRESETS["fast"]))
    assert torch.equal(first.logits, alone.logits)
    assert len(first.fold_winners) == 1


def test_progress_never_goes_back(trained):
    steps, found = balance(trained, image(30, 30, 30))
    done = [step.done for step in steps]
    assert done == sorted(done)
    assert steps[-1].done == found.passes
    assert list(dict.fromkeys(step.part for step in steps)) == ["1 of 2 folds", "2 of 2 folds"]


def shares_told(work) -> list[float]:
    """Share of the whole in each report of a work that has begun to count."""
    return [step.fraction for step in run(work)[0] if step.total]


@pytest.mark.parametrize("expected", [1, 100, 10**6], ids=["too little", "about", "too much"])
def test_the_bar_of_the_whole_never_falls_and_ends_full(trained, monkeypatch, expected):
    monkeypatch.setattr(
        "napari_abdoseg.inference.balanced.balanced.touches_border", lambda *_: True
    )
    work = predict_balanced(image(30, 30, 30), trained, PRESETS["balanced"], SPACING, expected)
    told = shares_told(steadily(work))
    assert told == sorted(told)
    assert told[0] < 0.5
    assert told[-1] == 1


@pytest.mark.parametrize("tolerance", [0, early_stopping.TOLERANCE, 1e9])
@pytest.mark.parametrize(
    "preset", ["balanced", pytest.param("exact", marks=pytest.mark.slow), "fast"]
)
def test_a_run_is_told_on_one_scale(make_model, monkeypatch, preset, tolerance):
    """Random folds disagree everywhere; with no tolerance all rounds are worked."""
    monkeypatch.setattr(early_stopping, "TOLERANCE", tolerance)
    volume, _ = make_phantom(5, (10.0, 8.0, 8.0))
    ensemble = load_ensemble(make_model(mirror_axes=(0, 1)), device="cpu")
    steps, _ = run(segmenting(volume, ensemble, preset))
    told = [step.fraction for step in steps if step.total]
    assert told == sorted(told)
    assert told[0] < 0.2
    assert told[-1] > 0.95
    assert max(b - a for a, b in itertools.pairwise(told) if b < 0.95) < 0.5
    assert all(step.most is None or step.most >= step.total for step in steps)


def test_where_nothing_is_found_all_work_everywhere(trained, monkeypatch):
    monkeypatch.setattr(balanced, "cover_organs", lambda *_: None)
    data = image(20, 20, 20)
    steps, found = balance(trained, data)
    exact = drain(predict_everywhere(data, trained, PRESETS["exact"]))
    assert notices(steps) == [NOTHING_FOUND]
    assert torch.equal(found.logits, exact.logits)
    assert found.passes == exact.passes + exact.passes // 4


def test_where_an_organ_reaches_the_border_all_work_everywhere(trained, monkeypatch):
    cover = cover_of((slice(0, 16),) * 3, [0], [0], [0])
    monkeypatch.setattr(balanced, "cover_organs", lambda *_: cover)
    data = image(30, 30, 30)
    steps, found = balance(trained, data)
    exact = drain(predict_everywhere(data, trained, PRESETS["exact"]))
    assert notices(steps) == [TOO_SMALL]
    assert torch.equal(found.logits, exact.logits)
    assert found.passes > exact.passes
    assert steps[-1].done == found.passes


def test_a_single_member_has_said_all(make_model):
    trained = load_configuration(make_model(folds=(0,), mirror_axes=None))
    _, found = balance(trained, image(20, 20, 20))
    fast = drain(predict_everywhere(image(20, 20, 20), trained, PRESETS["fast"]))
    assert torch.equal(found.logits, fast.logits)
    assert found.passes == fast.passes


def test_a_notice_goes_with_the_label_map(make_model, monkeypatch):
    monkeypatch.setattr(balanced, "cover_organs", lambda *_: None)
    volume, _ = make_phantom(5, (10.0, 8.0, 8.0))
    model = make_model(mirror_axes=None)
    segmentation = drain(segmenting(volume, load_ensemble(model, device="cpu")))
    assert segmentation.labels.notices == (NOTHING_FOUND,)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_demo_ensemble_on_twenty_phantoms():
    """Mean DSC to `exact` 0.999 and never below 0.99, and no worse to the truth."""
    ensemble = load_ensemble("demo", device="cpu")
    to_exact, gained = [], []
    for seed in range(20):
        volume, truth = make_phantom(seed)
        exact, found = (segment(volume, ensemble, name) for name in ("exact", "balanced"))
        to_exact.append(list(dice(found, exact).values()))
        gained.append(
            np.subtract(list(dice(found, truth).values()), list(dice(exact, truth).values()))
        )
        print(seed, np.round(to_exact[-1], 5), np.round(gained[-1], 5), flush=True)
    assert (np.mean(to_exact, axis=0) >= 0.999).all()
    assert np.min(to_exact) >= 0.99
    assert (np.mean(gained, axis=0) > -0.001).all()
