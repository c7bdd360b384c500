"""Labels of a large CT from its logits against nnU-Net's own export, side by side.

Both get the same logits and the demo ensemble's plans for another spacing and more
classes. The logits are a phantom's: each organ is cut into bands, a class each, and
surfaces are as soft as a network's. Ours runs several times and the best counts,
nnU-Net's once. Memory is what a fresh process needs at most beyond the logits.

    python benchmarks/export.py
    python benchmarks/export.py --classes 105 --slices 100
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

import numpy as np
import torch
from large_scan import large_scan
from memory import extra_mb
from nnunetv2.inference.export_prediction import (
    convert_predicted_logits_to_segmentation_with_correct_shape,
)
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.inference.export.label_map import labelling
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.prediction import PredictionOnScan, whole_prediction
from napari_abdoseg.inference.preprocessing.scan_crop import ScanCrop
from napari_abdoseg.progress import drain

SPACING, TARGET = (1.5, 0.8, 0.8), (1.5, 1.5, 1.5)
"""mm along (z, y, x), of the scan and of the network."""
Case = tuple[torch.Tensor, dict[str, Any], TrainedConfiguration]
Way = Callable[[torch.Tensor, dict[str, Any], TrainedConfiguration], NDArray[Any]]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--classes", type=int, default=14)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    case = make_case(chosen.slices, chosen.classes)
    seconds, labels = {}, {}
    for way, rounds in ((nnunets, 1), (ours, chosen.rounds)):
        times = []
        for _ in range(rounds):
            begin = time.perf_counter()
            labels[way] = way(*case)
            times.append(time.perf_counter() - begin)
        seconds[way] = min(times)
    memory = {way: peak_mb(way, chosen.slices, chosen.classes) for way in labels}
    shapes = (" x ".join(map(str, shape)) for shape in (case[0].shape, labels[ours].shape))
    print(f"logits {next(shapes)}, labels {next(shapes)}")
    for way in labels:
        print(f"  {way.__name__:8} {seconds[way]:7.2f} s {memory[way]:8.0f} MB")
    faster, smaller = (figures[nnunets] / figures[ours] for figures in (seconds, memory))
    print(f"  ratio    {faster:7.1f} {smaller:10.1f}")
    differing = np.count_nonzero(labels[ours] != labels[nnunets])
    print(f"  {differing} of {labels[ours].size} voxels differ")


def ours(
    logits: torch.Tensor, properties: dict[str, Any], trained: TrainedConfiguration
) -> NDArray[Any]:
    grid = Grid.from_spacing(properties["shape_before_cropping"], SPACING)
    prediction = whole_prediction(trained, logits, (), 1)
    on_scan = PredictionOnScan(prediction, ScanCrop.from_nnunet(properties))
    return drain(labelling([on_scan], grid))


def nnunets(
    logits: torch.Tensor, properties: dict[str, Any], trained: TrainedConfiguration
) -> NDArray[Any]:
    return np.asarray(
        convert_predicted_logits_to_segmentation_with_correct_shape(
            logits, trained.plans, trained.configured, trained.label_manager, properties
        )
    )


def make_case(slices: int, classes: int) -> Case:
    """Logits of a phantom of (slices, 512, 512) voxels, its properties and an ensemble for it."""
    shape = (slices, 512, 512)
    small = tuple(
        round(size * old / new) for size, old, new in zip(shape, SPACING, TARGET, strict=True)
    )
    properties = {
        "spacing": list(SPACING),
        "shape_before_cropping": shape,
        "bbox_used_for_cropping": [[0, size] for size in shape],
        "shape_after_cropping_and_before_resampling": shape,
    }
    return soft_logits(banded_truth(small, classes), classes), properties, demo_fold(classes)


def banded_truth(shape: tuple[int, ...], classes: int) -> NDArray[np.int64]:
    """A phantom's four organs, each cut into bands of 12 voxels, classes taking turns."""
    organs = large_scan(shape)[1].data.astype(np.int64)
    bands = sum(np.ogrid[tuple(slice(size) for size in shape)]) // 12
    return np.where(organs > 0, 1 + (organs + 4 * bands) % (classes - 1), 0)


def soft_logits(truth: NDArray[np.int64], classes: int) -> torch.Tensor:
    logits = torch.empty((classes, *truth.shape), dtype=torch.half)
    noise = np.random.default_rng(0)
    for number, logit in enumerate(logits):
        soft = gaussian_filter((truth == number).astype(np.float32), 1) * 20 - 10
        soft += noise.normal(0, 0.2, soft.shape).astype(np.float32)
        logit.copy_(torch.from_numpy(soft))
    return logits


def demo_fold(classes: int) -> TrainedConfiguration:
    """The demo ensemble's first fold, its plans for TARGET and so many classes."""
    trained = load_ensemble("demo", folds=[0], device="cpu").configurations[0]
    model = trained.model
    configurations = model.plans["configurations"]
    changed = configurations[trained.name] | {"spacing": list(TARGET)}
    plans = model.plans | {"configurations": {trained.name: changed}}
    labels = {"background": 0} | {f"organ {number}": number for number in range(1, classes)}
    dataset = model.dataset | {"labels": labels}
    return replace(trained, model=replace(model, plans=plans, dataset=dataset))


def peak_mb(way: Way, slices: int, classes: int) -> float:
    """Most memory that a way needs in a process of its own, in MB."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(peak_here, (way, slices, classes))


def peak_here(way: Way, slices: int, classes: int) -> float:
    case = make_case(slices, classes)
    return extra_mb(lambda: way(*case))


if __name__ == "__main__":
    main()
