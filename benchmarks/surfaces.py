"""Organ surfaces against marching cubes over the whole volume, side by side.

The label map is a coarse phantom whose voxels are repeated until it has the
shape asked for; they are taken to be of 1 x 0.75 x 0.75 mm. Times are the best
of several rounds, in which the two take turns. A pause is the longest time for
which another thread, such as the window's, did not come round.

    python benchmarks/surfaces.py --shape 300,512,512
"""

from __future__ import annotations

import argparse
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import marching_cubes

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.anatomy.surface import SMOOTHINGS, Surface, organ_surface
from napari_abdoseg.image.grid import Grid, Shape
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap

SPACING = (1.0, 0.75, 0.75)
"""mm along (z, y, x)."""


def large_labels(shape: Shape) -> LabelMap:
    """A coarse phantom's truth, its voxels repeated until it has ``shape`` (z, y, x)."""
    _, truth = make_phantom(3, (3.0, 2.5, 2.5))
    picks = [np.arange(size) * old // size for size, old in zip(shape, truth.grid.shape)]
    return LabelMap(truth.data[np.ix_(*picks)], Grid.from_spacing(shape, SPACING), truth.organs)


def on_own_box(labels: LabelMap, organ: Organ, box: Box, smoothing: str) -> Surface:
    """As the project makes it."""
    return organ_surface(labels.data[box.slices] == organ.value, box, labels.grid, smoothing)


def on_whole_volume(labels: LabelMap, organ: Organ) -> Surface:
    """What one writes with scikit-image alone."""
    vertices, faces, _, _ = marching_cubes(
        labels.data == organ.value, spacing=labels.grid.spacing, gradient_direction="ascent"
    )
    return Surface(vertices, faces)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds that a piece of work takes, and its result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def longest_pause(work: Callable[[], Any]) -> float:
    """Longest time in ms that another thread has to wait meanwhile."""
    times: list[float] = []
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.001):
            times.append(time.perf_counter())

    watcher = threading.Thread(target=watch)
    watcher.start()
    work()
    done.set()
    watcher.join()
    return float(np.diff(times).max(initial=0) * 1000)


def volume_error(surface: Surface, inside: NDArray[np.bool_], grid: Grid) -> float:
    """Enclosed volume against that of the voxels, in percent."""
    return 100 * (surface.volume_ml / (np.count_nonzero(inside) * grid.voxel_volume) - 1)


def main() -> None:
    """Measure both ways and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", default="300,512,512", help="z,y,x")
    parser.add_argument("--smoothing", choices=SMOOTHINGS, default="light")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    z, y, x = (int(size) for size in options.shape.split(","))
    labels = large_labels((z, y, x))
    search = min(timed(lambda: bounding_boxes(labels))[0] for _ in range(options.rounds))

    organ_surface(np.ones((1, 1, 1), bool), Box((0, 0, 0), (1, 1, 1)), labels.grid)

    print(f"{z} x {y} x {x} voxels, smoothing {options.smoothing}")
    print(f"{'':14}{'on its own box':^32}{'over the whole volume':^32}")
    print(f"{'':14}" + 2 * f"{'s':>8}{'faces':>10}{'volume':>10}    " + f"{'ratio':>6}")
    totals = np.zeros(2)
    pauses = np.zeros(2)
    for organ, box in bounding_boxes(labels).items():
        ways: list[Callable[[], Surface]] = [
            lambda organ=organ, box=box: on_own_box(labels, organ, box, options.smoothing),
            lambda organ=organ: on_whole_volume(labels, organ),
        ]
        rounds = [[timed(way) for way in ways] for _ in range(options.rounds)]
        seconds = np.min([[took for took, _ in turn] for turn in rounds], axis=0)
        totals += seconds
        pauses = np.maximum(pauses, [longest_pause(way) for way in ways])
        row = f"{organ.name:14}"
        for took, (_, surface) in zip(seconds, rounds[-1]):
            error = volume_error(surface, labels.data == organ.value, labels.grid)
            row += f"{took:8.2f}{len(surface.faces):10}{error:+9.2f}%    "
        print(row + f"{seconds[1] / seconds[0]:5.1f}x")
    gap = " " * 24
    print(f"{'all':14}{totals[0]:8.2f}{gap}{totals[1]:8.2f}{gap}{totals[1] / totals[0]:5.1f}x")
    totals[0] += search
    print(
        f"{'with boxes':14}{totals[0]:8.2f}{gap}{totals[1]:8.2f}{gap}{totals[1] / totals[0]:5.1f}x"
    )
    print(f"{'pause in ms':14}{pauses[0]:8.0f}{gap}{pauses[1]:8.0f}")


if __name__ == "__main__":
    main()
