"""What an annotator waits for while correcting a mask, in a window with four panels open.

A stroke of 60 mm by napari's brush of 10 mm radius, its release, each tool of the panel `Correct`
to its preview on a liver, undo, and the memory of a hundred steps: strokes of a disc, of a ball,
and an organ that becomes another; strokes and undo beside napari alone with the same layers.
`correction_tools.py` has the tools beside SciPy on the whole volume.
Needs a screen, such as that of `xvfb-run`:

    xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/correcting.py
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import chain
from statistics import median

import napari
import numpy as np
from large_scan import large_ct
from memory import resident_mb
from napari.layers import Labels, Layer
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.brush import swept
from napari_abdoseg.correction.painted_area import Paintable, paint
from napari_abdoseg.plugin.correct.bench import COMPUTING
from napari_abdoseg.plugin.correct.brushes import paintable_labels
from napari_abdoseg.plugin.four_panel.overlay import canvas_position
from napari_abdoseg.plugin.four_panel.view import canvases_of, toggle_four_panel_view
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.paint_events.shared_labels import shared_labels
from napari_abdoseg.plugin.paint_events.tool_edits import apply_edits, write
from napari_abdoseg.plugin.segment.result import show_result
from napari_abdoseg.plugin.widgets.napari_window import own_canvas, picture_of
from napari_abdoseg.plugin.widgets.panel import open_panel

LIVER, PAINTED = 1, 2
STROKE_MM, RADIUS_MM, MOVES = 60.0, 10.0, 20
STEPS = 100
TOOLS = (
    *("Keep largest", "Remove small parts", "Fill holes", "Smooth", "Grow", "Shrink", "Hollow"),
    *("Swap", "Merge", "Split"),
)
PATIENCE = 120.0
WAYS = ("napari alone", "four panels")
Rows = list[tuple[str, str]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--slices", type=int, default=600)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=WAYS)
    chosen = parser.parse_args()
    if chosen.only is None:
        for name in WAYS:  # each in a process of its own: the first window slows the second down
            subprocess.run([sys.executable, *sys.argv, "--only", name], check=True)
        return
    scan, truth = large_ct(chosen.slices, chosen.size)
    print(f"{chosen.only}, {scan.data.shape} voxels", flush=True)
    measure = alone if chosen.only == WAYS[0] else with_panels
    for what, words in measure(scan, truth, chosen.rounds):
        print(f"{chosen.only}: {what}: {words}", flush=True)


def alone(scan, truth, rounds: int) -> Rows:
    """napari with the same layers and nothing of ours."""
    viewer = napari.Viewer()
    viewer.window.resize(1600, 1000)
    viewer.add_layer(Layer.create(*image_layer(scan)))
    layer = viewer.add_layer(Layer.create(*labels_layer(truth, "organs")))
    QTest.qWait(3000)
    rows = strokes_and_undo(viewer, viewer, picture_of(own_canvas(viewer)), layer, rounds)
    viewer.close()
    return rows


def with_panels(scan, truth, rounds: int) -> Rows:
    """The four panels, the list of organs and the panel `Correct`."""
    viewer = napari.Viewer()
    viewer.window.resize(1600, 1000)
    image = viewer.add_layer(Layer.create(*image_layer(scan)))
    layer = show_result(viewer, image, truth).layer
    toggle_four_panel_view(viewer)
    panel = open_panel(viewer, "Correct")
    scene = organ_scene(viewer, layer)
    wait(lambda: bool(scene.table.measures) and scene.is_current)
    QTest.qWait(5000)
    axial, picture = canvases_of(viewer)[0]
    rows = strokes_and_undo(viewer, axial, picture, layer, rounds)
    layer.selected_label = LIVER
    other = next(organ.value for organ in truth.organs if organ.value != LIVER)
    wait(lambda: scene.is_current)
    for name in TOOLS:
        took = [preview_ms(panel, name, other) for _ in range(rounds)]
        rows.append((f"{name} to its preview", spoken(took)))
    for name, step in (
        ("disc", partial(whole_stroke, panel.bench, 0)),
        ("ball", partial(whole_stroke, panel.bench, None)),
        ("organ that becomes another", partial(whole_organ, layer, other)),
    ):
        layer._undo_history.clear()
        first, *others = range(STEPS + 1)
        step(first)  # takes what each of them needs while it works
        QTest.qWait(5000)
        before = resident_mb("VmRSS")
        for number in others:
            step(number)
        QTest.qWait(5000)
        words = f"{held_mb(layer):.0f} MB, {resident_mb('VmRSS') - before:.0f} MB more resident"
        rows.append((f"memory of {STEPS} steps, {name}", words))
    viewer.close()
    return rows


def strokes_and_undo(viewer, panel, picture, layer: Labels, rounds: int) -> Rows:
    """Real presses, moves and releases of the mouse in a panel, each until all is drawn."""
    layer.selected_label, layer.mode = PAINTED, "paint"
    viewer.layers.selection.active = layer
    layer.brush_size = round(2 * RADIUS_MM / layer.scale[-1])
    moves: list[float] = []
    releases: list[float] = []
    undos: list[float] = []
    for number in range(rounds):
        middle = np.argwhere(layer.data == LIVER).mean(axis=0)
        start = np.asarray(layer.data_to_world(np.add(middle, (3 * number, -30, -40))))
        viewer.dims.set_point(0, start[0])
        QTest.qWait(300)
        moving, release = stroke(panel, picture, start)
        moves += moving
        releases.append(release)
        QTest.qWait(500)
        assert layer._undo_history, "the stroke has painted nothing"
        undos.append(milliseconds(layer.undo))
        QTest.qWait(500)
    return [
        ("a move of the stroke", spoken(moves)),
        ("its release", spoken(releases)),
        ("undo", spoken(undos)),
    ]


def stroke(panel, picture, start) -> tuple[list[float], float]:
    """Milliseconds of each move of the mouse and of its release, from left to right."""
    parts = np.linspace(0, STROKE_MM, MOVES)
    places = [tuple(np.add(start, (0, 0, mm))) for mm in parts]
    size = picture.width(), picture.height()
    first, *others = [QPoint(*map(round, canvas_position(panel, at, *size))) for at in places]
    QTest.mousePress(picture, Qt.MouseButton.LeftButton, pos=first)
    moving = [milliseconds(partial(QTest.mouseMove, picture, at)) for at in others]
    release = partial(QTest.mouseRelease, picture, Qt.MouseButton.LeftButton, pos=others[-1])
    return moving, milliseconds(release)


def preview_ms(panel, name: str, other: int) -> float:
    """From the click on a tool to its preview, or to its question which organ parts belong to."""
    bench = panel.bench
    begin = time.perf_counter()
    panel.buttons[name].click()
    for setting in ("other", "into", "to"):
        if setting in bench.values:
            bench.set(**{setting: other})
    wait(lambda: bench.words not in ("", COMPUTING), 0.001)
    took = (time.perf_counter() - begin) * 1000
    bench.leave()
    QTest.qWait(200)
    return took


def whole_stroke(bench, axis: int | None, number: int) -> None:
    """A stroke in pieces as the brush paints them, beside those before; ``axis`` None is a ball."""
    target = bench.target()
    layer, labels = target.layer, paintable_labels(target)
    rng = np.random.default_rng(number)
    start = rng.integers(60, np.subtract(layer.data.shape, 130)).astype(float)
    step = np.array((0, 0, STROKE_MM / MOVES / layer.scale[-1]))
    value = PAINTED + number % 2
    with shared_labels(layer).held_by("brush"), layer.block_history():
        for move in range(MOVES):
            place = start + move * step
            area = swept(place, place + step, RADIUS_MM, labels.spacing, layer.data.shape, axis)
            write(layer, paint(labels, area, value, Paintable(None, None), None))
    QApplication.processEvents()


def whole_organ(layer: Labels, other: int, number: int) -> None:
    """The liver becomes another organ, or that the liver again with all that it had."""
    value = (LIVER, other)[number % 2]
    where = np.nonzero(layer.data == value)
    after = np.full(where[0].size, LIVER + other - value, layer.data.dtype)
    apply_edits(layer, [Edit(where, layer.data[where], after)], "merge")
    QApplication.processEvents()


def held_mb(layer: Labels) -> float:
    """Megabytes of all arrays that the undo history of a layer holds."""
    held = {}
    for where, *labels in chain(*layer._undo_history):
        for part in (*where, *labels):
            for array in (part,) if isinstance(part, np.ndarray) else vars(part).values():
                owner = array if getattr(array, "base", None) is None else array.base
                held[id(owner)] = np.asarray(owner).nbytes
    return sum(held.values()) / 1e6


def milliseconds(work: Callable[[], object]) -> float:
    """Until all that it asks for is drawn."""
    begin = time.perf_counter()
    work()
    QApplication.processEvents()
    return (time.perf_counter() - begin) * 1000


def spoken(times: list[float]) -> str:
    return f"{median(times):.0f} ms, {max(times):.0f} ms at worst"


def wait(condition: Callable[[], bool], pause: float = 0.05) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "napari takes too long"
        QTest.qWait(max(1, round(pause * 1000)))


if __name__ == "__main__":
    main()
