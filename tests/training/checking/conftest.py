"""A sound data set of phantoms, to be spoiled."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.training.conversion.dataset_json import write_dataset_json
from napari_abdoseg.training.conversion.phantoms import MAPPING

TRAINING, TESTING = 5, 1


@pytest.fixture(scope="session")
def sound_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five coarse cases ``case0`` to ``case4`` to train on and ``case5`` to test with."""
    folder = tmp_path_factory.mktemp("raw") / "Dataset018_Sound"
    for name in ("imagesTr", "labelsTr", "imagesTs", "labelsTs"):
        (folder / name).mkdir(parents=True)
    for seed in range(TRAINING + TESTING):
        kind = "Tr" if seed < TRAINING else "Ts"
        scan, labels = make_phantom(seed, (10.0, 8.0, 8.0))
        write_volume(folder / f"images{kind}" / f"case{seed}_0000.nii.gz", scan)
        write_labels(folder / f"labels{kind}" / f"case{seed}.nii.gz", labels)
    write_dataset_json(folder, ["CT"], MAPPING.labels, TRAINING, {})
    return folder


@pytest.fixture
def dataset(sound_dataset: Path, tmp_path: Path) -> Path:
    """A copy of the sound data set that a test may spoil."""
    return Path(shutil.copytree(sound_dataset, tmp_path / sound_dataset.name))
