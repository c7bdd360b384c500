"""Logs as nnU-Net writes them."""

from __future__ import annotations

import math

import pytest
from training_logs import DATASET, log_of, model_name

from napari_abdoseg.training.watching.curves import Stage
from napari_abdoseg.training.watching.log_text import read_logs

TINY = DATASET / model_name("tiny")
EPOCH = """2025-01-02 03:04:05: Epoch {number}
2025-01-02 03:04:05.000001: Current learning rate: 1e-05
2025-01-02 03:04:05.000002: train_loss {loss}
2025-01-02 03:04:05.000003: val_loss -0.5
2025-01-02 03:04:05.000004: Pseudo dice [{dice}]
2025-01-02 03:04:05.000005: Epoch time: 61.1 s
"""


def epoch(number: int = 0, loss: str = "-0.25", dice: str = "0.5") -> str:
    return EPOCH.format(number=number, loss=loss, dice=dice)


def test_all_epochs_of_a_finished_training():
    logs = read_logs([log_of(TINY / "fold_0").read_text()])
    assert list(logs.epochs) == list(range(30))
    assert logs.stage is Stage.FINISHED
    assert logs.validation_dice == pytest.approx(0.35239, abs=1e-5)
    first = logs.epochs[0]
    assert (first.learning_rate, first.train_loss, first.val_loss) == (0.003, 1.933, 1.6727)
    assert first.dice == (0.3239, 0.0453, 0.0278, 0.001)
    assert first.seconds == 0.8


def test_a_line_that_is_being_written_waits():
    text = log_of(TINY / "fold_2").read_text()
    assert not text.endswith("\n")
    logs = read_logs([text])
    assert max(logs.epochs) == 9
    assert logs.stage is Stage.TRAINING
    rest = "\n2025-11-25 04:25:46.694535: Epoch time: 0.84 s \n"
    whole = text[: text.rindex("np.float32(0.0")] + "np.float32(0.0), np.float32(0.0)]"
    assert max(read_logs([whole + rest]).epochs) == 10
    assert max(read_logs([whole + rest[:-1]]).epochs) == 9


def test_a_training_that_goes_on_replaces_epochs_that_were_lost():
    first, second = (log.read_text() for log in sorted((TINY / "fold_1").glob("*.txt")))
    killed, continued = read_logs([first]), read_logs([first, second])
    assert list(killed.epochs) == list(range(16))
    assert killed.stage is Stage.TRAINING
    assert list(continued.epochs) == list(range(30))
    assert continued.epochs[9] == killed.epochs[9]
    assert continued.epochs[10] != killed.epochs[10]
    just_begun = read_logs([first, second[: second.index("Epoch 10 ") + 12]])
    assert list(just_begun.epochs) == list(range(10))


def test_a_training_that_starts_anew_forgets_the_one_before():
    logs = read_logs([epoch(0) + epoch(1), epoch(0, "0.75")])
    assert [logs.epochs[0].train_loss, len(logs.epochs)] == [0.75, 1]


@pytest.mark.parametrize("dice", ["0.5, nan", "np.float32(0.5), np.float32(nan)", "0.5,nan"])
def test_lists_of_old_and_new_numpy(dice):
    first, second = read_logs([epoch(dice=dice)]).epochs[0].dice
    assert first == 0.5
    assert math.isnan(second)


@pytest.mark.parametrize("loss", ["nan", "inf", "-inf", "1e+20"])
def test_losses_that_no_one_wants(loss):
    assert str(read_logs([epoch(loss=loss)]).epochs[0].train_loss) == loss


def test_stages_one_after_the_other():
    text = log_of(TINY / "fold_0").read_text()
    ends = ["These are the global", "train_loss", "Training done.", "predicting", "Mean Validation"]
    stages = [read_logs([text[: text.index("\n", text.index(end)) + 1]]).stage for end in ends]
    assert stages == ["starting", "training", "finished", "validating", "finished"]


def test_other_files_and_odd_lines_tell_nothing():
    assert read_logs([]).epochs == {}
    text = "Epoch 3\n\x00\x00\n2025-01-02 03:04:05: Epoch time: 3 s\n2025-01-02: Epoch 1\n"
    assert read_logs([text]).epochs == {}
