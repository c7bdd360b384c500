"""Scores after a stroke, in the panel `Compare with labels`, against the whole case anew.

Needs a screen, such as that of `xvfb-run`:

    xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/live_comparison.py
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from compared_masks import GOOD, ORGANS, compared_masks
from napari import Viewer
from napari.layers import Labels, Layer
from qtpy.QtTest import QTest

from napari_abdoseg.evaluation.comparison import comparing
from napari_abdoseg.plugin.compare.score_columns import DSC, NSD
from napari_abdoseg.plugin.compare.widget import CompareWidget
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.progress import drain

BRUSH = 15
MS = 1000


def main() -> None:
    """Paint at the borders of organs, and see when their rows in the panel are right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="300,512,512", help="z,y,x")
    parser.add_argument("--strokes", type=int, default=5, help="of each organ")
    arguments = parser.parse_args()
    shape = tuple(int(size) for size in arguments.shape.split(","))
    prediction, reference = compared_masks(shape, ORGANS[:4], GOOD)
    viewer = Viewer()
    viewer.window.resize(1400, 880)
    for labels, name in ((reference, "reference"), (prediction, "prediction")):
        viewer.add_layer(Layer.create(*labels_layer(labels, name)))
    layer = viewer.layers["prediction"]
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Compare with labels")
    widget.button.native.click()
    while widget.job is not None:
        QTest.qWait(20)

    rng = np.random.default_rng(0)
    every, anew = [], []
    print(f"{shape} voxels, strokes of a {BRUSH} voxel ball")
    for row, organ in enumerate(prediction.organs):
        inside = np.argwhere(prediction.data == organ.value)
        watch = RowWatch(widget, row)
        for _ in range(arguments.strokes):
            place = inside[rng.integers(len(inside))]
            watch.start()
            stroke(layer, place + rng.integers(-BRUSH, BRUSH, 3), organ.value)
            seconds = watch.seconds_to_last()
            begin = time.perf_counter()
            findings = drain(comparing(prediction, reference))
            anew.append(time.perf_counter() - begin)
            score = findings.scores[organ]
            assert watch.now == (f"{score.dsc:.4f}", f"{score.nsd:.4f}")
            every.append(seconds)
        of_organ = every[-arguments.strokes :]
        print(f"{organ.name:28}{np.median(of_organ) * MS:10.0f} ms, worst {max(of_organ) * MS:.0f}")
    for name, value in (
        ("median of all strokes", np.median(every)),
        ("worst", max(every)),
        ("whole case anew, median", np.median(anew)),
    ):
        print(f"{name:28}{value * MS:10.0f} ms")
    print(f"{'ratio':28}{np.median(anew) / np.median(every):10.1f}")
    viewer.close()


def stroke(layer: Labels, place: np.ndarray, value: int) -> None:
    """Paint a ball, or erase one where there is nothing to paint."""
    layer.brush_size, layer.n_edit_dimensions = BRUSH, 3
    history = len(layer._undo_history)
    layer.paint(tuple(place), value)
    if len(layer._undo_history) == history:
        layer.paint(tuple(place), 0)


class RowWatch:
    """Sees when DSC and NSD of a row take the values that they keep."""

    def __init__(self, widget: CompareWidget, row: int) -> None:
        self._scores, self._row = widget.findings.scores, row
        self._seen: list[tuple[float, tuple[str, ...]]] = []
        self._at_rest = False
        self._scores.dataChanged.connect(self._look)
        widget.scene.live.settled.connect(self._rest)

    @property
    def now(self) -> tuple[str, ...]:
        """DSC and NSD, without their changes since the start."""
        texts = (self._scores.index(self._row, column).data() for column in (DSC, NSD))
        return tuple(text.partition("\n")[0] for text in texts)

    def start(self) -> None:
        """A stroke begins now."""
        self._at_rest = False
        self._seen = [(time.perf_counter(), self.now)]

    def seconds_to_last(self) -> float:
        """Wait until all is done, and say how long it took to the values that are there now."""
        while not self._at_rest:
            QTest.qWait(1)
        begin, _ = self._seen[0]
        return min(when for when, values in self._seen if values == self.now) - begin

    def _rest(self) -> None:
        self._at_rest = True

    def _look(self) -> None:
        self._seen.append((time.perf_counter(), self.now))


if __name__ == "__main__":
    main()
