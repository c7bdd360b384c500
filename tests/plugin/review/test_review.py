"""The panel `Where folds disagree` in a real window."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Layer
from qtpy.QtCore import Qt

from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.review.places import places_to_review
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.plugin.layers.conversion import image_layer, label_layers, labels_layer
from napari_abdoseg.plugin.organs.matching_scan import ScanFinding
from napari_abdoseg.plugin.review.disagreement_layer import disagreement_metadata, fold_colors
from napari_abdoseg.plugin.review.widget import EMPTY
from napari_abdoseg.plugin.widgets.panel import open_panel
from napari_abdoseg.progress import drain

OVERLAY = "CT fold disagreement"


@pytest.fixture
def found(make_model, phantom):
    ensemble = load_ensemble(make_model(mirror_axes=None, patch=(32, 32, 32)), device="cpu")
    return drain(segmenting(phantom[0], ensemble, "exact"))


@pytest.fixture
def window_of_module(window_of_test):
    """Each test has a window of its own: a panel that is closed goes on for a while."""
    return window_of_test


@pytest.fixture
def viewer(make_napari_viewer, phantom, found):
    viewer = make_napari_viewer(show=True)
    viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    data, options, kind = labels_layer(found.labels, "CT organs")
    options["metadata"] |= disagreement_metadata(found.disagreement)
    viewer.add_layer(Layer.create(data, options, kind))
    return viewer


@pytest.fixture
def widget(viewer, qtbot):
    open_panel(viewer, "Where folds disagree")
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Where folds disagree")
    qtbot.waitUntil(lambda: widget.places.rowCount() > 0 and OVERLAY in viewer.layers)
    return widget


def click(widget, qtbot, row: int) -> None:
    table = widget.table
    place = table.visualRect(widget.places.index(row, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_places_are_listed_and_a_click_goes_there(viewer, widget, qtbot, found):
    places = places_to_review(found.disagreement)
    assert widget.places.rowCount() == len(places)
    cells = [widget.places.index(0, column).data() for column in range(3)]
    first = places[0]
    assert cells == [first.organ.name, f"{first.folds:.1f} of 2", f"{first.volume_ml:.2f}"]
    for row in reversed(range(len(places))):
        click(widget, qtbot, row)
        grid = found.labels.grid
        middle = np.array(grid.origin) + np.array(grid.spacing) * places[row].voxel
        assert np.allclose(viewer.dims.point, middle, atol=0.01)


def test_its_layer_is_no_label_map_and_follows_the_box(viewer, widget, qtbot, found):
    overlay = viewer.layers[OVERLAY]
    assert widget.shown.isChecked()
    assert np.array_equal(overlay.data, found.disagreement.on_scan())
    assert label_layers(viewer) == [viewer.layers["CT organs"]]
    assert not overlay.editable
    assert viewer.layers["CT organs"].contour == 1
    widget.shown.click()
    assert not overlay.visible
    assert viewer.layers["CT organs"].contour == 0
    overlay.visible = True
    assert widget.shown.isChecked()
    assert viewer.layers["CT organs"].contour == 1
    viewer.layers.remove("CT organs")
    qtbot.waitUntil(lambda: OVERLAY not in viewer.layers)
    assert widget.heading.text() == EMPTY
    assert widget.table.isHidden()


def test_its_layer_is_saved_on_the_scans_grid(viewer, widget, phantom, tmp_path):
    overlay = viewer.layers[OVERLAY]
    path = tmp_path / "disagreement.nii.gz"
    overlay.save(str(path))
    saved = read_labels(path)
    assert saved.grid.matches(phantom[0].grid)
    assert np.array_equal(saved.data, overlay.data)
    assert saved.organs[0].name == "1 dissenting fold"


def test_a_layer_that_was_deleted_comes_back_when_asked_for(viewer, widget, qtbot):
    viewer.layers.remove(OVERLAY)
    assert not widget.shown.isChecked()
    assert viewer.layers["CT organs"].contour == 0
    widget.shown.click()
    qtbot.waitUntil(lambda: OVERLAY in viewer.layers)


def test_the_scan_is_still_the_scan(viewer, widget, phantom):
    found = []
    finding = ScanFinding(viewer)
    finding.found.connect(found.append)
    finding.follow(phantom[0].grid)
    assert found[0].data is viewer.layers["CT"].data
    finding.close()


def test_without_an_ensemble_it_says_what_to_do(make_napari_viewer):
    viewer = make_napari_viewer()
    open_panel(viewer, "Where folds disagree")
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Where folds disagree")
    assert widget.heading.text() == EMPTY
    assert widget.shown.isHidden()


@pytest.mark.parametrize("folds", [2, 5])
def test_more_folds_are_stronger(folds):
    colors = fold_colors(folds)
    assert len(colors) == folds
    assert sorted(color[3] for color in colors) == [color[3] for color in colors]
