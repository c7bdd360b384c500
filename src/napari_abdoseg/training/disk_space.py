"""Disk space that preprocessed cases need."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from napari_abdoseg.errors import TrainingError

IMAGE_BYTES, LABEL_BYTES = 4, 2
"""Of a voxel, before nnU-Net compresses them."""


def needed_bytes(preprocessed: Path, plans: dict[str, Any], configuration: str) -> int:
    """Bytes at most of a configuration's preprocessed cases.

    Parameters
    ----------
    preprocessed : Path
        Folder of the data set, which holds its fingerprint.
    plans : dict
    configuration : str
    """
    fingerprint = json.loads((preprocessed / "dataset_fingerprint.json").read_text())
    channels = len(fingerprint["foreground_intensity_properties_per_channel"])
    each = channels * IMAGE_BYTES + LABEL_BYTES
    order, target = plans["transpose_forward"], plans["configurations"][configuration]["spacing"]
    voxels = 0
    for shape, spacing in zip(
        fingerprint["shapes_after_crop"], fingerprint["spacings"], strict=True
    ):
        old = [spacing[axis] for axis in order]
        new = [old[0], *target] if len(target) == 2 else target
        extents = np.array([shape[axis] for axis in order]) * old / new
        voxels += prod(int(np.ceil(extent)) for extent in extents)
    return voxels * each


def require_space(folder: Path, configurations: Iterable[str], needed: int) -> None:
    """Require that what is still to be written fits on the disk.

    Raises
    ------
    TrainingError
        It may not.
    """
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise TrainingError(
            f"Preprocessing {', '.join(configurations)} may need {needed / 1e9:.1f} GB, and the "
            f"disk of {folder} has {free / 1e9:.1f} GB left: free some space, or choose another "
            "folder with --work."
        )
