"""A scan and its label map as a user names them."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.shown_case import ShownCase
from napari_abdoseg.image.volume import LabelMap


@pytest.fixture
def files(tmp_path: Path) -> Path:
    scan, truth = make_phantom(1, (12.0, 10.0, 10.0))
    write_volume(tmp_path / "ct.nii.gz", scan)
    write_labels(tmp_path / "truth.nii.gz", truth)
    write_labels(tmp_path / "other.nii.gz", make_phantom(1, (10.0, 10.0, 10.0))[1])
    (tmp_path / "organs").mkdir()
    (tmp_path / "empty").mkdir()
    for organ in truth.organs[:2]:
        mask = LabelMap(
            (truth.data == organ.value).astype("uint8"), truth.grid, (Organ(1, organ.name),)
        )
        write_labels(tmp_path / "organs" / f"{organ.name}.nii.gz", mask)
    return tmp_path


@pytest.mark.parametrize(
    ("names", "scan", "organs"),
    [
        (["ct.nii.gz"], True, None),
        (["truth.nii.gz"], False, ["liver", "kidney", "spleen", "pancreas"]),
        (["ct.nii.gz", "truth.nii.gz"], True, ["liver", "kidney", "spleen", "pancreas"]),
        (["ct.nii.gz", "organs"], True, ["liver", "kidney"]),
        (["organs"], False, ["liver", "kidney"]),
    ],
)
def test_files_are_what_they_hold(files, names, scan, organs):
    case = ShownCase.read(*(files / name for name in names))
    assert (case.scan is not None) == scan
    assert (case.labels and [organ.name for organ in case.labels.organs]) == organs


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["nowhere.nii.gz"], "does not exist"),
        (["empty"], "empty"),
        (["truth.nii.gz", "ct.nii.gz"], "give the CT first"),
        (["ct.nii.gz", "other.nii.gz"], "do not lie on one grid"),
        (["ct.nii.gz", "ct.nii.gz"], "ct.nii.gz"),
    ],
)
def test_what_does_not_go_together_is_told(files, names, words):
    with pytest.raises(ImageError, match=words):
        ShownCase.read(*(files / name for name in names))
