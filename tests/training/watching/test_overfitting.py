"""Trainings that learn their cases by heart, and those that only look so by chance."""

from __future__ import annotations

import numpy as np
import pytest
from training_logs import DATASET, made_curves, model_name

from napari_abdoseg.training.watching.curves import FoldCurves
from napari_abdoseg.training.watching.finding import Trouble
from napari_abdoseg.training.watching.fold_folder import read_fold
from napari_abdoseg.training.watching.overfitting import LEAST_EPOCHS, SHARE, find_overfitting

TRAININGS, LOOKS = 120, 25
LENGTHS = (50, 100, 250, 1000)


def normal_curves(rng: np.random.Generator, epochs: int) -> tuple[np.ndarray, ...]:
    """Losses that fall fast, then slowly, the validation's above the training's and noisier.

    The noise is a little alike from epoch to epoch, as slow changes of a network make it.
    """
    at = np.arange(epochs) / epochs
    pace, depth, start = rng.uniform(0.02, 0.3), rng.uniform(1.2, 2.4), rng.uniform(0.3, 1.5)
    learnt = 1 - np.exp(-at / pace)
    train = start - depth * (0.9 * learnt + 0.1 * at)
    train += rng.normal(0, rng.uniform(0.005, 0.03), epochs)
    noise = rng.normal(0, rng.uniform(0.02, 0.12), epochs)
    for epoch in range(1, epochs):
        noise[epoch] += 0.2 * noise[epoch - 1]
    val = start - depth * (1 - rng.uniform(0, 0.4)) * learnt + noise
    return train, val, 0.9 * learnt


def first(curves: tuple[np.ndarray, ...], epochs: int) -> FoldCurves:
    return made_curves(*(values[:epochs] for values in curves))


def test_one_case_learnt_by_heart():
    found = find_overfitting(read_fold(DATASET / model_name("over") / "fold_0"))
    assert found.trouble is Trouble.OVERFITS
    assert found.reason.startswith("its validation loss has risen from ")


@pytest.mark.parametrize("training", ["tiny", "hot", "lost"])
def test_other_trainings_do_not_overfit(training):
    for fold in (DATASET / model_name(training)).glob("fold_*"):
        assert find_overfitting(read_fold(fold)) is None


def test_false_alarms_are_rare_however_often_one_looks():
    rng = np.random.default_rng(0)
    alarmed = 0
    for training in range(TRAININGS):
        epochs = LENGTHS[training % len(LENGTHS)]
        curves = normal_curves(rng, epochs)
        looks = np.linspace(SHARE * LEAST_EPOCHS, epochs, LOOKS).astype(int)
        alarmed += any(find_overfitting(first(curves, look)) for look in looks)
    assert alarmed / TRAININGS <= 0.01


def test_a_rise_that_goes_on_is_found():
    rng = np.random.default_rng(1)
    found = 0
    for training in range(TRAININGS):
        epochs = LENGTHS[training % len(LENGTHS)]
        train, val, dice = normal_curves(rng, epochs)
        at = np.arange(epochs) / epochs
        rise = rng.uniform(0.6, 1.2) * np.clip(at - rng.uniform(0.2, 0.5), 0, None)
        found += find_overfitting(made_curves(train, val + rise, dice)) is not None
    assert found / TRAININGS >= 0.85


def test_a_rise_is_still_found_when_it_has_come_to_rest():
    at = np.linspace(0, 1, 300)
    rng = np.random.default_rng(2)
    val = 1.5 - 2 * (1 - np.exp(-at / 0.1)) + np.clip(at - 0.3, 0, 0.3)
    curves = made_curves(1.5 - 2.2 * at**0.2, val + rng.normal(0, 0.03, 300))
    assert find_overfitting(curves) is not None


def test_both_losses_rising_is_no_overfitting():
    at = np.linspace(0, 1, 120)
    losses = np.abs(at - 0.4)
    assert find_overfitting(made_curves(losses, losses)) is None


def test_the_reason_tells_what_becomes_of_the_dice():
    at = np.linspace(0, 1, 120)
    val, train = np.abs(at - 0.4), 1 - at
    holds = find_overfitting(made_curves(train, val, at)).reason
    falls = find_overfitting(made_curves(train, val, 1 - at / 2)).reason
    assert "around epoch 48 to 0.5" in holds
    assert "The EMA pseudo Dice holds at 0.9" in holds
    assert "The EMA pseudo Dice has fallen from 1.000 to 0.5" in falls


def test_a_short_training_and_one_without_numbers_are_not_judged():
    at = np.linspace(0, 1, 120)
    assert find_overfitting(made_curves(1 - at[:35], at[:35])) is None
    val = at.copy()
    val[3] = np.nan
    assert find_overfitting(made_curves(1 - at, val)) is None
