"""A model that expects RAS finds the same organs in whatever order a scan is stored."""

from __future__ import annotations

from itertools import permutations, product

import nibabel as nib
import numpy as np
import pytest
from small_models import cascade, two_stages

from napari_abdoseg import load_ensemble, read_volume, segment
from napari_abdoseg.image.nifti.volumes import write_volume
from napari_abdoseg.inference.model.card import ModelCard, Region, read_card, write_card
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.inference.preprocessing.axis_order import (
    network_order_spacing,
    to_network_order,
)
from napari_abdoseg.progress import drain

ORDERS = ["".join(codes) for axes in permutations(("LR", "PA", "IS")) for codes in product(*axes)]


@pytest.fixture
def ras_model(make_model):
    """Networks that were not trained on mirrored scans, and see RAS."""
    folder = make_model((0, 1), mirror_axes=None)
    write_card(folder, ModelCard(axes="RAS"))
    return folder


@pytest.fixture
def stored_in(around, tmp_path):
    """A function that stores part of the phantom in another order, its axes turned."""

    def store(codes, degrees=0.0):
        path = tmp_path / "LPS.nii.gz"
        write_volume(path, around[0])
        image = nib.load(path)
        turn = np.eye(4)
        turn[:3, :3] = _rotation(np.radians(degrees), np.radians(degrees / 2))
        image = nib.Nifti1Image(np.asanyarray(image.dataobj), turn @ image.affine)
        there = nib.orientations.axcodes2ornt(codes)
        before = nib.orientations.io_orientation(image.affine)
        turned = image.as_reoriented(nib.orientations.ornt_transform(before, there))
        assert "".join(nib.aff2axcodes(turned.affine)) == codes
        nib.save(turned, tmp_path / f"{codes}.nii.gz")
        return tmp_path / f"{codes}.nii.gz"

    return store


def _rotation(about_x, about_z):
    c, s, d, t = np.cos(about_x), np.sin(about_x), np.cos(about_z), np.sin(about_z)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ [[d, -t, 0], [t, d, 0], [0, 0, 1]]


def test_there_are_48_orders():
    assert len(set(ORDERS)) == 48


@pytest.mark.slow
@pytest.mark.parametrize("degrees", [0.0, 12.0])
def test_no_voxel_differs_between_storage_orders(ras_model, stored_in, degrees):
    ensemble = load_ensemble(ras_model, device="cpu")
    first, *others = [
        segment(read_volume(stored_in(codes, degrees)), ensemble, "exact").data for codes in ORDERS
    ]
    assert len(np.unique(first)) > 2
    assert sum(int((first != other).sum()) for other in others) == 0


def test_a_model_that_names_no_axes_sees_what_is_stored(make_model, stored_in):
    ensemble = load_ensemble(make_model((0,), mirror_axes=None), device="cpu")
    one, other = (
        segment(read_volume(stored_in(codes)), ensemble, "exact").data for codes in ("LPS", "RAS")
    )
    assert (one != other).any()


def _two_stages(make_model):
    folder = two_stages(make_model, Region(organs=["pancreas"], margin_mm=30.0))
    write_card(folder / "region", ModelCard(axes="RAS"))
    return folder


def _one_stage(make_model):
    return make_model((0, 1))


@pytest.mark.parametrize(
    ("make", "preset"),
    [
        *((cascade, "balanced"), (_two_stages, "fast")),
        *(
            pytest.param(make, preset, marks=pytest.mark.slow)
            for make, preset in (
                *((_one_stage, "balanced"), (_one_stage, "fast")),
                *((cascade, "fast"), (_two_stages, "balanced")),
            )
        ),
    ],
)
def test_so_it_is_with_each_preset_in_cascades_and_regions(
    make_model, make, stored_in, preset, single_precision
):
    folder = make(make_model)
    write_card(folder, read_card(folder).with_axes("RAS"))
    ensemble = load_ensemble(folder, device="cpu")
    first, *others = [
        segment(read_volume(stored_in(codes)), ensemble, preset).data
        for codes in ("LPS", "RAS", "SRP", "AIL")
    ]
    assert first.any()
    assert all(np.array_equal(first, other) for other in others)


@pytest.mark.parametrize("codes", ["LPS", "RAS", "PIR"])
def test_networks_are_given_what_totalsegmentator_gives_them(ras_model, stored_in, codes, tmp_path):
    from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO

    path = stored_in(codes, 12.0)
    nib.save(nib.as_closest_canonical(nib.load(path)), tmp_path / "canonical.nii.gz")
    expected, properties = SimpleITKIO().read_images([str(tmp_path / "canonical.nii.gz")])
    (trained,) = load_ensemble(ras_model, [0], "cpu").configurations
    volume = read_volume(path)
    given = to_network_order(volume.data, volume.grid, trained)
    np.testing.assert_array_equal(given, expected[0])
    np.testing.assert_allclose(
        network_order_spacing(volume.grid, trained), properties["spacing"], rtol=1e-6
    )


@pytest.mark.parametrize("by", ["the folder", "the data set", "neither"])
def test_models_of_totalsegmentator_need_no_card(make_model, tmp_path, monkeypatch, by):
    folder = make_model((0,))
    if by == "the folder":
        monkeypatch.setenv("TOTALSEG_WEIGHTS_PATH", str(tmp_path))
    if by == "the data set":
        plans = (folder / "plans.json").read_text()
        name = read_model(folder).plans["dataset_name"]
        (folder / "plans.json").write_text(plans.replace(name, "Dataset291_TotalSegmentator_x"))
    presumed = by != "neither"
    assert (read_model(folder).card.axes == "RAS") is presumed
    notices = [step.notice for step in _steps_of_loading(folder) if step.notice]
    assert any("turned to RAS" in notice for notice in notices) is presumed
    write_card(folder, ModelCard(axes="stored"))
    assert read_model(folder).card.axes == "stored"


def _steps_of_loading(folder):
    from napari_abdoseg.inference.model.ensemble import loading_ensemble
    from napari_abdoseg.progress import relay

    steps = []

    def keep(step):
        steps.append(step)
        return step

    drain(relay(loading_ensemble(folder, device="cpu"), keep))
    return steps
