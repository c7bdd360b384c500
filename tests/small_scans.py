"""Small NIfTI files, as other programs write them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

SHAPE = (9, 8, 7)
AFFINE = np.array([[-1.5, 0, 0, 20], [0, -1.5, 0, 10], [0, 0, 2.5, -30], [0, 0, 0, 1.0]])


def write_image(path: Path, seed: int = 0, channels: int = 0, affine: Any = AFFINE) -> Path:
    """A CT of noise; with ``channels`` a 4D file, the channel last."""
    shape = (*SHAPE, channels) if channels else SHAPE
    data = np.random.default_rng(seed).integers(-1024, 1500, shape).astype(np.int16)
    return _save(path, data, affine)


def write_label_map(path: Path, values: tuple[float, ...] = (1, 2, 3, 4), dtype: Any = np.uint8):
    """A label map with a row of voxels a value."""
    data = np.zeros(SHAPE, dtype)
    for number, value in enumerate(values):
        data[number % SHAPE[0], 1:6, 2:5] = value
    return _save(path, data, AFFINE)


def write_masks(folder: Path, planes: Mapping[str, tuple[int, ...]], affine: Any = AFFINE) -> None:
    """A mask a file; each organ fills the planes given."""
    for name, filled in planes.items():
        data = np.zeros(SHAPE, np.uint8)
        data[list(filled)] = 1
        _save(folder / f"{name}.nii.gz", data, affine)


def voxels(path: Path) -> Any:
    """What a file holds, in stored order."""
    return np.asanyarray(nib.load(path).dataobj)


def _save(path: Path, data: Any, affine: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(data, affine), path)
    return path
