"""Scans made worse: what a model meets that it was not trained on.

Kinds and strengths are in the manner of benchmarks that corrupt images on purpose, such as
Hendrycks, D., & Dietterich, T. (2019), https://arxiv.org/abs/1903.12261
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.volume import LabelMap, Volume

BLUR_MM = (2.0, 5.0)
NOISE, DENSITY = (0.5, 3.5), (0.5, 3.5)
"""In standard deviations of the organs' densities."""
MOVED, LEFT = (0.05, 0.25), (0.35, 0.8)
"""Share of the field of view that patients are moved by, and of slices that a cut leaves."""
Scan = tuple[Volume, LabelMap]
Shift = Callable[[Volume, LabelMap, float, np.random.Generator], Scan]


def blurred(volume: Volume, labels: LabelMap, _: float, rng: np.random.Generator) -> Scan:
    """As if slices were thick and the kernel soft."""
    sigma = rng.uniform(*BLUR_MM) / np.array(volume.grid.spacing)
    data = ndimage.gaussian_filter(volume.data.astype(np.float32), sigma)
    return _with(volume, data), labels


def noisy(volume: Volume, labels: LabelMap, spread: float, rng: np.random.Generator) -> Scan:
    """As if the dose was low."""
    grain = rng.standard_normal(volume.data.shape, np.float32)
    return _with(volume, volume.data + spread * rng.uniform(*NOISE) * grain), labels


def denser(volume: Volume, labels: LabelMap, spread: float, rng: np.random.Generator) -> Scan:
    """As if with more or less contrast agent, or another scanner's calibration."""
    by = spread * rng.uniform(*DENSITY) * rng.choice([-1, 1])
    return _with(volume, volume.data + np.float32(by)), labels


def moved(volume: Volume, labels: LabelMap, _: float, rng: np.random.Generator) -> Scan:
    """As if the patient lay off the centre, so that a side is out of the field of view."""
    axis = int(rng.integers(1, 3))
    by = round(rng.uniform(*MOVED) * volume.data.shape[axis]) * int(rng.choice([-1, 1]))
    data = _shifted(volume.data, by, axis, volume.data.min())
    return replace(volume, data=data), replace(labels, data=_shifted(labels.data, by, axis, 0))


def cut(volume: Volume, labels: LabelMap, _: float, rng: np.random.Generator) -> Scan:
    """As if the scan ended above or below."""
    shape = volume.data.shape
    count = max(1, round(rng.uniform(*LEFT) * shape[0]))
    start = int(rng.choice([0, shape[0] - count]))
    box = Box((start, 0, 0), (start + count, shape[1], shape[2]))
    grid = volume.grid.part(box.start, box.stop)
    return (
        replace(volume, data=volume.data[box.slices], grid=grid),
        replace(labels, data=labels.data[box.slices], grid=grid),
    )


def as_it_is(volume: Volume, labels: LabelMap, _: float, __: np.random.Generator) -> Scan:
    """The scan itself."""
    return volume, labels


UNSHIFTED = "none"
SHIFTS: dict[str, Shift] = {
    UNSHIFTED: as_it_is,
    "blur": blurred,
    "noise": noisy,
    "density": denser,
    "moved": moved,
    "cut": cut,
}


def _with(volume: Volume, data: NDArray[np.floating[Any]]) -> Volume:
    """A scan with other densities, of the type that it has."""
    dtype = volume.data.dtype
    if np.issubdtype(dtype, np.integer):
        bounds = np.iinfo(dtype)
        data = np.clip(np.rint(data), bounds.min, bounds.max)
    return replace(volume, data=data.astype(dtype))


def _shifted(data: NDArray[Any], by: int, axis: int, fill: Any) -> NDArray[Any]:
    moved = np.roll(data, by, axis)
    gone = [slice(None)] * data.ndim
    gone[axis] = slice(0, by) if by > 0 else slice(data.shape[axis] + by, None)
    moved[tuple(gone)] = fill
    return moved
