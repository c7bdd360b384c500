"""Labels without names get those of a published scheme, and folders of masks are one layer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from napari.utils.notifications import notification_manager

from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels, write_volume
from napari_abdoseg.image.organ import Organ, number_name
from napari_abdoseg.plugin.compare.work import match_layers
from napari_abdoseg.plugin.layers.conversion import label_map_of, labels_layer
from napari_abdoseg.plugin.organs.widget import OrgansWidget
from napari_abdoseg.plugin.reader import read


@pytest.fixture(autouse=True)
def _no_notes():
    notification_manager.records.clear()


@pytest.fixture
def numbered(phantom, tmp_path):
    """A label map in a file, without names."""
    _, truth = phantom
    write_labels(tmp_path / "case.nii.gz", replace(truth, organs=()))
    return tmp_path / "case.nii.gz"


@pytest.fixture
def masks(phantom, tmp_path):
    """A case as TotalSegmentator has it."""
    scan, truth = phantom
    folder = tmp_path / "s0001" / "segmentations"
    folder.mkdir(parents=True)
    write_volume(folder.parent / "ct.nii.gz", scan)
    for organ in truth.organs:
        mask = replace(truth, data=(truth.data == organ.value).astype(np.uint8), organs=())
        write_labels(folder / f"{organ.name}.nii.gz", mask)
    return folder


def opened(*paths):
    return [Layer.create(*layer) for layer in read([str(path) for path in paths])]


def names(layer):
    return [organ.name for organ in label_map_of(layer).organs]


def said():
    return [record.message for record in notification_manager.records]


@pytest.fixture
def organs(numbered, qapp, qtbot):
    viewer = ViewerModel()
    (layer,) = opened(numbered)
    viewer.add_layer(layer)
    widget = OrgansWidget(viewer)
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: widget.model.rowCount() >= 4)
    yield widget
    viewer.layers.clear()
    qtbot.wait(1)


def choose(widget, key):
    schemes = widget.naming.schemes
    schemes.value = next(scheme for scheme in schemes.choices if scheme and scheme.key == key)


def test_labels_without_names_get_them_by_one_click(organs, numbered, qtbot):
    layer = organs.layers.value
    assert names(layer) == [number_name(value) for value in (1, 2, 3, 4)]
    assert any("have no names" in message for message in said())
    assert not organs.naming.isHidden()
    assert "kits" not in {scheme.key for scheme in organs.naming.schemes.choices if scheme}
    organs.model.scene.boxes.show({"label 1": True, "label 2": False})
    choose(organs, "abdomenct1k")
    qtbot.waitUntil(lambda: organs.naming.isHidden())
    expected = ["liver", "kidney", "spleen", "pancreas"]
    assert [organs.model.item(row).text() for row in range(4)] == expected
    assert layer.features["organ"].tolist() == ["background", *expected]
    assert np.allclose(layer.colormap.color_dict[1][:3], np.array([0xDD, 0x6B, 0x55]) / 255)
    assert organs.model.scene.boxes.state()["liver"]
    assert not organs.model.scene.boxes.state()["kidney"]
    (again,) = opened(numbered)
    assert names(again) == expected
    assert any("as was chosen for its folder" in message for message in said())


def test_a_choice_that_can_not_be_kept_is_told(organs, monkeypatch):
    def fail(*_):
        raise SaveError("The disk is full.")

    monkeypatch.setattr("napari_abdoseg.plugin.organs.naming.remember_scheme", fail)
    choose(organs, "flare22")
    assert names(organs.layers.value)[1] == "right kidney"
    assert "The disk is full." in said()


def test_labels_with_names_are_not_asked_about(phantom, qapp, qtbot):
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*labels_layer(phantom[1], "truth")))
    widget = OrgansWidget(viewer)
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: widget.model.rowCount() >= 4)
    assert widget.naming.isHidden()
    viewer.layers.clear()
    qtbot.wait(1)


@pytest.mark.parametrize("folder", ["s0001", "s0001/segmentations"])
def test_a_folder_of_masks_is_one_layer(masks, tmp_path, phantom, folder, qapp):
    layers = opened(tmp_path / folder)
    assert len(layers) == (2 if folder == "s0001" else 1)
    labels = layers[-1]
    assert labels.name == "s0001"
    assert set(names(labels)) == {"liver", "kidney", "spleen", "pancreas"}
    found, (_, truth) = label_map_of(labels), phantom
    by_name = {organ.name: found.data == organ.value for organ in found.organs}
    for organ in truth.organs:
        assert np.array_equal(by_name[organ.name], truth.data == organ.value)
    assert any("s0001: It is made of 4 files" in message for message in said())


def test_what_is_told_of_several_files_is_told_once(masks, numbered, qapp):
    write_labels(numbered.with_name("other.nii.gz"), read_labels(numbered))
    opened(numbered, numbered.with_name("other.nii.gz"))
    assert sum("have no names" in message for message in said()) == 1
    assert any(message.startswith("case.nii.gz and 1 more: ") for message in said())


def test_what_is_ignored_travels_with_the_layer(phantom, qapp):
    _, truth = phantom
    data = truth.data.copy()
    data[:, :4] = 9
    reference = Layer.create(*labels_layer(replace(truth, data=data, ignored=9), "reference"))
    assert label_map_of(reference).ignored == 9
    prediction = Layer.create(*labels_layer(truth, "prediction"))
    matched = match_layers(prediction, reference)
    assert not matched.prediction.data[:, :4].any()
    assert not matched.naming


def test_how_layers_were_named_is_told(phantom, qapp):
    _, truth = phantom
    numbers = tuple(Organ(organ.value, number_name(organ.value)) for organ in truth.organs)
    layers = [
        Layer.create(*labels_layer(replace(truth, organs=organs), name))
        for name, organs in (("prediction", numbers), ("reference", truth.organs))
    ]
    assert match_layers(*layers).naming == (
        "Prediction: Its labels have no names and take those of the reference, value by value.",
    )
