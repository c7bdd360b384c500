"""The four-panel view against the plain viewer: frames a second and memory.

Each screen runs in a process of its own, on the same scan with the same organs.
Needs a screen, such as that of `xvfb-run`:

    xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/four_panel.py
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

PLAIN, FOUR_PANELS = "plain viewer", "four panels"
SCROLLED = 60
MB = 1 << 20


def measure(screen: str, shape: tuple[int, int, int]) -> dict[str, float]:
    """Open the scan in ``screen``, scroll and paint, and say how it went."""
    import napari
    from large_scan import large_scan
    from qtpy.QtTest import QTest

    from napari_abdoseg.plugin.activation import activate
    from napari_abdoseg.plugin.four_panel.view import four_panel_view
    from napari_abdoseg.plugin.layers.conversion import image_layer
    from napari_abdoseg.plugin.segment.result import show_result
    from napari_abdoseg.plugin.widgets.panel import open_panel

    scan, organs = large_scan(shape)
    viewer = napari.Viewer()
    viewer.window.resize(1400, 880)
    activate(None)  # as npe2 does before a reader of ours
    image = viewer.add_layer(napari.layers.Layer.create(*image_layer(scan)))
    open_panel(viewer, "Segment organs")  # which gets ready what masks need
    QTest.qWait(2000)
    result: dict[str, float] = {}
    if screen == FOUR_PANELS:
        result["opening the four panels and drawing them, ms"] = _opening_ms(viewer)
    QTest.qWait(8000)
    beats, begin = Heartbeat(), time.perf_counter()
    labels = show_result(viewer, image, organs).layer
    result["until the masks are in the list, ms"] = (time.perf_counter() - begin) * 1000
    view = four_panel_view(viewer)
    _wait_until_drawn(viewer, labels)
    result["until the masks are drawn, ms"] = (time.perf_counter() - begin) * 1000
    result["  longest block meanwhile, ms"] = beats.longest_ms()
    result["  longest of the window's thread at work, ms"] = beats.longest_work_ms
    pictured = view.three_d if view else viewer
    beats = Heartbeat()
    begin = time.perf_counter()
    while sum("surface" in layer.metadata for layer in pictured.layers) < len(organs.organs):
        QTest.qWait(10)
    QTest.qWait(10)  # the last of them is drawn
    result["from masks to all surfaces and boxes, s"] = time.perf_counter() - begin
    QTest.qWait(6000)
    result["longest block while surfaces and boxes come in, ms"] = beats.longest_ms()
    result["  longest of the window's thread at work then, ms"] = beats.longest_work_ms
    result["  longest garbage collection of Python then, ms"] = beats.longest_collection_ms
    panels = view.slices if view else (viewer,)
    for panel, name in zip(panels, ("axial", "coronal", "sagittal")):
        QTest.qWait(1000)
        result[f"scrolling {name}, frames a second"] = frames_a_second(viewer, panel)
    beats = Heartbeat()
    labels.mode = "paint"
    QTest.qWait(1000)
    result["longest block as painting is chosen first, ms"] = beats.longest_ms()
    beats = Heartbeat()
    labels.paint(tuple(size // 2 for size in shape), 1)
    QTest.qWait(3000)
    result["longest block after a stroke, ms"] = beats.longest_ms()
    result["memory, MB"] = resident_mb()
    beats = Heartbeat()
    begin = time.perf_counter()
    viewer.layers.clear()
    result["layers.clear() of the case, ms"] = (time.perf_counter() - begin) * 1000
    QTest.qWait(3000)
    result["  longest block with what follows it, ms"] = beats.longest_ms()
    result["  longest garbage collection of Python in that, ms"] = beats.longest_collection_ms
    viewer.close()
    return result


def _opening_ms(viewer: Any) -> float:
    """How long it takes until the four panels are there and are drawn."""
    from napari_abdoseg.plugin.four_panel.view import toggle_four_panel_view

    begin = time.perf_counter()
    toggle_four_panel_view(viewer)
    _wait_until_drawn(viewer)
    return (time.perf_counter() - begin) * 1000


def _wait_until_drawn(viewer: Any, layer: Any = None) -> None:
    """Wait until all canvases in sight are drawn, with a layer or its copies if one is given."""
    from napari._qt.qt_viewer import QtViewer
    from qtpy.QtWidgets import QApplication

    canvases = viewer.window._qt_window.findChildren(QtViewer)
    waiting = {each for each in canvases if each.canvas.native.isVisible()}
    for each in waiting:

        def note(event: Any, each: Any = each) -> None:
            if layer is None or any(own.data is layer.data for own in each.viewer.layers):
                waiting.discard(each)

        each.canvas._scene_canvas.events.draw.connect(note, position="last")
    while waiting:
        QApplication.processEvents()


class Heartbeat:
    """Longest time that the event loop did not come round, and longest garbage collection.

    And the longest time that the window's thread was at work in between, which hangs less on what
    else the machine does.
    """

    def __init__(self) -> None:
        from qtpy.QtCore import QTimer

        self.longest_collection_ms = self.longest_work_ms = 0.0
        gc.callbacks.append(self._time_collection)
        self._times = [_now()]
        self._timer = QTimer()
        self._timer.timeout.connect(lambda: self._times.append(_now()))
        self._timer.start(5)

    def longest_ms(self) -> float:
        """In ms, up to now."""
        self._timer.stop()
        gc.callbacks.remove(self._time_collection)
        blocks, work = np.diff([*self._times, _now()], axis=0).max(axis=0) * 1000
        self.longest_work_ms = float(work)
        return float(blocks)

    def _time_collection(self, phase: str, info: dict[str, int]) -> None:
        now = time.perf_counter()
        if phase == "start":
            self._collecting_since = now
        else:
            duration_ms = (now - self._collecting_since) * 1000
            self.longest_collection_ms = max(self.longest_collection_ms, duration_ms)


def _now() -> tuple[float, float]:
    """Seconds by the clock, and of this thread at work."""
    return time.perf_counter(), time.thread_time()


def frames_a_second(viewer: Any, panel: Any) -> float:
    """Scroll through the slices of a panel, each drawn in all panels before the next."""
    from qtpy.QtWidgets import QApplication

    axis = panel.dims.not_displayed[0]
    middle = int(panel.dims.nsteps[axis]) // 2
    begin = time.perf_counter()
    for step in range(SCROLLED):
        panel.dims.set_current_step(axis, middle - SCROLLED // 2 + step)
        QApplication.processEvents()
    return SCROLLED / (time.perf_counter() - begin)


def resident_mb() -> float:
    """Largest resident memory of this process so far."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB


def main() -> None:
    """Measure both screens and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="400,512,512", help="z,y,x")
    parser.add_argument("--screen", choices=[PLAIN, FOUR_PANELS])
    arguments = parser.parse_args()
    shape = tuple(int(size) for size in arguments.shape.split(","))
    if arguments.screen:
        print(json.dumps(measure(arguments.screen, shape)))
        return
    results = {}
    for screen in (PLAIN, FOUR_PANELS):
        command = [sys.executable, str(Path(__file__)), "--shape", arguments.shape]
        output = subprocess.run(
            [*command, "--screen", screen], check=True, capture_output=True, text=True
        )
        results[screen] = json.loads(output.stdout.splitlines()[-1])
    print(f"{'':52}{PLAIN:>14}{FOUR_PANELS:>14}{'ratio':>8}")
    for name, value in results[FOUR_PANELS].items():
        plain = results[PLAIN].get(name)
        ratio = f"{value / plain:8.2f}" if plain else ""
        print(f"{name:52}{plain or float('nan'):14.1f}{value:14.1f}{ratio}")


if __name__ == "__main__":
    main()
