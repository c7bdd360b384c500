"""Small data sets of phantoms in nnU-Net's raw format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel as nib

from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.phantom import make_phantom

SPACING = (10.0, 8.0, 8.0)
ORGANS = {"background": 0, **{organ.name: organ.value for organ in ABDOMINAL_ORGANS}}


def write_raw_dataset(
    folder: Path, cases: int = 5, tests: int = 1, spacing=SPACING, **content: Any
) -> Path:
    """Phantoms ``p_000``, ``p_001``, ... and test cases ``t_000``, ..."""
    for number in range(cases):
        write_case(folder, "Tr", f"p_{number:03}", 1000 + number, spacing)
    for number in range(tests):
        write_case(folder, "Ts", f"t_{number:03}", number, spacing)
    described = {
        "channel_names": {"0": "CT"},
        "labels": ORGANS,
        "numTraining": cases,
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(described | content))
    return folder


def write_case(folder: Path, part: str, name: str, seed: int, spacing=SPACING) -> None:
    """An image and its labels."""
    volume, labels = make_phantom(seed, spacing)
    for data, path in (
        (volume.data, folder / f"images{part}" / f"{name}_0000.nii.gz"),
        (labels.data, folder / f"labels{part}" / f"{name}.nii.gz"),
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        nib.save(nib.Nifti1Image(volume.grid.to_stored(data), volume.grid.affine), path)
