"""Work that follows edits in a thread."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from napari_abdoseg.plugin.jobs.latest import LatestWork


class Owner:
    """Has work done, and waits in the middle of it when told to."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.started = threading.Event()
        self.came: list[int] = []
        self.background = LatestWork(self._work)
        self.background.yielded.connect(self.came.append)

    def _work(self, *numbers: int):
        self.started.set()
        for number in numbers:
            yield number
            self.go_on.wait()


def test_the_last_that_was_asked_for_is_done(qtbot):
    owner = Owner()
    owner.go_on.set()
    owner.background.start_soon(1)
    owner.background.start_soon(2, 3)
    assert owner.background.is_busy
    qtbot.waitUntil(lambda: not owner.background.is_busy)
    assert owner.came == [2, 3]


def test_nothing_comes_after_it_is_closed(qtbot):
    owner = Owner()
    owner.background.start_soon(1, 2, 3)
    qtbot.waitUntil(lambda: owner.came == [1])
    owner.background.close()
    owner.go_on.set()
    qtbot.wait(100)
    assert owner.came == [1]


@pytest.mark.parametrize("closed_in_the_middle", [False, True])
def test_a_window_keeps_nothing_of_the_work(make_napari_viewer, qtbot, closed_in_the_middle):
    make_napari_viewer()
    owner = Owner()
    if not closed_in_the_middle:
        owner.go_on.set()
    owner.background.start_soon(1, 2)
    came, wanted = owner.came, [1] if closed_in_the_middle else [1, 2]
    qtbot.waitUntil(lambda: came == wanted)
    owner.background.close()
    owner.go_on.set()
    left = weakref.ref(owner)
    del owner
    qtbot.waitUntil(lambda: gc.collect() >= 0 and left() is None)


def test_napari_need_not_ask_whether_to_close_on_it(make_napari_viewer, qtbot):
    tasks = make_napari_viewer().window._task_status_manager
    owner = Owner()
    owner.background.start_soon(1)
    qtbot.waitUntil(lambda: owner.came == [1])
    assert not tasks.is_busy()
    owner.go_on.set()
    qtbot.waitUntil(lambda: not owner.background.is_busy)


def test_what_goes_wrong_is_told_once(qtbot):
    def fail():
        yield 1
        raise ValueError("odd")

    background = LatestWork(fail)
    with qtbot.capture_exceptions() as raised:
        background.start_soon()
        qtbot.waitUntil(lambda: bool(raised) and not background.is_busy)
    assert [str(error) for _, error, _ in raised] == ["odd"]
