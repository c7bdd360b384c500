"""Ten damaged masks of phantoms, corrected in the window by simulated hands; a diary of it.

Needs a screen, such as that of `xvfb-run`:

    xvfb-run -a -s "-screen 0 1600x1000x24" python benchmarks/annotators_day.py --output day

Each case is a CT and a label map in files, opened in the four panels. The hands press the
buttons of the panel Correct, keys, and the mouse on the slices. Two things are done directly and
counted as if by hand: slices are gone to (a turn of the wheel for five), and the other organ that
a tool asks for is chosen (a key a row). The hands know the right organs, as an annotator does who
sees them. What a hand takes is counted by the
keystroke-level model (S. K. Card, T. P. Moran, A. Newell, Communications of the ACM 23, 1980:
to point 1.1 s, a key or button 0.2 s, to think 1.35 s), and what the program lets it wait is
measured and added.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import napari
import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QDoubleSpinBox, QPushButton, QWidget
from scipy import ndimage

from napari_abdoseg import make_phantom, read_labels, write_labels
from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.image.shown_case import ShownCase
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.case_window import show_case
from napari_abdoseg.plugin.correct.widget import CorrectWidget
from napari_abdoseg.plugin.four_panel.view import canvases_of
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.widgets.panel import open_panel

POINT_S, PRESS_S, THINK_S = 1.1, 0.2, 1.35
LIVER, KIDNEY, SPLEEN, PANCREAS = 1, 2, 3, 4
NAMES = {LIVER: "liver", KIDNEY: "kidney", SPLEEN: "spleen", PANCREAS: "pancreas"}
SPACING = 3.0, 1.5, 1.5
PATIENCE_S = 20.0
STROKES = 12
"""With the brush, at most, after the tools."""
SMALLEST_MM = 3.0
"""Half the width of an error that is worth a stroke."""
LEFT = Qt.MouseButton.LeftButton
Data = NDArray[Any]


def main() -> None:
    """Correct each case and write the diary."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--output", type=Path, default=Path("day"))
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    rows = [_correct(number, arguments.output) for number in range(1, arguments.cases + 1)]
    with (arguments.output / "diary.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
    for row in rows:
        print(*(f"{name} {value}" for name, value in row.items()), sep=", ")
    os._exit(0)


def _island(data: Data, truth: Data, rng: np.random.Generator) -> Iterator[Step]:
    """Three balls of liver in the air of the far corners of the body's box."""
    for _ in range(3):
        _ball(data, _some(truth == 0, rng), 6.0, LIVER, over=0)
    yield Step(LIVER, "keep largest")


def _holes(data: Data, truth: Data, rng: np.random.Generator) -> Iterator[Step]:
    deep = ndimage.distance_transform_edt(truth == LIVER, sampling=SPACING) > 14
    for _ in range(4):
        _ball(data, _some(deep, rng), 8.0, 0, over=LIVER)
    yield Step(LIVER, "fill holes")


def _gap(data: Data, truth: Data, rng: np.random.Generator) -> Iterator[Step]:
    """Four of each five slices of the spleen are missing; the annotator marks those that stay."""
    there = np.flatnonzero((truth == SPLEEN).any(axis=(1, 2)))
    kept = there[::5]
    for z in range(kept[0], kept[-1]):
        if z not in kept:
            data[z][truth[z] == SPLEEN] = 0
    yield Step(SPLEEN, "fill between slices", slices=tuple(kept.tolist()))


def _rough(data: Data, truth: Data, rng: np.random.Generator) -> Iterator[Step]:
    """Salt and pepper in the shell of a kidney."""
    distance = ndimage.distance_transform_edt(truth != KIDNEY, sampling=SPACING)
    inner = ndimage.distance_transform_edt(truth == KIDNEY, sampling=SPACING)
    shell = (distance < 3) & (inner < 3) & np.isin(data, (0, KIDNEY))
    noise = shell & (rng.random(data.shape) < 0.35)
    data[noise] = np.where(data[noise] == KIDNEY, 0, KIDNEY)
    yield Step(KIDNEY, "smooth")


def _taken(data: Data, truth: Data, rng: np.random.Generator) -> Iterator[Step]:
    """The left half of the kidneys is called spleen."""
    halves, _ = ndimage.label(truth == KIDNEY)
    half = halves == np.bincount(halves.ravel())[1:].argmax() + 1
    data[half] = SPLEEN
    place = tuple(int(at) for at in _middle(half))
    yield Step(SPLEEN, "give part", place, KIDNEY)


def _bitten(data: Data, truth: Data, rng: np.random.Generator) -> Iterator[Step]:
    """The pancreas lacks two pieces; there is no tool for that but the brush."""
    for _ in range(2):
        _ball(data, _some(truth == PANCREAS, rng), 9.0, 0, over=PANCREAS)
    yield from ()


def _leak(data: Data, truth: Data, rng: np.random.Generator) -> Iterator[Step]:
    """The liver leaks into what lies beside it, connected; the eraser's work."""
    rim = ndimage.binary_dilation(truth == LIVER, iterations=2) & (truth == 0)
    _ball(data, _some(rim, rng), 12.0, LIVER, over=0)
    yield from ()


DAMAGES = _taken, _island, _holes, _gap, _rough, _bitten, _leak
"""In the order in which an annotator sees to them."""


@dataclass(frozen=True)
class Step:
    """What an annotator does about a damage: a tool on an organ, and what it is told."""

    organ: int
    tool: str
    place: tuple[int, ...] | None = None
    other: int | None = None
    slices: tuple[int, ...] = ()


def _correct(number: int, folder: Path) -> dict[str, Any]:
    """Damage a case, correct it in a window, and tell."""
    rng = np.random.default_rng(number)
    scan, truth = make_phantom(number, SPACING)
    data = truth.data.copy()
    damages = [DAMAGES[i] for i in sorted(rng.choice(len(DAMAGES), 4, replace=False))]
    steps = [step for damage in damages for step in damage(data, truth.data, rng)]
    image, labels = folder / f"case_{number:02}.nii.gz", folder / f"case_{number:02}_organs.nii.gz"
    write_volume(image, scan)
    write_labels(labels, LabelMap(data, truth.grid, truth.organs))
    viewer = napari.Viewer(show=True)
    viewer.window.resize(1600, 1000)
    show_case(viewer, ShownCase.read(image, labels))
    hands = Hands(viewer, truth.data)
    hands.picture(folder / f"case_{number:02}_before.png")
    for step in steps:
        hands.use(step)
    hands.paint_the_rest()
    hands.save(labels)
    hands.picture(folder / f"case_{number:02}_after.png")
    after = read_labels(labels).data
    row = {
        "case": number,
        "damages": " + ".join(damage.__name__.strip("_") for damage in damages),
        "minutes": f"{hands.seconds / 60:.1f}",
        "waited_s": f"{hands.waited:.1f}",
        "gestures": sum(hands.gestures.values()),
        "strokes": hands.gestures["stroke"],
        **{
            f"{name}_DSC": f"{_dsc(data, truth.data, value):.4f} -> "
            f"{_dsc(after, truth.data, value):.4f}"
            for value, name in NAMES.items()
        },
        "awkward": " | ".join(hands.awkward),
    }
    viewer.close()
    print(row, flush=True)
    return row


class Hands:
    """A pointer and keys; what they do is counted."""

    def __init__(self, viewer: napari.Viewer, truth: Data) -> None:
        self.viewer, self.truth = viewer, truth
        self.panel: CorrectWidget = open_panel(viewer, "Correct")
        self.layer: Labels = next(each for each in viewer.layers if isinstance(each, Labels))
        self.gestures: Counter[str] = Counter()
        self.waited = 0.0
        self.awkward: list[str] = []
        self._wait("the list of organs", lambda: organ_scene(viewer, self.layer).is_current)

    @property
    def seconds(self) -> float:
        """What an annotator would have needed."""
        presses = sum(self.gestures.values())
        return presses * (POINT_S + PRESS_S) + self.gestures["decision"] * THINK_S + self.waited

    def use(self, step: Step) -> None:
        """Use a tool on an organ."""
        self.gestures["decision"] += 1
        before = self.layer.data.copy()
        self._key(self._canvas, str(sorted(NAMES).index(step.organ) + 1))
        self._press(self.panel.buttons[step.tool.capitalize()])
        for z in step.slices:
            self._go_to_slice((z,))
            self._press(self._form_button("Mark, or unmark"))
        if step.other is not None:
            self._choose_organ(step.other)
        if step.place is not None:
            self._go_to_slice(step.place)
            self._click(step.place)
        if self._has_preview(step.tool):
            self._key(self._canvas, Qt.Key.Key_Return)
            self._wait(f"{step.tool}", lambda: not np.array_equal(before, self.layer.data))
        self._key(self._canvas, Qt.Key.Key_Escape)

    def paint_the_rest(self) -> None:
        """Go to the largest error, choose the size of the brush, and click; again and again."""
        for _ in range(STROKES):
            found = self._worst_error()
            if found is None:
                return
            place, radius, wanted, there = found
            self.gestures["decision"] += 1
            organ = wanted or there
            self._key(self._canvas, str(sorted(NAMES).index(organ) + 1))
            tool = "brush" if wanted else "eraser"
            if self.panel.bench.tool is None or self.panel.bench.tool.name != tool:
                self._press(self.panel.buttons[tool.capitalize()])
                self._press(self._form_button("ball"))
            self._type("size", 2 * radius)
            self._go_to_slice(place)
            before = self.layer.data.copy()
            self._stroke(place)
            if not self._wait("a stroke", lambda was=before: (was != self.layer.data).any(), 2):
                return
        self._key(self._canvas, Qt.Key.Key_Escape)

    def save(self, path: Path) -> None:
        """Press Ctrl+S."""
        self.viewer.layers.selection.active = self.layer
        self._key(self._canvas, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
        unsaved = unsaved_labels(self.viewer)
        self._wait("saving", lambda: self.layer not in unsaved.layers)

    def picture(self, path: Path) -> None:
        """Keep what is on the screen."""
        QTest.qWait(1500)
        QApplication.primaryScreen().grabWindow(0).save(str(path))

    @property
    def _canvas(self) -> QWidget:
        return canvases_of(self.viewer)[0][1]

    def _worst_error(self) -> tuple[tuple[int, ...], float, int, int] | None:
        """The middle of the largest error, half its width in mm, the labels wanted and found."""
        now = self.layer.data
        worst: tuple[tuple[int, ...], float, int, int] | None = None
        for value in NAMES:
            for wrong, wanted in (
                ((self.truth == value) & (now != value), value),
                (
                    (self.truth == 0) & (now == value),
                    0,
                ),
            ):
                if not wrong.any():
                    continue
                box = ndimage.find_objects(wrong.view(np.int8))[0]
                depth = ndimage.distance_transform_edt(np.pad(wrong[box], 1), sampling=SPACING)
                place = np.unravel_index(depth.argmax(), depth.shape)
                radius = float(depth[place])
                if radius >= SMALLEST_MM and (worst is None or radius > worst[1]):
                    z, y, x = (int(at) - 1 + side.start for at, side in zip(place, box))
                    worst = (z, y, x), radius, wanted, int(now[z, y, x])
        return worst

    def _has_preview(self, tool: str) -> bool:
        bench = self.panel.bench
        shown = self._wait(f"preview of {tool}", lambda: bench.proposal or bench.is_problem)
        if bench.is_problem:
            self.awkward.append(f"{tool}: {bench.words}")
        return shown and bench.proposal is not None and bench.proposal.changes is not None

    def _wait(self, what: str, until: Callable[[], Any], patience: float = PATIENCE_S) -> bool:
        begin = time.perf_counter()
        while not until():
            if time.perf_counter() - begin > patience:
                self.awkward.append(f"{what} never came")
                return False
            QTest.qWait(10)
        self.waited += time.perf_counter() - begin
        return True

    def _press(self, button: QWidget) -> None:
        self.gestures["press"] += 1
        QTest.mouseClick(button, LEFT)

    def _form_button(self, word: str) -> QPushButton:
        buttons = self.panel.form.findChildren(QPushButton)
        return next(button for button in buttons if button.text() == word)

    def _choose_organ(self, value: int) -> None:
        """Choose the other organ that a tool asks for: directly, counted as a key a row."""
        choice = next(row for row in self.panel.form.rows.values() if hasattr(row, "chosen"))
        organs = [organ.value for organ, _ in self.panel.bench.target().organs]
        others = [each for each in organs if each != self.layer.selected_label]
        self.gestures["key"] += 1 + others.index(value)
        choice.chosen.emit(value)

    def _type(self, setting: str, mm: float) -> None:
        box = (
            self.panel.form.rows[setting].findChild(QDoubleSpinBox) or self.panel.form.rows[setting]
        )
        self.gestures["press"] += 1
        box.setFocus()
        box.selectAll()
        QTest.keyClicks(box, f"{mm:.1f}")
        QTest.keyClick(box, Qt.Key.Key_Tab)

    def _key(self, widget: QWidget, key: Any, keys: Any = Qt.KeyboardModifier.NoModifier) -> None:
        self.gestures["key"] += 1
        if widget is self._canvas:
            self.viewer.window._qt_window.activateWindow()
            widget.setFocus()
            QApplication.processEvents()
        QTest.keyClick(widget, key, keys)
        QApplication.processEvents()

    def _go_to_slice(self, place: Sequence[int]) -> None:
        """Go to an axial slice directly, counted as a turn of the wheel for five slices."""
        panel, _ = canvases_of(self.viewer)[0]
        away = abs(int(panel.dims.current_step[0]) - place[0])
        self.gestures["wheel"] += -(-away // 5)
        panel.dims.set_current_step(0, place[0])
        QTest.qWait(100)

    def _click(self, place: Sequence[int]) -> None:
        self.gestures["click"] += 1
        QTest.mouseClick(self._canvas, LEFT, pos=self._pixel(place))
        QApplication.processEvents()

    def _stroke(self, place: Sequence[int]) -> None:
        """A dab that is dragged by a pixel."""
        self.gestures["stroke"] += 1
        begin, canvas = self._pixel(place), self._canvas
        QTest.mouseMove(canvas, begin)
        QTest.mousePress(canvas, LEFT, pos=begin)
        _move(canvas, begin + QPoint(1, 0))
        _move(canvas, begin)
        QTest.mouseRelease(canvas, LEFT, pos=begin)
        QApplication.processEvents()

    def _pixel(self, place: Sequence[int]) -> QPoint:
        """Where a voxel is seen in the axial slice."""
        panel, canvas = canvases_of(self.viewer)[0]
        world = np.asarray(self.layer.data_to_world(place))[-2:]
        middle = np.asarray(panel.scene.camera.center)[-2:]
        off = (world - middle) * panel.scene.camera.zoom * _senses(panel)
        return QPoint(round(canvas.width() / 2 + off[1]), round(canvas.height() / 2 + off[0]))


def _senses(panel: Any) -> NDArray[np.float64]:
    """Whether rows go down and columns to the right (1), or the other way."""
    down, right = panel.scene.camera.orientation2d
    return np.array([1.0 if down == "down" else -1.0, 1.0 if right == "right" else -1.0])


def _move(canvas: QWidget, to: QPoint) -> None:
    """QTest moves no mouse whose button is held."""
    event = QMouseEvent(
        QMouseEvent.Type.MouseMove,
        to.toPointF(),
        canvas.mapToGlobal(to).toPointF(),
        LEFT,
        LEFT,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(canvas, event)


def _ball(data: Data, middle: Sequence[int], radius: float, value: int, over: int) -> None:
    steps = np.ogrid[tuple(map(slice, data.shape))]
    far = sum(((axis - at) * mm) ** 2 for axis, at, mm in zip(steps, middle, SPACING))
    data[(far <= radius**2) & (data == over)] = value


def _some(mask: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.intp]:
    """A voxel of a mask, away from the edges of the scan."""
    places = np.argwhere(mask[10:-10, 20:-20, 20:-20])
    return np.add(rng.choice(places), (10, 20, 20))


def _middle(mask: NDArray[np.bool_]) -> tuple[np.intp, ...]:
    """The voxel that is deepest in a mask."""
    depth = ndimage.distance_transform_edt(mask, sampling=SPACING)
    return np.unravel_index(depth.argmax(), depth.shape)


def _dsc(data: Data, truth: Data, value: int) -> float:
    one, other = data == value, truth == value
    return 2 * float((one & other).sum()) / float(one.sum() + other.sum())


if __name__ == "__main__":
    main()
