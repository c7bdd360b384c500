"""Scans that a model was not made for are named, and no others."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import read_volume
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.preflight.scan_checks import warnings_for
from napari_abdoseg.inference.segmentation import segment


@pytest.fixture(scope="module")
def demo():
    return load_ensemble("demo", folds=[0], device="cpu").configurations


@pytest.fixture(scope="module")
def scan() -> Volume:
    return make_phantom(3)[0]


def cut(volume: Volume, *extents: slice) -> Volume:
    """A part of a scan, along (z, y, x)."""
    data = volume.data[extents]
    return Volume(data, Grid.from_spacing(data.shape, volume.grid.spacing))


@pytest.mark.parametrize("orientation", ["LPS", "RAS", "LAI"])
@pytest.mark.parametrize("seed", [0, 1])
def test_phantoms_suit_the_demo_model(seed, orientation, demo):
    volume, _ = make_phantom(seed, orientation=orientation)
    assert warnings_for(volume, demo) == ()


@pytest.mark.parametrize("name", ["abdomen_ct", "torso_ct"])
def test_real_scans_suit_the_demo_model(name, real_data, demo):
    assert warnings_for(read_volume(real_data / f"{name}.nii.gz"), demo) == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda hu: np.clip((hu + 160.0) / 400 * 255, 0, 255).astype(np.uint8),
        lambda hu: (hu + 1024).astype(np.uint16),
        lambda hu: (hu - hu.mean()) / hu.std(),
        lambda hu: np.clip((hu + 160.0) / 400, 0, 1).astype(np.float32),
    ],
    ids=["8 bit", "without offset", "normalised", "0 to 1"],
)
def test_other_units_than_hounsfield_are_named(change, scan, demo):
    (warning,) = warnings_for(replace(scan, data=change(scan.data)), demo)
    assert "not seem to be in Hounsfield units" in warning


def test_a_window_narrower_than_the_models_is_named(scan, demo):
    (warning,) = warnings_for(replace(scan, data=scan.data.clip(-160, 150)), demo)
    assert "-160 to 150 HU" in warning
    assert "8 to 216 HU" in warning


def test_a_window_that_the_model_does_not_notice_is_fine(scan, demo):
    assert warnings_for(replace(scan, data=scan.data.clip(-160, 240)), demo) == ()


def test_a_model_that_takes_other_units_is_not_told_of_hounsfield(scan, make_model):
    folder = make_model(folds=(0,), normalization_schemes=["ZScoreNormalization"])
    configurations = load_ensemble(folder, device="cpu").configurations
    assert warnings_for(replace(scan, data=scan.data + 1024), configurations) == ()


@pytest.mark.parametrize("orientation", ["PSL", "LSP", "SPL"])
def test_slices_that_are_not_axial_are_named(orientation, demo):
    (warning,) = warnings_for(make_phantom(3, orientation=orientation)[0], demo)
    assert f"in the order {orientation}" in warning
    assert "LPS or RAS" in warning


def test_the_order_does_not_matter_to_a_reader_that_reorients(make_model):
    folder = make_model(folds=(0,))
    plans = json.loads((folder / "plans.json").read_text())
    plans["image_reader_writer"] = "NibabelIOWithReorient"
    (folder / "plans.json").write_text(json.dumps(plans))
    configurations = load_ensemble(folder, device="cpu").configurations
    assert warnings_for(make_phantom(3, orientation="SPL")[0], configurations) == ()


@pytest.mark.parametrize(("degrees", "count"), [(12, 0), (40, 1)])
def test_only_what_is_far_from_axial_is_oblique(degrees, count, scan, demo):
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[1, 0, 0, 0], [0, cosine, -sine, 0], [0, sine, cosine, 0], [0, 0, 0, 1]])
    grid = Grid(scan.grid.stored_shape, turn @ scan.grid.affine)
    warnings = warnings_for(replace(scan, grid=grid), demo)
    assert len(warnings) == count
    assert all(f"oblique by {degrees}°" in warning for warning in warnings)


def test_thick_slices_are_named(demo):
    (warning,) = warnings_for(make_phantom(3, (10.0, 3.0, 3.0))[0], demo)
    assert "10 mm apart from head to foot, the model's 3 mm" in warning


def test_finer_voxels_than_the_models_are_fine(scan, make_model):
    folder = make_model(folds=(0,), spacing=(10.0, 8.0, 8.0))
    assert warnings_for(scan, load_ensemble(folder, device="cpu").configurations) == ()


def test_slices_of_a_2d_model_are_compared_with_its_training_scans(make_model):
    folder = make_model(folds=(0,), patch=(16, 16), spacing=(3.0, 3.0))
    configurations = load_ensemble(folder, device="cpu").configurations
    assert warnings_for(make_phantom(3, (5.0, 3.0, 3.0))[0], configurations) == ()
    (warning,) = warnings_for(make_phantom(3, (7.5, 3.0, 3.0))[0], configurations)
    assert "7.5 mm apart from head to foot" in warning


def test_a_scan_of_a_few_slices_is_named(scan, demo):
    (warning,) = warnings_for(cut(scan, slice(60, 80), slice(None), slice(None)), demo)
    assert "covers 60 mm from head to foot" in warning
    assert "mostly 450 mm" in warning


def test_a_narrow_field_of_view_is_named(scan, demo):
    (warning,) = warnings_for(cut(scan, slice(None), slice(None), slice(35, 95)), demo)
    assert "covers 180 mm from left to right" in warning


def test_directions_are_the_patients_whatever_the_networks_axes(scan, make_model):
    folder = make_model(folds=(0,), spacing=(3.0, 3.0, 3.0))
    plans = json.loads((folder / "plans.json").read_text())
    plans |= {"transpose_forward": [2, 0, 1], "transpose_backward": [1, 2, 0]}
    plans["original_median_shape_after_transp"] = [133, 150, 93]
    (folder / "plans.json").write_text(json.dumps(plans))
    configurations = load_ensemble(folder, device="cpu").configurations
    assert warnings_for(scan, configurations) == ()
    (warning,) = warnings_for(cut(scan, slice(60, 80), slice(None), slice(None)), configurations)
    assert "from head to foot" in warning


def test_what_several_configurations_warn_of_is_said_once(scan, demo):
    wrong = replace(scan, data=scan.data + 1024)
    assert warnings_for(wrong, (*demo, *demo)) == warnings_for(wrong, demo)


def test_the_label_map_carries_the_warnings(make_model):
    scan, _ = make_phantom(5, (10.0, 8.0, 8.0))
    ensemble = load_ensemble(make_model(folds=(0,)), device="cpu")
    assert segment(scan, ensemble, "fast").notices == ()
    wrong = replace(scan, data=scan.data + 1024)
    assert "Hounsfield" in segment(wrong, ensemble, "fast").notices[0]
