"""What a model takes on this machine, measured on a piece of a scan.

A slab of the scan is preprocessed, the first fold works on a patch in its middle, and its
labels are brought back to the scan: the job's own steps, each on its own device.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.export.label_map import labelling
from napari_abdoseg.inference.hardware.memory import watch_growth
from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration
from napari_abdoseg.inference.network.accumulation_device import gather, gathering_places
from napari_abdoseg.inference.network.accumulator import Accumulator
from napari_abdoseg.inference.network.class_map import map_winners
from napari_abdoseg.inference.network.network import device_of, network_on_device
from napari_abdoseg.inference.network.prediction import PredictionOnScan, whole_prediction
from napari_abdoseg.inference.network.tiling import Tile, Tiling, tile_image
from napari_abdoseg.inference.preprocessing.axis_order import (
    network_order_spacing,
    to_network_order,
)
from napari_abdoseg.inference.preprocessing.preprocessing import SLAB_VOXELS, preprocess
from napari_abdoseg.inference.preprocessing.scan_crop import ScanCrop
from napari_abdoseg.inference.preset import Preset
from napari_abdoseg.progress import Progress, Work, drain

if TYPE_CHECKING:
    import torch

    from napari_abdoseg.inference.network.class_parts import Parts

STAGE = "Measuring this machine"
SECONDS, PASSES = 1.0, 5
"""Passes are timed until so much time or so many of them are spent; one at least."""


@dataclass(frozen=True)
class Pace:
    """Seconds and bytes that a network takes.

    Parameters
    ----------
    starting : float
        Seconds until a network is on its device.
    passing : float
        Seconds a pass.
    finishing : float
        Seconds a voxel, for a fold's logits once all tiles are summed up.
    judging : float
        Seconds a voxel, for its class while tiles are still summed up.
    memory : int
        Bytes of main memory that the process takes besides during a pass, with the network.
    gpu_memory : int
        Bytes of the GPU's.
    """

    starting: float
    passing: float
    finishing: float
    judging: float
    memory: int
    gpu_memory: int


@dataclass(frozen=True)
class Calibration:
    """What one configuration takes on this machine.

    Parameters
    ----------
    pace : Pace
    preprocessing, labelling : float
        Seconds a voxel of the scan.
    """

    pace: Pace
    preprocessing: float
    labelling: float


def calibrating(volume: Volume, trained: TrainedConfiguration, preset: Preset) -> Work[Calibration]:
    """Measure what a configuration takes on this machine, by two to six passes of a network.

    Parameters
    ----------
    volume : Volume
        A scan like those to be segmented.
    trained : TrainedConfiguration
    preset : Preset
        Which arithmetic it is that is measured.

    Raises
    ------
    DeviceError
        The device has too little memory for one tile.
    """
    import torch

    yield Progress(STAGE, 0, 0)
    slab, spacing = _middle_slab(volume, trained), network_order_spacing(volume.grid, trained)
    own = trained.image_spacing(spacing)
    unchanged = [own[axis] for axis in trained.model.planned.transpose_backward]
    preprocess(slab[:, :1], unchanged, trained)
    begin = time.perf_counter()
    image = preprocess(slab, spacing, trained).image
    preprocessing = (time.perf_counter() - begin) / slab.size
    yield Progress(STAGE, 0, 0)
    patch = tuple(trained.planned.patch_size)
    piece = torch.from_numpy(_middle_patch(image, patch))
    piece = piece.expand(trained.input_channels, *piece.shape[1:])
    attempt = partial(_measure, tile_image(piece, patch), trained, preset)
    pace, logits = yield from gather(attempt, gathering_places(trained), trained)
    prediction = whole_prediction(trained, logits, (), 0)
    shape = _scan_shape(prediction.shape, spacing, trained)
    crop = ScanCrop(tuple(spacing), shape, tuple(slice(0, size) for size in shape))
    begin = time.perf_counter()
    drain(labelling([PredictionOnScan(prediction, crop)], _grid_of(shape, spacing, trained)))
    return Calibration(pace, preprocessing, (time.perf_counter() - begin) / prod(shape))


def _middle_slab(volume: Volume, trained: TrainedConfiguration) -> NDArray[np.generic]:
    """Whole axial slices in the reader's axis order, shape (1, z, y, x)."""
    count = len(volume.data)
    depth = min(max(2 * SLAB_VOXELS // volume.data[0].size, 1), count)
    first = (count - depth) // 2
    return to_network_order(volume.data[first : first + depth], volume.grid, trained)[None]


def _middle_patch(image: NDArray[np.float32], patch: Sequence[int]) -> NDArray[np.float32]:
    """Shape (channel, z, y, x); smaller than a patch where the image is."""
    kept = image.ndim - 1 - len(patch)
    tile = [image.shape[0], *[1] * kept, *patch]
    starts = [max(size - part, 0) // 2 for size, part in zip(image.shape, tile, strict=True)]
    places = (slice(at, at + part) for at, part in zip(starts, tile, strict=True))
    return image[tuple(places)]


def _grid_of(shape: Sequence[int], spacing: Sequence[float], trained: TrainedConfiguration) -> Grid:
    """Of a piece of a scan whose shape is in the axis order of the networks."""
    z, y, x = (shape[axis] for axis in trained.model.planned.transpose_backward)
    return Grid.from_spacing((z, y, x), (spacing[0], spacing[1], spacing[2]))


def _scan_shape(
    shape: Sequence[int], spacing: Sequence[float], trained: TrainedConfiguration
) -> tuple[int, ...]:
    """Of the piece of a scan whose preprocessed image has ``shape``."""
    old = [spacing[axis] for axis in trained.model.planned.transpose_forward]
    new = trained.image_spacing(spacing)
    return tuple(
        max(round(size * ours / theirs), 1)
        for size, ours, theirs in zip(shape, new, old, strict=True)
    )


def _measure(
    tiling: Tiling, trained: TrainedConfiguration, preset: Preset, sums_on: torch.device
) -> Work[tuple[Pace, torch.Tensor]]:
    """The pace, and a fold's logits, of half precision and shape (class, *patch)."""
    import torch

    device = device_of(trained)
    on_cuda = device.type == "cuda"
    voxels = tiling.padded[0].numel()
    tile = tiling.tiles[0]
    if on_cuda:
        torch.cuda.reset_peak_memory_stats(device)
    taken = torch.cuda.memory_allocated(device) if on_cuda else 0
    with watch_growth() as growth:
        begin = time.perf_counter()
        with network_on_device(trained, preset.arithmetic) as network:
            network.load(trained.members[0])
            starting = _seconds_since(begin, device)
            sums = Accumulator.empty(trained, tiling, torch.half, sums_on)
            network = network.gathering_on(sums_on)
            together = [(tiling.cut(tile, device), ())] * network.together
            _add_answers(sums, tile, network.answers(together))
            _seconds_since(begin, device)
            yield Progress(STAGE, 0, 0)
            passes: list[float] = []
            while len(passes) < PASSES and sum(passes) < SECONDS:
                begin = time.perf_counter()
                _add_answers(sums, tile, network.answers(together))
                passes.append(_seconds_since(begin, device) / len(together))
                yield Progress(STAGE, 0, 0)
            gpu_memory = torch.cuda.max_memory_allocated(device) - taken if on_cuda else 0
        begin = time.perf_counter()
        sums.winners()
        judging = _seconds_since(begin, device)
        begin = time.perf_counter()
        logits = sums.mean()
        map_winners(logits, trained.model.described.has_regions)
        logits = logits.to("cpu")
        finishing = _seconds_since(begin, device)
    pace = Pace(
        starting=starting,
        passing=median(passes),
        finishing=finishing / voxels,
        judging=judging / voxels,
        memory=growth.bytes,
        gpu_memory=gpu_memory,
    )
    return pace, logits


def _add_answers(sums: Accumulator, tile: Tile, answers: Iterable[Parts]) -> None:
    for answer in answers:
        sums.add(tile, answer)


def _seconds_since(begin: float, device: torch.device) -> float:
    """Time until all that was asked of the device is done."""
    import torch

    if device.type != "cpu":
        torch.accelerator.synchronize(device)
    return time.perf_counter() - begin
