"""The brush of `Correct` in the four-panel view against napari's own in the plain viewer.

A real mouse drags a brush of 10 mm radius over 60 mm. A part of the stroke shows when the
canvas has drawn it; the release is over when the window answers again. Each screen runs in a
process of its own, and each brush is printed as soon as it is measured, by three strokes after
one that prepares it. Needs a screen, such as that of `xvfb-run`:

    xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/drawing.py
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

NAPARI, OURS = "napari alone", "four panels"
RADIUS_MM, WAY_MM, MOVES = 10.0, 60.0, 20
SPLEEN = 3
REST_MS = 500
"""What follows a stroke or its undo has begun by then."""
PATIENCE = 120.0
"""s that a window may take to open."""
BRUSHES: dict[str, dict[str, Any]] = {
    "disc": {"shape": "disc", "hu": None, "edge": False},
    "disc within a range of HU": {"shape": "disc", "hu": (-29.0, 150.0), "edge": False},
    "disc up to edges": {"shape": "disc", "hu": None, "edge": True},
    "ball": {"shape": "ball", "hu": None, "edge": False},
}


Measured = tuple[str, dict[str, list[float]]]
"""A brush, and milliseconds of what was measured of it."""


class Hand:
    """Drags the mouse over a canvas.

    Parameters
    ----------
    canvas
        napari's, of a viewer or a panel.
    zoom : float
        Pixels a millimetre.
    """

    def __init__(self, canvas: Any, zoom: float) -> None:
        self._native = canvas.native
        self._drawn = False
        self._zoom = zoom
        canvas._scene_canvas.events.draw.connect(self._note, position="last")

    def stroke(self, row: float) -> tuple[list[float], float, float]:
        """Milliseconds that each part takes to show, those of the release, and its work.

        Work is the processor's time of the window's thread, which others that are busy on the
        machine do not make longer.

        Parameters
        ----------
        row : float
            mm below the middle.
        """
        from qtpy.QtCore import QEvent, QPoint
        from qtpy.QtTest import QTest

        middle = self._native.rect().center() + QPoint(0, round(row * self._zoom))
        start, step = -WAY_MM / 2, WAY_MM / MOVES
        places = [
            middle + QPoint(round((start + step * number) * self._zoom), 0)
            for number in range(MOVES + 1)
        ]
        self._send(QEvent.Type.MouseButtonPress, places[0])
        shown = []
        for place in places[1:]:
            QTest.qWait(60)
            self._drawn = False
            begin = time.perf_counter()
            self._send(QEvent.Type.MouseMove, place)
            self._wait()
            shown.append((time.perf_counter() - begin) * 1000)
        QTest.qWait(100)
        begin, worked = time.perf_counter(), time.thread_time()
        self._send(QEvent.Type.MouseButtonRelease, places[-1])
        released, work = time.perf_counter() - begin, time.thread_time() - worked
        QTest.qWait(REST_MS)
        return shown, released * 1000, work * 1000

    def _send(self, kind: Any, place: Any) -> None:
        from qtpy.QtCore import QPointF, Qt
        from qtpy.QtGui import QMouseEvent
        from qtpy.QtWidgets import QApplication

        there = QPointF(self._native.mapToGlobal(place))
        left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
        button = none if "Move" in kind.name else left
        keys = Qt.KeyboardModifier.NoModifier
        buttons = none if "Release" in kind.name else left
        event = QMouseEvent(kind, QPointF(place), there, button, buttons, keys)
        QApplication.sendEvent(self._native, event)

    def _wait(self) -> None:
        from qtpy.QtWidgets import QApplication

        end = time.perf_counter() + 2
        while not self._drawn and time.perf_counter() < end:
            QApplication.processEvents()

    def _note(self, event: Any) -> None:
        self._drawn = True


def open_case(shape: tuple[int, int, int]) -> tuple[Any, Any]:
    """A window with a scan and its label map."""
    import napari
    from large_scan import large_scan

    from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer

    scan, truth = large_scan(shape)
    viewer = napari.Viewer()
    viewer.window.resize(1600, 960)
    viewer.add_layer(napari.layers.Layer.create(*image_layer(scan)))
    layer = viewer.add_layer(napari.layers.Layer.create(*labels_layer(truth, "organs")))
    layer.selected_label = SPLEEN
    viewer.dims.set_point(range(3), [float(each) / 2 for each in layer.extent.world.sum(axis=0)])
    return viewer, layer


def measure_napari(shape: tuple[int, int, int], rounds: int) -> Iterator[Measured]:
    """napari's own brush, a disc and a ball, in a viewer that has nothing else."""
    from qtpy.QtTest import QTest

    viewer, layer = open_case(shape)
    QTest.qWait(3000)
    layer.mode = "paint"
    layer.brush_size = round(2 * RADIUS_MM / float(min(layer.scale)))
    hand = Hand(viewer.window._qt_viewer.canvas, viewer.scene.camera.zoom)

    def prepare(brush: str) -> None:
        layer.n_edit_dimensions = 3 if brush == "ball" else 2

    return strokes(hand, layer, ["disc", "ball"], prepare, rounds)


