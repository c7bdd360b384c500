"""What a report says of the bile duct, and of what no healthy abdomen explains."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from napari_abdoseg.anatomy.bile_duct import bile_duct_region
from napari_abdoseg.batch.case_report import case_report
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.progress import drain


@pytest.fixture
def report_of(make_model):
    """A function that gives the report of a label map."""
    ensemble = load_ensemble(make_model(folds=(0,), mirror_axes=None), device="cpu")

    def report(volume, labels):
        segmentation = replace(drain(segmenting(volume, ensemble)), labels=labels)
        return case_report("case", volume, segmentation, "fast")

    return report


@pytest.fixture
def bile_duct_entry(report_of):
    """A function that gives what a report says of the region in a label map."""
    return lambda volume, labels: report_of(volume, labels)["bile_duct_search_region"]


def test_the_box_of_the_bile_duct_search_region(bile_duct_entry):
    volume, truth = make_phantom(1, (8.0, 6.0, 6.0), "SAR")
    entry = bile_duct_entry(volume, truth)
    region = bile_duct_region(truth)
    assert entry["found"]
    assert "never a finding" in entry["note"]
    assert entry["found_by"] == ["liver", "pancreas"]
    assert entry["expected_coverage"] is None
    assert entry["volume_ml"] == pytest.approx(
        region.mask.sum() * truth.grid.voxel_volume, abs=1e-3
    )
    whole = np.zeros(truth.grid.shape, bool)
    whole[region.box.slices] = region.mask
    stored = np.argwhere(truth.grid.to_stored(whole))
    assert entry["box_voxels"]["start"] == stored.min(axis=0).tolist()
    assert entry["box_voxels"]["stop"] == (stored.max(axis=0) + 1).tolist()


def test_why_there_is_none(bile_duct_entry):
    volume, truth = make_phantom(1, (8.0, 6.0, 6.0))
    labels = LabelMap(np.where(truth.data == 4, 0, truth.data), truth.grid, truth.organs)
    entry = bile_duct_entry(volume, labels)
    assert not entry["found"]
    assert "pancreas" in entry["reason"]


def test_places_in_doubt_are_written_in_the_axis_order_of_the_file(report_of):
    volume, truth = make_phantom(1, (8.0, 6.0, 6.0), "SAR")
    assert report_of(volume, truth)["checks"] == []
    data = truth.data.copy()
    data[2:6, 2:6, 3:7] = 3
    report = report_of(volume, replace(truth, data=data))
    (entry,) = report["checks"]
    assert (entry["organ"], entry["kind"]) == ("spleen", "outside the body")
    assert truth.grid.to_stored(data)[tuple(entry["voxel"])] == 3
    start, stop = entry["box_voxels"]["start"], entry["box_voxels"]["stop"]
    inside = tuple(slice(low, high) for low, high in zip(start, stop))
    stray = np.zeros(truth.grid.shape, bool)
    stray[2:6, 2:6, 3:7] = True
    assert truth.grid.to_stored(stray)[inside].sum() == stray.sum()
    json.dumps(report)


def test_a_duct_that_a_model_labelled(report_of):
    volume, truth = make_phantom(1, (4.0, 4.0, 4.0), "SAR")
    organs = (*truth.organs, Organ(5, "common_bile_duct"))
    data = truth.data.copy()
    data[10:30, 12:15, 14:17] = 5
    data[18:20] = np.where(data[18:20] == 5, 0, data[18:20])
    labels = LabelMap(data, truth.grid, organs)
    entry = report_of(volume, labels)["candidate_bile_duct"]
    assert entry["found"]
    assert "never a finding" in entry["note"]
    assert entry["wider_than_7_mm"]
    assert 11 < entry["widest_mm"] < 15
    assert entry["length_mm"] == pytest.approx(80, abs=8)
    (gap,) = entry["breaks"]
    assert gap["length_mm"] == pytest.approx(8, abs=2)
    place = truth.grid.screen_index(gap["voxel"])
    assert np.abs(place - (18.5, 13, 15)).max() < 1.6
    nothing = LabelMap(truth.data, truth.grid, organs)
    entry = report_of(volume, nothing)["candidate_bile_duct"]
    assert entry == {"found": False, "reason": entry["reason"]}
    assert "no common bile duct" in entry["reason"]


def test_a_model_without_a_duct_has_no_candidate(report_of):
    volume, truth = make_phantom(1, (8.0, 6.0, 6.0))
    assert "candidate_bile_duct" not in report_of(volume, truth)
