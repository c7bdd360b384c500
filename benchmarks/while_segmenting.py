"""How long a window does not answer while a CPU segments, and the user scrolls in four panels.

Beside each preset the same scrolling with nothing else going on, in the same window. What is not
over after a while is cancelled. Needs a screen, such as that of `xvfb-run`:

    xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/while_segmenting.py --model MIRRORED
"""

from __future__ import annotations

import argparse
import time

import napari
from four_panel import Heartbeat
from large_scan import large_ct
from qtpy.QtCore import QTimer
from qtpy.QtTest import QTest

from napari_abdoseg import load_ensemble
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.plugin.activation import activate
from napari_abdoseg.plugin.four_panel.view import toggle_four_panel_view
from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.plugin.jobs.warm_up import warm_up
from napari_abdoseg.plugin.layers.conversion import image_layer

SCROLL_MS = 50
"""Between two slices."""


def main() -> None:
    """Print a line for each preset, and one for nothing."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="demo", help="a model's name or its folder")
    parser.add_argument("--presets", nargs="*", default=["fast", "balanced", "exact"])
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=45, help="at most, of each")
    chosen = parser.parse_args()
    scan, _ = large_ct(chosen.slices, chosen.size)
    ensemble = load_ensemble(chosen.model, device="cpu")
    viewer = napari.Viewer()
    viewer.window.resize(1400, 880)
    activate(None)
    viewer.add_layer(napari.layers.Layer.create(*image_layer(scan)))
    warm_up()
    toggle_four_panel_view(viewer)
    QTest.qWait(5000)
    print("| | seconds | longest block, ms | longest of the window's thread at work, ms |")
    print("|---|--:|--:|--:|")
    for preset in ("", *chosen.presets):
        job = Job(segmenting(scan, ensemble, preset), f"Segment {preset}") if preset else None
        seconds, block, work = while_scrolling(viewer, job, chosen.seconds)
        print(f"| {preset or 'nothing'} | {seconds:.1f} | {block:.0f} | {work:.0f} |", flush=True)
    viewer.close()


def while_scrolling(
    viewer: napari.Viewer, job: Job | None, most: float
) -> tuple[float, float, float]:
    """Seconds that were scrolled, longest block, and longest work of the window's thread, in ms."""
    scrolling = QTimer()
    scrolling.timeout.connect(lambda: _to_the_next_slice(viewer))
    ended: list[None] = []
    if job is not None:
        job.ended.connect(lambda: ended.append(None))
        job.start()
    beats, begin = Heartbeat(), time.perf_counter()
    scrolling.start(SCROLL_MS)
    while not ended and time.perf_counter() - begin < most:
        QTest.qWait(50)
    scrolling.stop()
    block = beats.longest_ms()
    seconds = time.perf_counter() - begin
    if job is not None and not ended:
        job.cancel()
        while not ended:
            QTest.qWait(50)
    return seconds, block, beats.longest_work_ms


def _to_the_next_slice(viewer: napari.Viewer) -> None:
    axis = viewer.dims.order[0]
    after = viewer.dims.current_step[axis] + 1
    viewer.dims.set_current_step(axis, after % viewer.dims.nsteps[axis])


if __name__ == "__main__":
    main()
