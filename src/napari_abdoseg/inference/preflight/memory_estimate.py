"""Memory that a segmentation needs at its peak, from what it holds at a time."""

from __future__ import annotations

from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.preflight.calibration import Pace
from napari_abdoseg.inference.preflight.workload import Workload
from napari_abdoseg.inference.preprocessing.preprocessing import SLAB_VOXELS

HALF, SINGLE, BYTE = 2, 4, 1
SLABS = 3
"""Slabs of a scan in single precision that preprocessing holds together."""


def main_memory(work: Workload, trained: TrainedConfiguration, pace: Pace) -> int:
    """Bytes of main memory beyond those that the process holds before."""
    image = SINGLE * len(trained.model.channels) * work.image
    slabs = SLABS * SINGLE * min(SLAB_VOXELS, work.scan)
    classes = trained.model.described.heads
    logits = HALF * classes * work.image
    if trained.device.name == "cpu":
        summing = _sums_everywhere(work, classes) + logits * (work.folds_everywhere > 1)
        predicting = max(summing, _sums_around(work, classes))
    else:
        predicting = logits * min(work.folds_everywhere, 2)
    winners = BYTE * (work.image * work.folds_everywhere + work.region * work.folds_around)
    labelling = logits + BYTE * work.scan
    return image + max(slabs, pace.memory + predicting + winners, labelling)


def gpu_memory(work: Workload, trained: TrainedConfiguration, pace: Pace) -> int:
    """Bytes of the GPU's memory, 0 where there is none."""
    if not trained.device.name.startswith("cuda"):
        return 0
    classes = trained.model.described.heads
    return pace.gpu_memory + max(_sums_everywhere(work, classes), _sums_around(work, classes))


def _sums_everywhere(work: Workload, classes: int) -> int:
    """Logits and weights in half precision, and one class that is looked through."""
    return work.image * ((classes + 2) * HALF + BYTE)


def _sums_around(work: Workload, classes: int) -> int:
    """Logits and weights of one fold and of all, and the margins of their members."""
    of_one, margins = SINGLE * (classes + 1), 4 * SINGLE + 2 * BYTE
    return work.region * (2 * of_one + margins)
