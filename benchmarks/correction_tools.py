"""Tools that correct an organ against SciPy on the whole volume, on a phantom's liver.

    python benchmarks/correction_tools.py --slices 600

Each tool gives the edit that it would make; the other way gives the voxels that it would leave.
Both must come to the same.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from large_scan import large_ct
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.between_slices import fill_between
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.holes import fill_holes
from napari_abdoseg.correction.islands import find_islands
from napari_abdoseg.correction.margins import grow
from napari_abdoseg.correction.smoothing import smooth

LIVER, KERNEL_MM, MARGIN_MM, SEED_EVERY = 1, 2.0, 5.0, 8
Voxels = NDArray[Any]


def largest_part(data: Voxels, spacing: Any) -> Voxels:
    parts, _ = ndimage.label(data == LIVER)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.where((data == LIVER) & (parts != sizes.argmax()), 0, data)


def without_holes(data: Voxels, spacing: Any) -> Voxels:
    return np.where(ndimage.binary_fill_holes(data == LIVER) & (data == 0), LIVER, data)


def grown(data: Voxels, spacing: Any) -> Voxels:
    distance = ndimage.distance_transform_edt(data != LIVER, sampling=spacing)
    return np.where((distance <= MARGIN_MM) & (data == 0), LIVER, data)


def smoothed(data: Voxels, spacing: Any) -> Voxels:
    sigma = [KERNEL_MM / step for step in spacing]
    inside, outside = (
        ndimage.gaussian_filter(np.float32(data == value), sigma, truncate=3, mode="nearest")
        for value in (LIVER, 0)
    )
    return np.where((data == LIVER) | (data == 0), np.where(inside > outside, LIVER, 0), data)


def between(data: Voxels, spacing: Any) -> Voxels:
    """Signed distances in all slices that are seeds, over all of each, as the tool takes them."""
    result, seeds = data.copy(), seeds_of(data)
    steps, previous = spacing[1:], None
    for seed in seeds:
        mask = np.pad(data[seed] == LIVER, 1)
        inside, outside = (
            ndimage.distance_transform_edt(each, sampling=steps) for each in (mask, ~mask)
        )
        distance = np.float32(inside - outside)[1:-1, 1:-1]
        if previous is not None:
            for number in range(previous[0] + 1, seed):
                share = (number - previous[0]) / (seed - previous[0])
                found = (1 - share) * previous[1] + share * distance > 0
                free = (data[number] == LIVER) | (data[number] == 0)
                result[number][free] = np.where(found, LIVER, 0)[free]
        previous = seed, distance
    return result


def seeds_of(data: Voxels) -> list[int]:
    """Slices that an annotator would have painted."""
    there = np.flatnonzero((data == LIVER).any(axis=(1, 2)))
    return list(range(int(there[0]), int(there[-1]), SEED_EVERY))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=600)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    _, whole = large_ct(chosen.slices, chosen.size)
    data = whole.data.copy()
    box = EditableLabels.of(whole).boxes[LIVER].slices
    noise = np.random.default_rng(0).random(data[box].shape, np.float32)
    data[box][(data[box] == LIVER) & (noise < 0.001)] = 0
    data[box][(data[box] == 0) & (noise > 0.9995)] = LIVER
    labels = EditableLabels.of(type(whole)(data, whole.grid, whole.organs))
    seeds = seeds_of(data)
    size = np.subtract(labels.boxes[LIVER].stop, labels.boxes[LIVER].start)
    print(f"{data.shape} voxels, liver {size}")
    tools: dict[str, tuple[Callable[[], Edit], Callable[[Voxels, Any], Voxels]]] = {
        "keep the largest part": (
            lambda: find_islands(labels, LIVER).keep_largest(),
            largest_part,
        ),
        "fill holes": (lambda: fill_holes(labels, LIVER), without_holes),
        f"grow by {MARGIN_MM:g} mm": (lambda: grow(labels, LIVER, MARGIN_MM), grown),
        f"smooth, {KERNEL_MM:g} mm": (lambda: smooth(labels, [LIVER], KERNEL_MM), smoothed),
        f"fill between every {SEED_EVERY}th slice": (
            lambda: fill_between(labels, [LIVER], 0, seeds),
            between,
        ),
    }
    for name, (tool, peer) in tools.items():
        ours = []
        for _ in range(chosen.rounds):
            begin = time.perf_counter()
            edit = tool()
            ours.append(time.perf_counter() - begin)
        begin = time.perf_counter()
        expected = peer(data, labels.spacing)
        theirs = time.perf_counter() - begin
        found = data.copy()
        found[edit.where] = edit.after
        print(
            f"{name}: {min(ours):.2f} s against {theirs:.2f} s, {theirs / min(ours):.1f} x; "
            f"{edit.after.size} voxels change, {(found != expected).sum()} differ",
            flush=True,
        )


if __name__ == "__main__":
    main()
