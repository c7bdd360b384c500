"""What is read from NIfTI files, and what is said of files that can't be used."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from conftest import MakeNifti, some_voxels
from numpy.typing import NDArray

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.nifti import (
    case_name,
    nifti_files,
    read_image,
    read_labels,
    read_volume,
)
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ
from napari_abdoseg.image.volume import LabelMap, Volume

WHOLE = ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8"]


def stored(volume: Volume | LabelMap) -> NDArray[Any]:
    return volume.grid.to_stored(volume.data)
