"""From the key for the next case to its picture, and how long the window does not answer.

Writes scans as large as a hospital's to a folder, opens the panel `Cases` on it in a real window,
and presses the key, with the four panels closed and open, each in a process of its own. Needs a
screen, such as that of `xvfb-run`:

    xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/next_case.py FOLDER

A case counts as seen when all canvases that are in sight have drawn it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from four_panel import FOUR_PANELS, MB, PLAIN, Heartbeat

STEPS = 3
MOST = 60.0
"""Seconds that a case may take."""
SETTLED = 8.0
"""Seconds after a case was opened, in which surfaces and boxes come and the next one is read."""


def write_cases(folder: Path, shape: tuple[int, int, int]) -> None:
    """Scans with label maps, each patient another one: what is there already stays."""
    from large_scan import large_ct

    from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
    from napari_abdoseg.worklist.records.work_folder import WorkFolder

    work = WorkFolder.of(folder / "cts")
    for place in (work.scans, work.masks):
        place.mkdir(parents=True, exist_ok=True)
    if len(list(work.masks.glob("*.nii.gz"))) == STEPS + 2:
        return
    scan, labels = large_ct(shape[0], shape[1])
    for number in range(STEPS + 2):
        scan.data[:, :number] = 0
        write_volume(work.scans / f"case{number}_0000.nii.gz", scan)
        write_labels(work.labels_of(f"case{number}"), labels)


def measure(screen: str, folder: Path) -> dict[str, float]:
    """Go through the cases by key, and say how it went."""
    import napari
    from qtpy.QtCore import Qt
    from qtpy.QtTest import QTest

    from napari_abdoseg.plugin.activation import activate
    from napari_abdoseg.plugin.cases.at_work import cases_at_work
    from napari_abdoseg.plugin.four_panel.view import toggle_four_panel_view
    from napari_abdoseg.plugin.jobs.warm_up import warm_up
    from napari_abdoseg.plugin.widgets.panel import open_panel

    activate(None)
    viewer = napari.Viewer()
    viewer.window.resize(1500, 950)
    warm_up()
    if screen == FOUR_PANELS:
        toggle_four_panel_view(viewer)
    open_panel(viewer, "Organs")
    panel, cases = open_panel(viewer, "Cases"), cases_at_work(viewer)
    panel.scans.value = folder / "cts"
    while not cases.rows:
        QTest.qWait(20)
    empty = _memory_mb()
    times, blocks, collections = [], [], []
    for step in range(STEPS + 1):
        expected = f"case{step}"
        canvases = _Drawn(viewer, lambda shown, name=expected: _shows(shown, cases, name))
        viewer.window._qt_window.activateWindow()
        canvases.seen[0].setFocus()
        QTest.qWait(200)
        beats = Heartbeat()
        begin = time.perf_counter()
        QTest.keyClick(canvases.seen[0], Qt.Key_Right, Qt.AltModifier)
        while not canvases.all_drawn:
            QTest.qWait(1)
            if time.perf_counter() - begin > MOST:
                raise SystemExit(f"{expected} was not drawn in {MOST:.0f} s")
        seen = time.perf_counter() - begin
        QTest.qWait(round(1000 * SETTLED))
        if step:
            times.append(seen * 1000)
            blocks.append(beats.longest_ms())
            collections.append(beats.longest_collection_ms)
        canvases.close()
    volume = cases.open.scan.data.nbytes + cases.open.labels.data.nbytes
    result = {
        "from the key to the picture, ms (median)": median(times),
        "  the slowest": max(times),
        "longest block of the window in the 8 s from the key, ms (median)": median(blocks),
        "  the longest": max(blocks),
        "  of it the longest garbage collection of Python": max(collections),
        "memory without a case, MB": empty,
        "memory with a case open and those beside it read, MB": _memory_mb(),
        "voxels of a case and its label map, MB": volume / MB,
    }
    viewer.close()
    return result


class _Drawn:
    """Notes which of the canvases in sight have drawn a case."""

    def __init__(self, viewer: Any, shows: Any) -> None:
        from napari._qt.qt_viewer import QtViewer

        window = viewer.window._qt_window
        viewers = window.findChildren(QtViewer)
        seen = [each for each in viewers if each.canvas.native.isVisible()]
        self._canvases = [each.canvas._scene_canvas for each in seen]
        self.seen = [each.canvas.native for each in seen]
        self._shows = shows
        self._drawn: set[int] = set()
        self._calls = []
        for number, (each, canvas) in enumerate(zip(seen, self._canvases, strict=True)):
            call = self._note(number, each.viewer)
            canvas.events.draw.connect(call, position="last")
            self._calls.append((canvas, call))

    def _note(self, number: int, viewer: Any) -> Any:
        def note(event: Any) -> None:
            if self._shows(viewer):
                self._drawn.add(number)

        return note

    @property
    def all_drawn(self) -> bool:
        """Whether all have."""
        return len(self._drawn) == len(self._canvases)

    def close(self) -> None:
        """Note no more."""
        for canvas, call in self._calls:
            canvas.events.draw.disconnect(call)


def _shows(viewer: Any, cases: Any, name: str) -> bool:
    """Whether a viewer, or a panel, has the scan and the label map of a case, and those alone."""
    if cases.open is None or cases.open.name != name:
        return False
    own = cases.open.scan, cases.open.labels
    shown = [layer for layer in viewer.layers if type(layer) in map(type, own)]
    return [id(layer.data) for layer in shown] == [id(layer.data) for layer in own]


def _memory_mb() -> float:
    """Resident memory of this process now."""
    return float(psutil.Process().memory_info().rss / MB)


def main() -> None:
    """Measure both screens and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="for scans; those that are there are used again")
    parser.add_argument("--shape", default="300,512,512", help="z,y,x")
    parser.add_argument("--screen", choices=[PLAIN, FOUR_PANELS])
    arguments = parser.parse_args()
    shape = tuple(int(size) for size in arguments.shape.split(","))
    if arguments.screen:
        print(json.dumps(list(measure(arguments.screen, arguments.folder).items())))
        return
    write_cases(arguments.folder, shape)
    results = []
    for screen in (PLAIN, FOUR_PANELS):
        command = [sys.executable, str(Path(__file__)), str(arguments.folder), "--screen", screen]
        output = subprocess.run(command, check=True, capture_output=True, text=True)
        results.append(json.loads(output.stdout.splitlines()[-1]))
    print(f"{'':70}{PLAIN:>14}{FOUR_PANELS:>14}")
    for (name, plain), (_, panels) in zip(*results, strict=True):
        print(f"{name:70}{plain:14.0f}{panels:14.0f}")


if __name__ == "__main__":
    main()
