"""Measures after a brush stroke: from the changed voxels, against the whole volume.

QT_QPA_PLATFORM=offscreen python benchmarks/brush_stroke.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from large_scan import large_scan
from napari.components import ViewerModel
from napari.layers import Labels, Layer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_abdoseg.anatomy.measure import measure_organs
from napari_abdoseg.plugin.layers import labels_layer
from napari_abdoseg.plugin.measuring import Measuring

BRUSH = 20
DABS = 10


def main() -> None:
    """Drag a round 3D brush and print what it takes to be right again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="600,512,512", help="z,y,x")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    shape = tuple(int(size) for size in arguments.shape.split(","))
    application = QApplication([])
    scan, labels = large_scan(shape)
    viewer = ViewerModel()
    layer = viewer.add_layer(Layer.create(*labels_layer(labels, "organs")))
    layer.brush_size, layer.n_edit_dimensions = BRUSH, 3
    measuring = Measuring(viewer, layer)
    tables = []
    measuring.measured.connect(tables.append)
    measuring.scan = scan
    while not tables or measuring._worker is not None:
        QTest.qWait(50)

    rng = np.random.default_rng(0)
    by_edit, by_volume = [], []
    for _ in range(arguments.rounds):
        item = _drag(layer, rng.integers(60, np.array(shape) - 60))
        by_edit.append(_seconds(lambda item=item: layer.events.paint(value=item)))
        by_volume.append(_seconds(lambda: measure_organs(labels, scan)))
        assert tables[-1].measures.keys() == measure_organs(labels, scan).keys()
    voxels = sum(atom[2].size for atom in item)
    print(f"{shape} voxels, {DABS} dabs of a {BRUSH} voxel ball, {voxels} voxels changed")
    print(f"{'from the changed voxels':28}{min(by_edit) * 1000:10.1f} ms")
    print(f"{'whole volume':28}{min(by_volume) * 1000:10.1f} ms")
    print(f"{'ratio':28}{min(by_volume) / min(by_edit):10.0f}")
    measuring.close()
    application.quit()


def _drag(layer: Labels, start: np.ndarray) -> list:
    """Paint a stroke without telling anyone; its history item."""
    with layer.events.paint.blocker(), layer.block_history():
        for dab in range(DABS):
            layer.paint(tuple(start + np.array((0, 0, 4 * dab))), 2)
    return layer._undo_history[-1]


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
