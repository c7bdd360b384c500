"""Volume, box and list row after a brush stroke in a window, against counting the whole volume.

Needs a screen, such as that of `xvfb-run`:

    xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/brush_stroke.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import napari
import numpy as np
from large_scan import large_scan
from napari.layers import Labels, Layer
from qtpy.QtTest import QTest

from napari_abdoseg.anatomy.measure import measure_organs
from napari_abdoseg.plugin.layers.conversion import image_layer
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.segment.result import show_result

BRUSH = 20
DABS = 10
PAINTED = 2


def main() -> None:
    """Drag a round 3D brush and print what it takes to be right again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="600,512,512", help="z,y,x")
    parser.add_argument("--rounds", type=int, default=10)
    arguments = parser.parse_args()
    shape = tuple(int(size) for size in arguments.shape.split(","))
    scan, labels = large_scan(shape)
    viewer = napari.Viewer()
    image = viewer.add_layer(Layer.create(*image_layer(scan)))
    layer = show_result(viewer, image, labels).layer
    scene = organ_scene(viewer, layer)
    organ = next(organ for organ in labels.organs if organ.value == PAINTED)
    while scene.boxes.state().get(organ.name) is None or not scene.table.measures[organ].mean_hu:
        QTest.qWait(50)
    QTest.qWait(5000)
    layer.brush_size, layer.n_edit_dimensions = BRUSH, 3

    rng = np.random.default_rng(0)
    by_edit, by_volume = [], []
    for _ in range(arguments.rounds):
        item = _drag(layer, rng.integers(60, np.array(shape) - 60))
        by_edit.append(_milliseconds(lambda item=item: layer.events.paint(value=item)))
        by_volume.append(_milliseconds(lambda: measure_organs(labels, scan)))
        truth = measure_organs(labels, scan)[organ]
        assert scene.table.measures[organ] == truth
        assert viewer.layers[f"{organ.name} box"].metadata["box"] == truth.box
        QTest.qWait(1000)
    voxels = sum(atom[2].size for atom in item)
    print(f"{shape} voxels, {DABS} dabs of a {BRUSH} voxel ball, {voxels} voxels changed")
    print(f"{'':28}{'median':>10}{'worst':>10}")
    for name, times in (("box, volume and list row", by_edit), ("whole volume", by_volume)):
        print(f"{name:28}{np.median(times):10.1f}{max(times):10.1f} ms")
    print(f"{'ratio':28}{np.median(by_volume) / np.median(by_edit):10.0f}")
    viewer.close()


def _drag(layer: Labels, start: np.ndarray) -> list:
    """Paint a stroke without telling anyone; its history item."""
    with layer.events.paint.blocker(), layer.block_history():
        for dab in range(DABS):
            layer.paint(tuple(start + np.array((0, 0, 4 * dab))), PAINTED)
    return layer._undo_history[-1]


def _milliseconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1000


if __name__ == "__main__":
    main()
