"""Trainings whose network comes to harm."""

from __future__ import annotations

import numpy as np
import pytest
from training_logs import DATASET, made_curves, model_name

from napari_abdoseg.training.watching.divergence import find_divergence
from napari_abdoseg.training.watching.finding import Trouble
from napari_abdoseg.training.watching.fold_folder import read_fold

FALLING = np.linspace(1.5, -0.8, 40)


def test_a_learning_rate_far_too_high_gives_no_numbers():
    found = find_divergence(read_fold(DATASET / model_name("hot") / "fold_0"))
    assert found.trouble is Trouble.DIVERGES
    assert found.reason.startswith("its training loss is nan since epoch 0. Start it anew")


def test_what_was_learnt_is_lost():
    found = find_divergence(read_fold(DATASET / model_name("lost") / "fold_0"))
    assert "EMA pseudo Dice had reached 0.25 and the last 5 epochs have lost it" in found.reason


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_trainings_that_learn_do_not_diverge(fold):
    assert find_divergence(read_fold(DATASET / model_name("tiny") / f"fold_{fold}")) is None


def test_the_epoch_is_named_from_which_a_loss_is_no_number():
    val = FALLING.copy()
    val[30:] = np.inf
    reason = find_divergence(made_curves(FALLING, val)).reason
    assert reason.startswith("its validation loss is inf since epoch 30.")


def test_a_loss_that_recovers_is_none_of_it():
    val = FALLING.copy()
    val[30] = np.nan
    assert find_divergence(made_curves(FALLING, val)) is None


def test_a_loss_far_above_its_start():
    risen = np.concatenate([FALLING, [9, 8, 9, 12, 11.5]])
    reason = find_divergence(made_curves(risen)).reason
    assert reason.startswith("its training loss began at 1.500 and is 11.500 now.")
    assert find_divergence(made_curves(risen[:-1])) is None


def test_harm_in_the_first_epoch():
    assert find_divergence(made_curves(np.linspace(21_000, 9_000, 8))) is not None


def test_fine_tuning_that_is_undone():
    fine = np.full(10, -0.85)
    assert find_divergence(made_curves(fine)) is None
    assert find_divergence(made_curves(np.append(fine, np.full(5, 0.3)))) is not None


def test_dice_must_be_lost_in_all_of_the_last_epochs():
    dice = np.append(np.full(20, 0.8), np.zeros(5))
    assert find_divergence(made_curves(FALLING[:25], dice=dice)) is not None
    dice[-3] = 0.3
    assert find_divergence(made_curves(FALLING[:25], dice=dice)) is None


@pytest.mark.parametrize("epochs", range(7))
def test_a_training_that_has_only_begun(epochs):
    assert find_divergence(made_curves(FALLING[:epochs], dice=np.zeros(epochs))) is None


def test_organs_that_no_patch_shows_are_no_loss():
    dice = np.append(np.full(20, 0.8), np.full(5, np.nan))
    assert find_divergence(made_curves(FALLING[:25], dice=dice)) is None
