"""What the network is fed, and what comes back."""

from __future__ import annotations

import json

import numpy as np
import pytest

from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.inference.ensemble import load_ensemble
from napari_abdoseg.inference.segmentation import segment, segmenting

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
