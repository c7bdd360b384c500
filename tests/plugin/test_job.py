"""Long work and how its reports are shown."""

from __future__ import annotations

from qtpy.QtWidgets import QApplication

from napari_abdoseg.plugin.job import Job
from napari_abdoseg.progress import Progress


def test_reports_that_come_while_one_is_shown_wait_for_the_next_turn(make_napari_viewer, qtbot):
    make_napari_viewer()
    shown: list[int] = []
    previews: list[int] = []
    depth, deepest = 0, 0

    def work():
        for step in range(300):
            yield Progress(f"Stage {step}", step, 300, interim=step if step % 100 == 0 else None)

    def show(progress: Progress, _: str) -> None:
        nonlocal depth, deepest
        depth += 1
        deepest = max(deepest, depth)
        QApplication.processEvents()
        shown.append(progress.done)
        depth -= 1

    job = Job(work(), "Job")
    job.progressed.connect(show)
    job.previewed.connect(previews.append)
    with qtbot.waitSignal(job.ended, timeout=60_000):
        job.start()
    count = len(shown)
    qtbot.wait(50)
    assert len(shown) == count
    assert deepest == 1
    assert shown == sorted(set(shown))
    assert previews == [0, 100, 200]
