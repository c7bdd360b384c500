"""A folder of small scans, and a small model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from small_models import COARSE

from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.model.ensemble import load_ensemble


@pytest.fixture(scope="session")
def two_phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Drawn once, for tests to copy."""
    folder = tmp_path_factory.mktemp("phantoms")
    for seed, orientation in ((1, "LPS"), (2, "RAS")):
        volume, _ = make_phantom(seed, (10.0, 8.0, 8.0), orientation)
        write_volume(folder / f"case{seed}_0000.nii.gz", volume)
    return folder


@pytest.fixture
def scans(two_phantoms: Path, tmp_path: Path) -> Path:
    copy = shutil.copytree(two_phantoms, tmp_path / "scans", copy_function=shutil.copyfile)
    return Path(copy)


@pytest.fixture
def model(make_model) -> Path:
    return make_model(folds=(0,), mirror_axes=None, spacing=COARSE)


@pytest.fixture
def ensemble(model):
    return load_ensemble(model, device="cpu")
