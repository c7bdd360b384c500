"""A result of 117 organs on the screen against one of four, with the same four organs shown.

Each runs in a process of its own, on the same scan: its trunk is cut into pieces that bear the
names of TotalSegmentator's organs, or has the phantom's four organs alone. Needs a screen, such
as that of `xvfb-run`:

    xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/many_organs.py
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from four_panel import Heartbeat
from large_scan import large_scan
from scipy.spatial import KDTree

from napari_abdoseg.image.names.organ_groups import is_of_palette
from napari_abdoseg.image.names.published_schemes import TOTALSEGMENTATOR
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ
from napari_abdoseg.image.volume import LabelMap, Volume

FEW, MANY = "4 organs", "117 organs"
IN_TRUNK = -300
"""HU above those of air and lungs."""


def pieces(scan: Volume, truth: LabelMap) -> LabelMap:
    """The four organs, and the rest of the trunk cut into 113 others."""
    four = [organ.name for organ in ABDOMINAL_ORGANS]
    others = [name for name in TOTALSEGMENTATOR.names if not is_of_palette(name)]
    others.append("liver vessels")
    organs = tuple(Organ(value, name) for value, name in enumerate([*four, *others], start=1))
    labels = truth.data.copy()
    rest = np.argwhere((scan.data > IN_TRUNK) & (labels == 0))
    seeds = rest[np.random.default_rng(0).integers(0, len(rest), len(others))]
    _, nearest = KDTree(seeds * scan.grid.spacing).query(rest * np.array(scan.grid.spacing))
    labels[tuple(rest.T)] = nearest + len(four) + 1
    return LabelMap(labels, truth.grid, organs)


def measure(how_many: str, shape: tuple[int, int, int]) -> dict[str, float]:
    """Show the result, and say how long it takes and for how long the window does not answer."""
    import napari
    from qtpy.QtTest import QTest

    from napari_abdoseg.plugin.four_panel.view import toggle_four_panel_view
    from napari_abdoseg.plugin.jobs.warm_up import warm_up
    from napari_abdoseg.plugin.layers.conversion import image_layer
    from napari_abdoseg.plugin.organs.cells import BOX, MASK
    from napari_abdoseg.plugin.organs.scene import organ_scene
    from napari_abdoseg.plugin.segment.result import show_result
    from napari_abdoseg.plugin.widgets.panel import open_panel

    scan, truth = large_scan(shape)
    labels = truth if how_many == FEW else pieces(scan, truth)
    viewer = napari.Viewer()
    viewer.window.resize(1400, 880)
    image = viewer.add_layer(napari.layers.Layer.create(*image_layer(scan)))
    warm_up()
    toggle_four_panel_view(viewer)
    panel = open_panel(viewer, "Organs")
    QTest.qWait(4000)
    begin = time.perf_counter()
    layer = show_result(viewer, image, labels).layer
    result = {"adding the masks, ms": (time.perf_counter() - begin) * 1000}
    beats, scene = Heartbeat(), organ_scene(viewer, layer)
    while not scene.table.measures or next(iter(scene.table.measures.values())).mean_hu is None:
        QTest.qWait(5)
    result["from masks to volumes and HU of all, s"] = time.perf_counter() - begin
    four = {organ.name for organ in ABDOMINAL_ORGANS}
    while not four <= {each.metadata.get("organ") for each in scene.surfaces.layers}:
        QTest.qWait(5)
    result["from masks to all surfaces and boxes, s"] = time.perf_counter() - begin
    QTest.qWait(4000)
    result["longest block meanwhile, ms"] = beats.longest_ms()
    result["layers that were added"] = len(viewer.layers) - 1
    for name, column in (("mask", MASK), ("box", BOX)):
        times = []
        for _ in range(6):
            begin = time.perf_counter()
            liver = panel.model.row_of(ABDOMINAL_ORGANS[0])
            panel.model.toggle(liver.siblingAtColumn(column))
            times.append((time.perf_counter() - begin) * 1000)
            QTest.qWait(300)
        result[f"a {name} off or on, ms"] = float(np.median(times))
    begin = time.perf_counter()
    layer.mode = "paint"
    layer.paint(tuple(size // 2 for size in shape), 1)
    result["a dab of the brush, ms"] = (time.perf_counter() - begin) * 1000
    QTest.qWait(2000)
    viewer.close()
    return result


def main() -> None:
    """Measure both and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="300,256,256", help="z,y,x")
    parser.add_argument("--organs", choices=[FEW, MANY])
    arguments = parser.parse_args()
    shape = tuple(int(size) for size in arguments.shape.split(","))
    if arguments.organs:
        print(json.dumps(measure(arguments.organs, shape)))
        return
    results = {}
    for how_many in (FEW, MANY):
        command = [sys.executable, str(Path(__file__)), "--shape", arguments.shape]
        output = subprocess.run(
            [*command, "--organs", how_many], check=True, capture_output=True, text=True
        )
        results[how_many] = json.loads(output.stdout.splitlines()[-1])
    print(f"{'':44}{FEW:>12}{MANY:>12}{'ratio':>8}")
    for name, few in results[FEW].items():
        many = results[MANY][name]
        print(f"{name:44}{few:12.1f}{many:12.1f}{many / few:8.2f}")


if __name__ == "__main__":
    main()
