"""What the organ list tells of how good a model's organs are expected to be."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_abdoseg.image.nifti.volumes import read_labels, write_labels
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.review.expected_quality import NO_CALIBRATION, ONE_FOLD
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.organs.cells import EXPECTED, NAME
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.organs.widget import OrgansWidget
from napari_abdoseg.progress import drain

ENTRIES = [
    {
        "value": 1,
        "name": "liver",
        "agreement": 0.98,
        "expected_dsc": 0.97,
        "interval": [0.95, 0.98],
    },
    {"value": 2, "name": "kidney", "agreement": 0.9, "expected_dsc": None, "interval": None},
]


@pytest.fixture
def opened(phantom, tmp_path, qtbot):
    """A function that opens a saved label map with such a report, in the organ list."""
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*image_layer(phantom[0])))

    def open_with(**report):
        write_labels(tmp_path / "case.nii.gz", phantom[1])
        (tmp_path / "case.json").write_text(json.dumps(report))
        labels = read_labels(tmp_path / "case.nii.gz")
        layer = viewer.add_layer(
            Layer.create(*labels_layer(replace(labels, data=labels.data.copy())))
        )
        widget = OrgansWidget(viewer)
        qtbot.addWidget(widget)
        widget.choose(layer)
        scene = organ_scene(viewer, layer)
        qtbot.waitUntil(lambda: bool(scene.table.measures))
        return widget, scene

    yield open_with
    viewer.layers.clear()
    qtbot.wait(1)


def test_what_the_report_beside_a_label_map_tells_is_listed(opened, qtbot):
    widget, scene = opened(expected_quality={"note": None, "organs": ENTRIES})
    qtbot.waitUntil(lambda: scene.quality.is_calibrated)
    qtbot.waitUntil(lambda: widget.model.item(0, EXPECTED).text() == "0.970")
    assert not widget.list.isColumnHidden(EXPECTED)
    assert "0.970 (0.950 to 0.980)" in widget.model.item(0, EXPECTED).toolTip()
    assert widget.model.item(1, EXPECTED).text() == ""
    assert "Folds agree with a DSC of 0.900" in widget.model.item(1, NAME).toolTip()
    assert widget.model.item(2, EXPECTED).toolTip() == ""


@pytest.mark.parametrize(
    "report",
    [
        {},
        {"expected_quality": {"organs": ENTRIES}, "corrections": [{"user": "me"}]},
        {"expected_quality": {"organs": [{"value": 1}]}},
        {"expected_quality": 3},
    ],
)
def test_without_a_report_of_use_there_is_no_column(opened, qtbot, report):
    widget, scene = opened(**report)
    qtbot.wait(300)
    assert scene.quality.told == {}
    assert widget.list.isColumnHidden(EXPECTED)


@pytest.mark.slow
def test_of_a_result_of_just_now_it_is_worked_out(opened, phantom, make_model, qtbot):
    widget, scene = opened()
    ensemble = load_ensemble(make_model((0, 1)), device="cpu")
    found = drain(segmenting(phantom[0], ensemble))
    scene.quality.follow(found.disagreement, "balanced", phantom[0])
    qtbot.waitUntil(lambda: bool(scene.quality.told))
    agreement = {o.value: score for o, score in found.disagreement.agreement().items()}
    assert {value: told.agreement for value, told in scene.quality.told.items()} == pytest.approx(
        agreement, abs=1e-4
    )
    assert scene.quality.note == NO_CALIBRATION
    qtbot.waitUntil(lambda: NO_CALIBRATION in widget.model.item(0, NAME).toolTip())
    assert "Folds agree with a DSC of" in widget.model.item(0, NAME).toolTip()


def test_of_one_fold_it_is_said_why_nothing_is_told(opened, qtbot):
    widget, scene = opened(expected_quality={"note": ONE_FOLD, "organs": []})
    qtbot.waitUntil(lambda: ONE_FOLD in widget.model.item(0, NAME).toolTip())
    assert not scene.quality.is_calibrated
