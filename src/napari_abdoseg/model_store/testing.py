"""Whether a model finds here what it found where its test was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume, write_labels, write_volume
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.model.card import TinyTest, write_card
from napari_abdoseg.inference.model.ensemble import loading_ensemble
from napari_abdoseg.inference.model.known_models import find_known_models
from napari_abdoseg.inference.model.model_folder import Model, read_model
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.progress import Work

LEAST = 0.9999
"""Share of voxels that must be the same."""
MOST = 80
"""Voxels of a test's scan along an axis, so that its files stay below a megabyte."""
KEPT_BY_OTHERS = {"package": "the package", "TotalSegmentator": "TotalSegmentator"}
SCAN, LABELS = "test_ct.nii.gz", "test_labels.nii.gz"


@dataclass(frozen=True)
class Agreement:
    """What came of a model's test.

    Parameters
    ----------
    model : Model
    voxels : int
        Of the test's scan.
    differing : int
        Those with another label than expected.
    """

    model: Model
    voxels: int
    differing: int

    @property
    def share(self) -> float:
        """Share of voxels with the label expected."""
        return 1 - self.differing / self.voxels

    @property
    def passed(self) -> bool:
        """Whether there are enough of them."""
        return self.share >= LEAST


def running_test(name_or_folder: str | Path, device: str = "auto") -> Work[Agreement]:
    """Segment a model's tiny test, and compare.

    Parameters
    ----------
    name_or_folder : str or Path
        As `read_model` takes it.
    device : str, optional

    Raises
    ------
    ModelError
        There is no such model, or it has no test.
    ImageError
        The test's files can't be read.
    """
    model = read_model(name_or_folder)
    test = model.card.test
    if test is None:
        raise ModelError(
            f"The model {model.name} has no test: record one from a CT that you trust with "
            f"`abdoseg models test {name_or_folder} --record CT`, and it can be run anywhere."
        )
    expected = read_labels(model.folder / test.labels, model.organs)
    found = yield from _segmenting(
        read_volume(model.folder / test.scan), model, test.preset, device
    )
    if found.data.shape != expected.data.shape:
        raise ModelError(
            f"The test of {model.name} can't be run: {test.labels} and {test.scan} in "
            f"{model.folder} have different shapes; copy the model folder again."
        )
    differing = int(np.count_nonzero(found.data != expected.data))
    return Agreement(model, found.data.size, differing)


def recording_test(name_or_folder: str | Path, scan: Path, device: str = "auto") -> Work[Model]:
    """Make a model's tiny test: the middle of a CT's organs, and what the model finds there.

    Raises
    ------
    ModelError
        There is no such model, it is kept by the package or TotalSegmentator, or it finds
        nothing in the scan.
    ImageError
        The scan can't be read.
    SaveError
        The test can't be written into the model's folder.
    """
    model, volume = read_model(name_or_folder), read_volume(scan)
    _require_own(model)
    test = TinyTest(scan=SCAN, labels=LABELS, preset="exact")
    rough = yield from _segmenting(volume, model, "fast", device)
    if not rough.data.any():
        raise ModelError(f"{model.name} finds nothing in {scan}: record its test from another CT.")
    small = _cropped(volume, rough)
    labels = yield from _segmenting(small, model, test.preset, device)
    write_volume(model.folder / SCAN, small)
    write_labels(model.folder / LABELS, labels)
    write_card(model.folder, model.card.model_copy(update={"test": test}))
    return read_model(name_or_folder)


def _require_own(model: Model) -> None:
    """Require that a model is the user's, to be written to."""
    known = (each for each in find_known_models() if each.folder == model.folder)
    keeper = next((each.place for each in known if each.place in KEPT_BY_OTHERS), None)
    if keeper:
        raise ModelError(
            f"{model.folder} belongs to {KEPT_BY_OTHERS[keeper]}, and nothing is written there: "
            "make a model of yours of it with `abdoseg models install` and this folder."
        )


def _segmenting(volume: Volume, model: Model, preset: str, device: str) -> Work[LabelMap]:
    ensemble = yield from loading_ensemble(model, None, device)
    return (yield from segmenting(volume, ensemble, preset)).labels


def _cropped(volume: Volume, labels: LabelMap) -> Volume:
    """The part of a scan around the middle of what was found, along the same stored axes."""
    stored, found = volume.grid.to_stored(volume.data), volume.grid.to_stored(labels.data)
    where = np.argwhere(found)
    middle = (where.min(axis=0) + where.max(axis=0)) // 2
    shape = np.minimum(MOST, stored.shape)
    begin = np.clip(middle - shape // 2, 0, stored.shape - shape)
    box = tuple(slice(int(low), int(low + size)) for low, size in zip(begin, shape, strict=True))
    affine = volume.grid.affine.copy()
    affine[:3, 3] += affine[:3, :3] @ begin
    i, j, k = map(int, shape)
    grid = Grid((i, j, k), affine)
    return Volume(np.ascontiguousarray(grid.to_screen(stored[box])), grid)
