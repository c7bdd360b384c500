"""Steps of work between which the window answers."""

from __future__ import annotations

from qtpy.QtCore import QTimer

from napari_abdoseg.plugin.jobs.turns import take_turns


def test_the_first_step_is_taken_at_once_and_the_window_answers_before_each_other(qtbot):
    done = []

    def steps():
        for number in range(3):
            done.append(number)
            QTimer.singleShot(0, lambda: done.append("window"))
            yield

    take_turns(steps())
    assert done == [0]
    qtbot.waitUntil(lambda: len(done) == 6)
    assert done == [0, "window", 1, "window", 2, "window"]


def test_no_step_is_no_work(qtbot):
    take_turns(iter(()))