def measure_ours(shape: tuple[int, int, int], rounds: int) -> Iterator[Measured]:
    """Our brush with all that follows it: four panels, list of organs, boxes."""
    from qtpy.QtTest import QTest

    from napari_abdoseg.plugin.correct.bench import bench
    from napari_abdoseg.plugin.four_panel.view import four_panel_view, toggle_four_panel_view
    from napari_abdoseg.plugin.widgets.panel import open_panel

    viewer, layer = open_case(shape)
    open_panel(viewer, "Organs")
    panel = open_panel(viewer, "Correct")
    toggle_four_panel_view(viewer)
    work = bench(viewer)
    end = time.monotonic() + PATIENCE
    while not work.target().scene.is_current:
        assert time.monotonic() < end, "the organs are not measured"
        QTest.qWait(100)
    QTest.qWait(5000)
    view = four_panel_view(viewer)
    panel.buttons["Brush"].click()
    work.set(size=2 * RADIUS_MM)
    hand = Hand(view.canvases[0].canvas, view.axial.scene.camera.zoom)
    return strokes(hand, layer, list(BRUSHES), lambda brush: work.set(**BRUSHES[brush]), rounds)


def strokes(
    hand: Hand, layer: Any, brushes: list[str], prepare: Callable[[str], None], rounds: int
) -> Iterator[Measured]:
    """Milliseconds of the parts and of the releases, by brush."""
    from qtpy.QtTest import QTest

    for brush in brushes:
        prepare(brush)
        parts, releases, works = [], [], []
        for number in range(rounds + 1):
            shown, released, worked = hand.stroke(-40.0 + 10 * number)
            if number:  # the first of a brush has all to prepare
                parts += shown
                releases.append(released)
                works.append(worked)
            layer.undo()
            QTest.qWait(REST_MS)
        yield brush, {"parts": parts, "releases": releases, "works": works}


def main() -> None:
    """Measure both screens, and print them one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="600,512,512", help="z,y,x")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--screen", choices=[NAPARI, OURS], help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    z, y, x = (int(size) for size in chosen.shape.split(","))
    if chosen.screen:
        measure = measure_napari if chosen.screen == NAPARI else measure_ours
        for measured in measure((z, y, x), chosen.rounds):
            print(json.dumps(measured), flush=True)
        os._exit(0)  # threads may be at work for a window that is still open
    print(f"{(z, y, x)} voxels, radius {RADIUS_MM:g} mm, {WAY_MM:g} mm in {MOVES} moves")
    print(f"{'ms':42}{'part shows':>12}{'release':>10}{'worst':>8}{'its work':>10}{'worst':>8}")
    found = {screen: dict(told(screen, chosen)) for screen in (NAPARI, OURS)}
    for brush in found[NAPARI]:
        medians = [np.median(found[screen][brush]["parts"]) for screen in (NAPARI, OURS)]
        print(f"{brush}: {medians[1] - medians[0]:+.1f} ms, {medians[1] / medians[0]:.2f} x")


def told(screen: str, chosen: argparse.Namespace) -> Iterator[Measured]:
    """What a process that measures a screen tells, each brush printed as it comes."""
    command = [sys.executable, __file__, "--screen", screen]
    command += ["--shape", chosen.shape, "--rounds", str(chosen.rounds)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent
    ) as process:
        for line in process.stdout or ():
            brush, times = json.loads(line)
            row = f"{f'{screen}, {brush}':42}{np.median(times['parts']):12.1f}"
            for name in ("releases", "works"):
                row += f"{np.median(times[name]):10.1f}{max(times[name]):8.1f}"
            print(row, flush=True)
            yield brush, times
    if process.returncode:
        sys.exit(process.returncode)


if __name__ == "__main__":
    main()
