"""The panel `Where to look next` in a real window."""

from __future__ import annotations

import numpy as np
import platformdirs
import pytest
from napari.layers import Layer
from qtpy.QtCore import Qt

from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.review.where_to_look import FOLDS, places_to_look
from napari_abdoseg.inference.segmentation import segmenting
from napari_abdoseg.plugin.layers.conversion import (
    image_layer,
    label_layers,
    labels_layer,
    volume_of,
)
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


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    """Marks of label maps without a file."""
    monkeypatch.setattr(platformdirs, "user_data_path", lambda *_, **__: tmp_path / "data")


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
    open_panel(viewer, "Where to look next")
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Where to look next")
    qtbot.waitUntil(lambda: widget.places.rowCount() > 0 and OVERLAY in viewer.layers)
    return widget


def click(widget, qtbot, row: int) -> None:
    table = widget.table
    place = table.visualRect(widget.places.index(row, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_places_are_listed_and_a_click_goes_there(viewer, widget, qtbot, found):
    places = places_to_look(found.labels, volume_of(viewer.layers["CT"]), found.disagreement)
    assert [row.place for row in widget.places.rows] == list(places)
    assert FOLDS in {place.kind for place in places}
    cells = [widget.places.index(0, column).data() for column in range(2)]
    assert cells == [places[0].name, places[0].words]
    for row in reversed(range(len(places))):
        widget.table.scrollTo(widget.places.index(row, 0))
        click(widget, qtbot, row)
        grid = found.labels.grid
        middle = np.array(grid.origin) + np.array(grid.spacing) * places[row].voxel
        assert np.allclose(viewer.dims.point, middle, atol=0.01)


@pytest.mark.slow
def test_the_button_ticks_a_place_and_goes_to_the_next(viewer, widget, qtbot):
    rows = widget.places.rows
    count = len(rows)
    for row in range(count):
        qtbot.mouseClick(widget.next_button, Qt.MouseButton.LeftButton)
        assert widget.table.currentIndex().row() == row
    assert [row.checked for row in widget.places.rows] == [True] * (count - 1) + [False]
    assert f"{count - 1} of {count} places checked" in widget.heading.text()
    widget.places.setData(widget.places.index(0, 0), 0, Qt.ItemDataRole.CheckStateRole)
    assert not widget.places.rows[0].checked


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
    assert EMPTY in widget.heading.text()
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


def test_without_a_label_map_it_says_what_to_do(make_napari_viewer):
    viewer = make_napari_viewer()
    open_panel(viewer, "Where to look next")
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Where to look next")
    assert EMPTY in widget.heading.text()
    assert widget.shown.isHidden()


@pytest.mark.parametrize("folds", [2, 5])
def test_more_folds_are_stronger(folds):
    colors = fold_colors(folds)
    assert len(colors) == folds
    assert sorted(color[3] for color in colors) == [color[3] for color in colors]
