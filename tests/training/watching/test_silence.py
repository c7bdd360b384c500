"""Logs that are no longer written to, by clocks that agree and others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from training_logs import EPOCH_SECONDS, made_curves

from napari_abdoseg.training.watching.curves import Stage
from napari_abdoseg.training.watching.finding import Trouble
from napari_abdoseg.training.watching.silence import Silence, find_stop

NOW = 1_700_000_000.0
MINUTE = 60.0


class SharedFile:
    """A file in a folder of a machine whose clock is ahead of ours."""

    def __init__(self, path: Path, ahead: float) -> None:
        self.path = path
        self._ahead = ahead
        path.touch()

    def write(self, now: float) -> None:
        with self.path.open("a") as file:
            file.write("a line\n")
        os.utime(self.path, (now + self._ahead,) * 2)

    def seconds(self, silence: Silence, now: float) -> float:
        return silence.seconds(self.path, self.path.stat(), now)


def test_the_time_of_a_file_counts_from_the_first_look(tmp_path):
    file = SharedFile(tmp_path / "log", ahead=0)
    file.write(NOW - 12 * MINUTE)
    assert file.seconds(Silence(), NOW) == 12 * MINUTE


@pytest.mark.parametrize("ahead", [-3600, -7 * MINUTE, 0, 7 * MINUTE, 3600])
def test_a_change_before_our_eyes_tells_how_clocks_differ(tmp_path, ahead):
    file, other = (SharedFile(tmp_path / name, ahead) for name in ("log", "other"))
    silence = Silence()
    for written in (file, other):
        written.write(NOW - MINUTE)
        written.seconds(silence, NOW)
    file.write(NOW + 10)
    assert file.seconds(silence, NOW + 10) == 0
    assert file.seconds(silence, NOW + 20 * MINUTE) == 20 * MINUTE - 10
    assert other.seconds(silence, NOW + 10) == MINUTE + 10


def test_a_clock_that_is_ahead_hides_no_silence_that_we_have_seen(tmp_path):
    file = SharedFile(tmp_path / "log", ahead=3600)
    file.write(NOW)
    silence = Silence()
    assert file.seconds(silence, NOW) == 0
    assert file.seconds(silence, NOW + 9 * MINUTE) == 9 * MINUTE


def test_a_change_that_was_seen_late_does_not_shorten_silence_for_ever(tmp_path):
    file = SharedFile(tmp_path / "log", ahead=0)
    file.write(NOW)
    silence = Silence()
    file.seconds(silence, NOW)
    file.write(NOW + MINUTE)
    assert file.seconds(silence, NOW + 10 * MINUTE) == 0
    file.write(NOW + 11 * MINUTE)
    file.seconds(silence, NOW + 11 * MINUTE)
    assert file.seconds(silence, NOW + 31 * MINUTE) == 20 * MINUTE


def test_stopped_after_three_epochs_and_five_minutes():
    curves = made_curves([1.0] * 5)
    assert find_stop(curves, 5 * MINUTE) is None
    found = find_stop(curves, 12 * MINUTE)
    assert found.trouble is Trouble.STOPPED
    assert "no new line for 12 min, where an epoch takes 40 s." in found.reason
    slow = made_curves([1.0] * 5, epoch_seconds=10 * EPOCH_SECONDS)
    assert find_stop(slow, 20 * MINUTE) is None
    assert find_stop(slow, 20 * MINUTE + 1) is not None


@pytest.mark.parametrize(
    "curves", [made_curves([]), made_curves([1.0], stage=Stage.VALIDATING)], ids=["start", "end"]
)
def test_steps_of_unknown_length_get_an_hour(curves):
    assert find_stop(curves, 59 * MINUTE) is None
    assert find_stop(curves, 61 * MINUTE) is not None


def test_a_finished_training_is_silent():
    assert find_stop(made_curves([1.0], stage=Stage.FINISHED), 1e9) is None


def test_days_are_told_as_days():
    assert "no new line for 30 days" in find_stop(made_curves([]), 30 * 24 * 60 * MINUTE).reason
