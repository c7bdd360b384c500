"""Folders of small label maps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from blocks import AFFINE

from napari_abdoseg.image.nifti.volumes import write_labels
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap

WriteLabels = Callable[..., Path]


@pytest.fixture
def write_blocks(tmp_path: Path) -> WriteLabels:
    """A function that writes a label map of blocks, in any type, affine and folder."""

    def write(
        name: str = "case.nii.gz",
        values: Sequence[float] = (1, 2, 3, 4),
        folder: str = "references",
        shape: tuple[int, int, int] = (16, 12, 10),
        affine: Any = AFFINE,
        dtype: Any = np.uint8,
        shift: int = 0,
    ) -> Path:
        data = np.zeros(shape, dtype=dtype)
        for number, value in enumerate(values):
            data[3 * number + 1 : 3 * number + 4, 2 + shift : 8 + shift, 2:8] = value
        path = tmp_path / folder / name
        path.parent.mkdir(exist_ok=True)
        nib.save(nib.Nifti1Image(data, affine), path)
        return path

    return write


@pytest.fixture
def name_labels(tmp_path: Path) -> Callable[[str, Mapping[str, Any]], Path]:
    """A function that writes a folder's dataset.json."""

    def write(folder: str, labels: Mapping[str, Any]) -> Path:
        path = tmp_path / folder / "dataset.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps({"labels": labels}))
        return path

    return write


@pytest.fixture(scope="session")
def cohort_folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Predictions, references and worse predictions of three phantoms.

    Case ``three`` has no pancreas in its reference, and case ``two`` none in its worse
    prediction.
    """
    root = tmp_path_factory.mktemp("cohort")
    folders = root / "predictions", root / "references", root / "worse"
    for folder in folders:
        folder.mkdir()
    for seed, case in enumerate(("one", "two", "three"), start=1):
        _, truth = make_phantom(seed, (10.0, 8.0, 8.0))
        if case == "three":
            truth = _changed(truth, np.where(truth.data == 4, 0, truth.data))
        worse = np.roll(truth.data, 2, axis=1)
        if case == "two":
            worse[worse == 4] = 0
        maps = _changed(truth, np.roll(truth.data, 1, axis=2)), truth, _changed(truth, worse)
        for folder, labels in zip(folders, maps, strict=True):
            write_labels(folder / f"{case}.nii.gz", labels)
    return folders


def _changed(labels: LabelMap, data: Any) -> LabelMap:
    return LabelMap(data.astype(np.uint8), labels.grid, labels.organs)
