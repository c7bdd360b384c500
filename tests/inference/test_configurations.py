"""Every configuration and their ensembles, from file to labels, against nnU-Net's own."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from nnunet_runs import ensemble_by_nnunet, predict_by_nnunet

from napari_abdoseg.image.nifti.volumes import read_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.segmentation import segment

SCANS = {"anisotropic": ((35.0, 9.0, 9.0), "LPS"), "turned": ((14.0, 10.0, 11.0), "SAR")}
REGIONS = {
    "labels": {"background": 0, "all": [1, 2, 3], "inner": [2, 3], "core": [3]},
    "regions_class_order": [1, 3, 2],
}
MANY = {"labels": {"background": 0} | {f"organ {value}": value for value in range(1, 106)}}
CASCADE = "3d_cascade_fullres"
SHAPES = {
    "2d": ((0, 1), (0, 1), (32, 40), (11.0, 9.0)),
    "3d_lowres": ((0, 1), (1, 2), (16, 24, 24), (18.0, 14.0, 14.0)),
    "3d_fullres": ((1,), (2,), (24, 32, 24), (15.0, 9.0, 10.0)),
    CASCADE: ((2,), (0,), (24, 32, 24), (15.0, 9.0, 10.0)),
}
"""Folds, mirrored axes, patch and spacing."""
LIMIT = 5e-5
"""Share of voxels that may differ."""


LABELS = {"organs": {}, "regions": REGIONS, "many": MANY}


@pytest.fixture
def write_scan(tmp_path):
    """A function that writes a phantom in a field of zeros that reaches into it at a corner."""

    def write(name: str) -> Path:
        volume, _ = make_phantom(3, *SCANS[name])
        data = volume.data.copy()
        data[:, :3], data[:, :, -2:], data[-4:, -9:, :9] = 0, 0, 0
        path = tmp_path / "case_0000.nii.gz"
        stored = np.ascontiguousarray(volume.grid.to_stored(data))
        nib.save(nib.Nifti1Image(stored, volume.grid.affine), path)
        return path

    return write


@pytest.fixture
def make(make_model):
    """A function that gives the folder of a small model of a configuration."""

    def make(kind: str, labels: str) -> Path:
        folds, *shape = SHAPES[kind]
        name = f"nnUNetTrainer__nnUNetPlans__{kind}"
        stage = {"previous_stage": "3d_lowres"} if kind == CASCADE else {}
        return make_model(folds, *shape, name, kind=kind, labels=LABELS[labels], **stage)

    return make


def require_same(scan: Path, models: Path | list[Path], expected: Path) -> None:
    """Require nnU-Net's labels of preset `exact`."""
    volume = read_volume(scan)
    labels = segment(volume, load_ensemble(models, device="cpu"), "exact").data
    theirs = volume.grid.to_screen(np.asanyarray(nib.load(expected).dataobj))
    assert len(np.unique(theirs)) > 2
    assert np.count_nonzero(labels != theirs) <= max(1, LIMIT * labels.size)


def predict_cascade(lowres: Path, cascade: Path, scan: Path, output: Path, **wish: bool) -> Path:
    first = predict_by_nnunet(lowres, scan, output / "first")
    return predict_by_nnunet(cascade, scan, output / "second", first.parent, **wish)


@pytest.mark.parametrize(
    ("kind", "labels", "name"),
    [
        ("2d", "organs", "anisotropic"),
        pytest.param("2d", "regions", "turned", marks=pytest.mark.slow),
        pytest.param("2d", "many", "anisotropic", marks=pytest.mark.slow),
        ("3d_lowres", "regions", "anisotropic"),
        ("3d_lowres", "many", "turned"),
    ],
)
def test_one_configuration(kind, labels, name, write_scan, make, tmp_path):
    scan, model = write_scan(name), make(kind, labels)
    require_same(scan, model, predict_by_nnunet(model, scan, tmp_path / "theirs"))


@pytest.mark.parametrize(
    ("labels", "name"), [("organs", "anisotropic"), ("organs", "turned"), ("regions", "turned")]
)
def test_a_cascade(labels, name, write_scan, make, tmp_path):
    scan, lowres, cascade = write_scan(name), make("3d_lowres", labels), make(CASCADE, labels)
    require_same(scan, cascade, predict_cascade(lowres, cascade, scan, tmp_path))


@pytest.mark.parametrize(
    ("labels", "name"),
    [pytest.param("organs", "turned", marks=pytest.mark.slow), ("regions", "anisotropic")],
)
def test_an_ensemble(labels, name, write_scan, make, tmp_path):
    scan, lowres = write_scan(name), make("3d_lowres", labels)
    models = [make(kind, labels) for kind in ("2d", "3d_fullres", CASCADE)]
    predictions = [
        predict_by_nnunet(model, scan, tmp_path / model.name / "theirs", probabilities=True)
        for model in models[:2]
    ]
    cascade = predict_cascade(lowres, models[2], scan, tmp_path, probabilities=True)
    merged = ensemble_by_nnunet([*predictions, cascade], models[0], tmp_path / "merged")
    require_same(scan, models, merged)
