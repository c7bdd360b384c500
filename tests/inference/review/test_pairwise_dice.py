"""How far folds agree, against the formula."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch

from napari_abdoseg.evaluation.dice import dice_of_masks
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.review.pairwise_dice import PairwiseDice
from napari_abdoseg.inference.scan import PreparedScan
from napari_abdoseg.inference.segmentation import asking, concluding
from napari_abdoseg.progress import drain


def pairwise(*folds: np.ndarray) -> PairwiseDice:
    """Of folds whose majority wins."""
    winners = np.apply_along_axis(lambda v: np.bincount(v).argmax(), 0, np.stack(folds))
    tensors = [torch.from_numpy(fold) for fold in folds]
    all_ = torch.from_numpy(winners.astype(folds[0].dtype))
    dissenting = torch.from_numpy(sum((fold != winners) for fold in folds).astype(np.uint8))
    return PairwiseDice.of(all_, dissenting, tensors)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_it_is_the_mean_dsc_of_all_pairs(dtype, count):
    rng = np.random.default_rng(count)
    truth = rng.integers(0, 4, (7, 8, 9))
    folds = [
        np.where(rng.random(truth.shape) < 0.3, rng.integers(0, 6, truth.shape), truth).astype(
            dtype
        )
        for _ in range(count)
    ]
    found = pairwise(*folds)
    assert found.classes == (1, 2, 3, 4, 5)
    for number, score in found.mean().items():
        pairs = [dice_of_masks(a == number, b == number) for a, b in combinations(folds, 2)]
        assert score == pytest.approx(np.mean(pairs), abs=1e-12)
    for number, score in found.of_fold(1).items():
        own = [
            dice_of_masks(folds[1] == number, f == number) for n, f in enumerate(folds) if n != 1
        ]
        assert score == pytest.approx(np.mean(own), abs=1e-12)


def test_who_finds_none_agrees_with_who_finds_none_and_with_nobody_else():
    nothing = np.zeros((4, 4, 4), np.uint8)
    one = nothing.copy()
    one[1:3, 1:3, 1:3] = 3
    found = pairwise(nothing, nothing, one)
    assert found.mean() == {3: pytest.approx(1 / 3)}
    assert found.of_fold(2) == {3: 0.0}
    assert pairwise(nothing, nothing).mean() == {}
    assert pairwise(one, one).mean() == {3: 1.0}
    assert pairwise(one).mean() == {}


def test_without_any_background_classes_keep_their_numbers():
    assert pairwise(np.full((2, 2, 2), 2, np.uint8), np.full((2, 2, 2), 2, np.uint8)).mean() == {
        2: 1
    }


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["exact", "balanced"])
def test_of_real_networks_it_is_that_of_what_each_fold_finds(make_model, preset):
    volume, _ = make_phantom(5, (10.0, 8.0, 8.0))
    ensemble = load_ensemble(make_model((0, 1, 2)), device="cpu")
    predicted = drain(asking(PreparedScan(volume), ensemble, preset))
    folds = [each.numpy() for each in predicted.predictions[0].prediction.fold_winners]
    agreement = drain(concluding(predicted)).disagreement.agreement()
    assert agreement
    for organ, score in agreement.items():
        pairs = [
            dice_of_masks(a == organ.value, b == organ.value) for a, b in combinations(folds, 2)
        ]
        assert score == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize(("folds", "preset"), [((0,), "exact"), ((0, 1), "fast")])
def test_of_one_fold_there_is_no_agreement(make_model, folds, preset):
    volume, _ = make_phantom(5, (10.0, 8.0, 8.0))
    ensemble = load_ensemble(make_model(folds), device="cpu")
    segmentation = drain(concluding(drain(asking(PreparedScan(volume), ensemble, preset))))
    assert segmentation.disagreement.agreement() == {}
