"""A data set of phantoms: for trying the way from data to an ensemble, no good for patients."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_abdoseg.image.grid import Triple
from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.phantom import TORSO, make_phantom
from napari_abdoseg.training.conversion.label_mapping import LabelMapping
from napari_abdoseg.training.conversion.naming import ENDING

FIRST_TRAINING_SEED = 1000
"""Seeds below are kept for testing."""
TRAINING_CASES_PER_TEST_CASE = 3
SPACING = 3.0
ORIENTATIONS = ("LPS", "RPS", "LAS", "RAS")
BYTES_PER_VOXEL = 3
"""Of the CT and its labels, unpacked."""

MAPPING = LabelMapping(
    tuple(organ.name for organ in ABDOMINAL_ORGANS),
    tuple((organ.name, organ.value, organ.value) for organ in ABDOMINAL_ORGANS),
)
ABOUT = {
    "name": "Phantoms",
    "description": (
        "Synthetic phantoms of napari-abdoseg: simple shapes for trying the software. No good "
        "for patients."
    ),
    "overwrite_image_reader_writer": "SimpleITKIO",
}


@dataclass(frozen=True)
class DrawPhantom:
    """Write the CT and the labels of a phantom, of its own spacing and orientation.

    Parameters
    ----------
    seed : int
    number : int
        Every second one has voxels of 3 mm; the orientation changes with every second.
    image, labels : Path
        Where they go.
    """

    seed: int
    number: int
    image: Path
    labels: Path

    verb = "draw"
    sources: tuple[Path, ...] = ()

    @property
    def targets(self) -> tuple[Path, ...]:
        return self.image, self.labels

    @property
    def spacing(self) -> Triple:
        """In mm along (z, y, x)."""
        if self.number % 2:
            return SPACING, SPACING, SPACING
        rng = np.random.default_rng(self.seed)
        in_plane = float(rng.uniform(2.0, 3.5))
        return float(rng.uniform(2.0, 4.0)), in_plane, in_plane

    @property
    def bytes_needed(self) -> int:
        return round(BYTES_PER_VOXEL * float(np.prod(np.divide(TORSO, self.spacing))))

    def run(self) -> int:
        orientation = ORIENTATIONS[self.number // 2 % len(ORIENTATIONS)]
        volume, labels = make_phantom(self.seed, self.spacing, orientation)
        write_volume(self.image, volume)
        write_labels(self.labels, labels)
        return 0


def phantom_for_training(number: int, folder: Path) -> tuple[str, DrawPhantom]:
    """Name and making of a phantom to train on."""
    return _phantom(f"phantom_{number:03}", FIRST_TRAINING_SEED + number, number, folder, "Tr")


def phantom_for_testing(number: int, folder: Path) -> tuple[str, DrawPhantom]:
    """Name and making of a phantom to test with."""
    return _phantom(f"phantom_test_{number:03}", number, number, folder, "Ts")


def _phantom(name: str, seed: int, number: int, folder: Path, kind: str) -> tuple[str, DrawPhantom]:
    image = folder / f"images{kind}" / f"{name}_0000{ENDING}"
    return name, DrawPhantom(seed, number, image, folder / f"labels{kind}" / f"{name}{ENDING}")
