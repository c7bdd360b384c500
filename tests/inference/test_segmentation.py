"""What the network is fed, and what comes back."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from small_models import cascade
from working import run

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.export.nnunet_export import labels_by_nnunet
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.preset import PRESETS
from napari_abdoseg.inference.run_configuration import ASKING, predicting
from napari_abdoseg.inference.segmentation import segment, segmenting
from napari_abdoseg.progress import drain

COARSE = (10.0, 8.0, 8.0)


@pytest.fixture
def folder(make_model):
    return make_model(folds=(0,), mirror_axes=None)


def test_the_network_sees_the_stored_order(folder):
    """As nnU-Net's SimpleITK reader feeds it: another orientation, another answer."""
    ensemble = load_ensemble(folder)
    lps, ras = (segment(make_phantom(5, COARSE, way)[0], ensemble) for way in ("LPS", "RAS"))
    assert lps.data.shape == ras.data.shape
    assert not np.array_equal(lps.data, ras.data)


def test_a_model_trained_on_reoriented_scans_is_fed_reoriented_scans(folder):
    plans = json.loads((folder / "plans.json").read_text())
    plans["image_reader_writer"] = "NibabelIOWithReorient"
    (folder / "plans.json").write_text(json.dumps(plans))
    ensemble = load_ensemble(folder)
    lps, ras, sal = (
        segment(make_phantom(5, COARSE, way)[0], ensemble) for way in ("LPS", "RAS", "SAL")
    )
    assert len(np.unique(lps.data)) > 1
    assert np.array_equal(lps.data, ras.data)
    assert np.array_equal(lps.data, sal.data)


@pytest.mark.slow
@pytest.mark.parametrize("orientation", ["RAS", "SAL"])
def test_models_whose_readers_turn_scans_differently_are_averaged(orientation, make_model):
    folders = make_model((0,), None), make_model((1,), None, (16, 16), (9.0, 7.0), "other")
    plans = json.loads((folders[1] / "plans.json").read_text())
    plans["image_reader_writer"] = "NibabelIOWithReorient"
    (folders[1] / "plans.json").write_text(json.dumps(plans))
    volume, _ = make_phantom(5, COARSE, orientation)
    ensemble = load_ensemble(folders, device="cpu")
    predictions = [
        on_scan
        for trained in ensemble.configurations
        for on_scan in drain(predicting(volume, trained, PRESETS["fast"])).predictions
    ]
    ours = segment(volume, ensemble, "fast").data
    assert len(np.unique(ours)) > 2
    assert np.count_nonzero(ours != labels_by_nnunet(predictions, volume.grid)) <= 1


def test_the_result_lies_on_the_scans_grid(folder):
    volume, _ = make_phantom(5, COARSE, "RAS")
    labels = segment(volume, load_ensemble(folder))
    assert labels.grid is volume.grid
    assert labels.data.dtype == np.uint8
    assert [organ.name for organ in labels.organs] == ["liver", "kidney", "spleen", "pancreas"]


def test_the_stages_are_named(folder):
    volume, _ = make_phantom(5, COARSE)
    steps = list(segmenting(volume, load_ensemble(folder)))
    stages = list(dict.fromkeys(step.stage for step in steps))
    assert stages == ["Preprocessing", "Segmenting", "Resampling to the scan"]


def test_several_configurations_share_the_work(make_model):
    flat = make_model((0,), None, (32, 32), (9.0, 8.0), "flat")
    ensemble = load_ensemble([cascade(make_model), flat], device="cpu")
    steps, segmentation = run(segmenting(make_phantom(5, COARSE)[0], ensemble, "exact", True))
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] > ASKING
    assert {ASKING / 4, ASKING / 2, ASKING} <= set(fractions)

    names = [share.trained.name for share in segmentation.shares]
    assert names == ["3d_lowres", "3d_cascade_fullres", "2d"]
    assert [share.folds for share in segmentation.shares] == [("0", "1"), ("0", "1"), ("0",)]
    assert all(share.passes == share.passes_everywhere for share in segmentation.shares)
    assert segmentation.disagreement.folds == 3

    (preview,) = (step.interim for step in steps if step.interim is not None)
    assert "1 of 3 folds" in preview.stamp
    assert preview.data.shape == segmentation.labels.data.shape


def test_fast_takes_the_first_fold_of_every_stage(make_model):
    ensemble = load_ensemble(cascade(make_model), device="cpu")
    segmentation = drain(segmenting(make_phantom(5, COARSE)[0], ensemble, "fast"))
    assert [share.folds for share in segmentation.shares] == [("0",), ("0",)]


@pytest.mark.usefixtures("single_precision")
@pytest.mark.parametrize("kind", [pytest.param("2d", marks=pytest.mark.slow), "3d_cascade_fullres"])
def test_balanced_finds_what_all_find(kind, make_model):
    flat = kind == "2d"
    folder = make_model((0, 1), (1,), (32, 32), (9.0, 8.0)) if flat else cascade(make_model)
    volume, _ = make_phantom(5, COARSE)
    ensemble = load_ensemble(folder, device="cpu")
    balanced, exact = (segment(volume, ensemble, preset).data for preset in ("balanced", "exact"))
    assert len(np.unique(exact)) > 2
    assert np.mean(balanced == exact) > 0.99


@pytest.mark.slow
def test_balanced_with_a_2d_model_works_where_organs_are(make_model):
    folder = make_model((0, 1), (1,), (32, 32), (8.0, 8.0), kernel=1)
    for fold in (0, 1):
        prefer_background(folder / f"fold_{fold}" / "checkpoint_final.pth")
    block = np.zeros((40, 70, 90), bool)
    block[20:28, 20:40, 50:70] = True
    texture = np.random.default_rng(0).integers(0, 300, block.shape)
    data = np.where(block, texture, -1000).astype(np.int16)
    volume = Volume(data, Grid.from_spacing(data.shape, (10.0, 8.0, 8.0)))
    ensemble = load_ensemble(folder, device="cpu")
    found = drain(segmenting(volume, ensemble, "balanced"))
    (share,) = found.shares
    outside = np.ones(data.shape, bool)
    outside[share.region.slices] = False
    assert outside.sum() > data.size / 2
    assert not block[outside].any()
    assert found.labels.data.any()
    assert not segment(volume, ensemble, "exact").data[outside].any()


def prefer_background(path):
    """Let a network without context be sure of background where a scan is the same all around."""
    checkpoint = torch.load(path, weights_only=True)
    for name, values in checkpoint["network_weights"].items():
        if "seg_layers" in name:
            values *= 20
            if name.endswith("bias"):
                values[0] = values.max() + 5
    torch.save(checkpoint, path)
