"""Preprocessing of a large CT against nnU-Net's own, side by side.

Both get the same voxels and the demo ensemble's plans, in turns; times are the best
of several. Memory is what a fresh process needs at most beyond the scan itself. For
other spacings than the demo ensemble's give them:

    python benchmarks/preprocessing.py
    python benchmarks/preprocessing.py --slices 700
    python benchmarks/preprocessing.py --target 1.5 0.8 0.8
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context

import numpy as np
from large_scan import add_noise, large_scan
from memory import extra_mb
from nnunetv2.preprocessing.preprocessors.default_preprocessor import DefaultPreprocessor
from numpy.typing import NDArray

from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.preprocessing.preprocessing import preprocess

SPACING = (1.5, 0.8, 0.8)
"""mm along (z, y, x)."""
Way = Callable[[NDArray[np.int16], TrainedConfiguration], NDArray[np.float32]]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--target", type=float, nargs=3, help="mm along z, y and x")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    scan, trained = noisy_scan(chosen.slices), demo_fold(chosen.target)
    times: dict[Way, list[float]] = {way: [] for way in (nnunets, ours)}
    images = {}
    for _ in range(chosen.rounds):
        for way in times:
            begin = time.perf_counter()
            images[way] = way(scan, trained)
            times[way].append(time.perf_counter() - begin)
    seconds = {way: min(rounds) for way, rounds in times.items()}
    memory = {way: peak_mb(way, chosen.slices, chosen.target) for way in times}
    shapes = " to ".join(" x ".join(map(str, array.shape)) for array in (scan, images[ours][0]))
    print(f"{shapes} voxels")
    for way in times:
        print(f"  {way.__name__:8} {seconds[way]:7.2f} s {memory[way]:8.0f} MB")
    faster, smaller = (figures[nnunets] / figures[ours] for figures in (seconds, memory))
    print(f"  ratio    {faster:7.1f} {smaller:10.1f}")
    print(f"  largest difference {np.abs(images[ours] - images[nnunets]).max():.1e}")


def ours(scan: NDArray[np.int16], trained: TrainedConfiguration) -> NDArray[np.float32]:
    return preprocess(scan[None], SPACING, trained).image


def nnunets(scan: NDArray[np.int16], trained: TrainedConfiguration) -> NDArray[np.float32]:
    image, _, _ = DefaultPreprocessor(verbose=False).run_case_npy(
        scan[None],
        None,
        {"spacing": list(SPACING)},
        trained.plans,
        trained.configured,
        trained.model.dataset,
    )
    return image


def noisy_scan(slices: int) -> NDArray[np.int16]:
    """A phantom of (slices, 512, 512) voxels with noise of a CT's strength."""
    data = large_scan((slices, 512, 512))[0].data
    add_noise(data)
    return data


def demo_fold(target: list[float] | None) -> TrainedConfiguration:
    """The demo ensemble's first fold, or one of the same plans for another spacing."""
    trained = load_ensemble("demo", folds=[0], device="cpu").configurations[0]
    if target is None:
        return trained
    configurations = trained.model.plans["configurations"]
    changed = configurations[trained.name] | {"spacing": target}
    plans = trained.model.plans | {"configurations": {trained.name: changed}}
    return replace(trained, model=replace(trained.model, plans=plans))


def peak_mb(way: Way, slices: int, target: list[float] | None) -> float:
    """Most memory that a way needs in a process of its own, in MB."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(peak_here, (way, slices, target))


def peak_here(way: Way, slices: int, target: list[float] | None) -> float:
    scan, trained = noisy_scan(slices), demo_fold(target)
    way(scan[:2, :64, :64], trained)
    return extra_mb(lambda: way(scan, trained))


if __name__ == "__main__":
    main()
