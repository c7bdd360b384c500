"""The organ list: masks, boxes and measures of a Labels layer."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from napari.utils.notifications import notification_manager
from qtpy.QtCore import Qt

from napari_abdoseg.anatomy.measure import measure_organs
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.organs.cells import (
    BOX,
    MASK,
    NAME,
    SIZE,
    SURFACE,
    VOLUME,
)
from napari_abdoseg.plugin.organs.widget import OrgansWidget
from napari_abdoseg.plugin.segment.result import show_result

ON, OFF = Qt.CheckState.Checked, Qt.CheckState.Unchecked
LIVER, KIDNEY, SPLEEN, PANCREAS, REGION = range(5)


@pytest.fixture
def labels(phantom) -> LabelMap:
    """A label map of its own for each test, to paint on."""
    _, truth = phantom
    return LabelMap(truth.data.copy(), truth.grid, truth.organs)


@pytest.fixture
def viewer(phantom, qapp) -> ViewerModel:
    viewer = ViewerModel()
    viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    return viewer


@pytest.fixture
def nothing_at_first(monkeypatch):
    """No surface and no box is shown without being asked for."""
    monkeypatch.setattr("napari_abdoseg.plugin.organs.first_shown.MOST_AT_FIRST", 0)


@pytest.fixture
def organs(viewer, labels, qtbot, nothing_at_first):
    """The list beside a Labels layer that a reader opened, measured."""
    viewer.add_layer(Layer.create(*labels_layer(labels, "truth")))
    widget = OrgansWidget(viewer)
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: widget.model.rowCount() == 5)
    yield widget
    viewer.layers.clear()
    qtbot.wait(1)


@pytest.fixture
def window(make_napari_viewer, phantom):
    """A viewer in its window."""
    viewer = make_napari_viewer()
    viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    return viewer


@pytest.fixture
def docked(window, labels, qtbot, nothing_at_first) -> OrgansWidget:
    """The list in a window."""
    window.add_layer(Layer.create(*labels_layer(labels, "truth")))
    widget = OrgansWidget(window)
    window.window.add_dock_widget(widget, name="Organs")
    qtbot.waitUntil(lambda: widget.model.rowCount() == 5)
    return widget


def _ml(widget, row) -> float:
    return float(_row(widget, row)[1].lstrip("≥ "))


def _row(widget, row, parent=None):
    item = widget.model.item(row) if parent is None else widget.model.item(parent).child(row)
    index = item.index()
    return [index.siblingAtColumn(column).data() for column in (NAME, VOLUME, SIZE)]


def _state(widget, row, column):
    return widget.model.item(row, column).checkState()


def _click(widget, row, column, parent=None):
    item = (
        widget.model.item(row, column)
        if parent is None
        else widget.model.item(parent).child(row, column)
    )
    item.setCheckState(OFF if item.checkState() == ON else ON)


def _layer_names(viewer) -> list[str]:
    return [layer.name for layer in viewer.layers]


def test_rows_say_what_the_labels_hold(organs, labels):
    for row, (organ, measures) in enumerate(measure_organs(labels).items()):
        z, y, x = measures.box.size(labels.grid)
        assert _row(organs, row) == [
            organ.name,
            f"{measures.volume_ml:,.1f}",
            f"{x:.0f}×{y:.0f}×{z:.0f}",
        ]
        assert (_state(organs, row, MASK), _state(organs, row, BOX)) == (ON, OFF)


@pytest.mark.parametrize(("most", "shown"), [(4, ON), (0, OFF)])
def test_a_few_organs_are_shown_with_surfaces_and_boxes(
    most, shown, viewer, labels, qtbot, monkeypatch
):
    monkeypatch.setattr("napari_abdoseg.plugin.organs.first_shown.MOST_AT_FIRST", most)
    viewer.add_layer(Layer.create(*labels_layer(labels, "truth")))
    widget = OrgansWidget(viewer)
    qtbot.addWidget(widget)
    qtbot.waitUntil(lambda: widget.model.rowCount() == 5)
    assert {_state(widget, row, part) for row in range(4) for part in (BOX, SURFACE)} == {shown}
    if shown == ON:
        qtbot.waitUntil(lambda: len(viewer.layers) == 1 + 1 + 4 + 4)
        _click(widget, SPLEEN, BOX)
        assert not viewer.layers["spleen box"].visible
        assert _state(widget, SPLEEN, BOX) == OFF
    viewer.layers.clear()
    qtbot.wait(1)


def test_organs_that_are_not_there(organs, labels, qtbot):
    organs.layers.value.data = np.where(labels.data == 4, 0, labels.data)
    qtbot.waitUntil(lambda: _row(organs, PANCREAS) == ["pancreas", "–", "–"])
    assert not organs.model.item(PANCREAS, BOX).isCheckable()


def test_a_mask_off_and_on(organs, labels):
    layer = organs.layers.value
    before = layer.data.copy()
    _click(organs, SPLEEN, MASK)
    assert layer.colormap.map(3)[3] == 0
    assert layer.colormap.map(1)[3] == 1
    assert _state(organs, SPLEEN, MASK) == OFF
    _click(organs, SPLEEN, MASK)
    np.testing.assert_allclose(layer.colormap.map(3)[:3] * 255, (0xA0, 0x5F, 0xD6), atol=0.01)
    np.testing.assert_array_equal(layer.data, before)


def test_a_box_is_made_when_first_shown(organs, viewer):
    active = viewer.layers.selection.active
    _click(organs, SPLEEN, BOX)
    assert _layer_names(viewer) == ["CT", "truth", "spleen box"]
    assert viewer.layers.selection.active is active
    _click(organs, SPLEEN, BOX)
    assert not viewer.layers["spleen box"].visible


def test_a_box_follows_the_eye_in_the_layer_list(organs, viewer):
    _click(organs, SPLEEN, BOX)
    viewer.layers["spleen box"].visible = False
    assert _state(organs, SPLEEN, BOX) == OFF
    viewer.layers["spleen box"].visible = True
    assert _state(organs, SPLEEN, BOX) == ON


def test_a_deleted_box_can_be_shown_again(organs, viewer):
    _click(organs, SPLEEN, BOX)
    viewer.layers.remove("spleen box")
    assert _state(organs, SPLEEN, BOX) == OFF
    _click(organs, SPLEEN, BOX)
    assert viewer.layers["spleen box"].visible


def test_painting_and_undo_update_volume_and_box(organs, viewer, qtbot):
    _click(organs, SPLEEN, BOX)
    layer, before, ml = organs.layers.value, _row(organs, SPLEEN), _ml(organs, SPLEEN)
    box = viewer.layers["spleen box"].metadata["box"]
    layer.brush_size = 1
    layer.paint((0, 0, 0), 3)
    qtbot.waitUntil(lambda: _row(organs, SPLEEN) != before)
    assert _ml(organs, SPLEEN) == pytest.approx(ml + 0.288, abs=0.11)
    assert viewer.layers["spleen box"].metadata["box"].start == (0, 0, 0)
    layer.undo()
    qtbot.waitUntil(lambda: _row(organs, SPLEEN) == before)
    assert viewer.layers["spleen box"].metadata["box"] == box


def test_scrolling_is_no_edit(organs, viewer, qtbot):
    before = organs.model.scene.table
    for index in range(5):
        viewer.dims.set_current_step(0, index)
    viewer.dims.ndisplay = 3
    qtbot.wait(400)
    assert organs.model.scene.table is before


def test_an_erased_organ_loses_its_box(organs, viewer, labels, qtbot):
    _click(organs, SPLEEN, BOX)
    organs.layers.value.data = np.where(labels.data == 3, 0, labels.data)
    qtbot.waitUntil(lambda: "spleen box" not in _layer_names(viewer))


def test_kidney_splits_into_right_and_left(organs, viewer, qtbot):
    organs.list.setCurrentIndex(organs.model.index(KIDNEY, 0))
    assert organs.details.split.text() == "Measure right and left apart"
    organs.details.split.click()
    qtbot.waitUntil(lambda: organs.model.item(KIDNEY).rowCount() == 2)
    assert [_row(organs, side, KIDNEY)[0] for side in (0, 1)] == ["right kidney", "left kidney"]
    parts = [float(_row(organs, side, KIDNEY)[1]) for side in (0, 1)]
    assert sum(parts) == pytest.approx(float(_row(organs, KIDNEY)[1]), abs=0.11)
    _click(organs, 1, BOX, KIDNEY)
    assert viewer.layers["left kidney box"].visible

    organs.list.setCurrentIndex(organs.model.index(KIDNEY, 0))
    assert organs.details.split.text() == "Measure right and left together"
    organs.details.split.click()
    qtbot.waitUntil(lambda: organs.model.item(KIDNEY).rowCount() == 0)
    assert "left kidney box" not in _layer_names(viewer)


def test_what_has_no_sides_or_one_alone_is_not_split(organs, labels, qtbot):
    said = []
    notification_manager.notification_ready.connect(lambda note: said.append(note.message))
    organs.list.setCurrentIndex(organs.model.index(LIVER, 0))
    assert organs.details.split.isHidden()
    organs.list.setCurrentIndex(organs.model.index(KIDNEY, 0))
    assert not organs.details.split.isHidden()
    middle = labels.data.shape[2] // 2
    data = labels.data.copy()
    data[..., middle:][data[..., middle:] == 2] = 0
    organs.layers.value.data = data
    organs.details.split.click()
    qtbot.waitUntil(lambda: bool(said))
    assert "kidney is in one piece" in said[0]
    assert organs.details.split.text() == "Measure right and left apart"


def test_the_labels_layer_takes_its_boxes_with_it(organs, viewer, qtbot):
    for row in range(4):
        _click(organs, row, BOX)
    viewer.layers.remove("truth")
    qtbot.waitUntil(lambda: _layer_names(viewer) == ["CT"])
    assert organs.model.rowCount() == 0
    assert organs.message.isVisibleTo(organs)


def test_all_layers_deleted_at_once(organs, viewer, qtbot):
    _click(organs, LIVER, BOX)
    viewer.layers.clear()
    qtbot.wait(50)
    assert _layer_names(viewer) == []


def test_the_choice_of_label_maps_follows_the_viewer(organs, viewer, labels, qtbot):
    second = viewer.add_layer(Layer.create(*labels_layer(labels, "second")))
    assert [str(layer) for layer in organs.layers.choices] == ["truth", "second"]
    second.name = "renamed"
    assert organs.layers.native.itemText(1) == "renamed"
    organs.choose(second)
    qtbot.waitUntil(lambda: organs.model.rowCount() == 5)
    _click(organs, SPLEEN, MASK)
    assert viewer.layers["truth"].colormap.map(3)[3] == 1
    viewer.layers.remove(second)
    assert organs.layers.value is viewer.layers["truth"]


def test_labels_of_another_program(organs, viewer, labels, qtbot):
    other = viewer.add_labels(
        labels.data.astype(int), scale=labels.grid.spacing, translate=labels.grid.origin, units="mm"
    )
    organs.choose(other)
    qtbot.waitUntil(lambda: organs.model.rowCount() == 4 and _row(organs, 0)[0] == "label 1")
    color = other.get_color(1)
    _click(organs, 0, MASK)
    _click(organs, 1, BOX)
    assert other.colormap.map(1)[3] == 0
    _click(organs, 0, MASK)
    np.testing.assert_allclose(other.get_color(1), color)
    assert "label 2 box" in _layer_names(viewer)


def test_a_flat_labels_layer_is_no_label_map(organs, viewer, qtbot):
    flat = viewer.add_labels(np.zeros((4, 4), np.uint8), units="mm", name="flat")
    organs.choose(flat)
    qtbot.waitUntil(lambda: "flat has 2 dimensions" in organs.message.text())


def test_a_result_comes_with_boxes_surfaces_and_list(window, labels, qtbot):
    layer = show_result(window, window.layers["CT"], labels).layer
    boxes, surfaces = ([f"{o.name} {kind}" for o in labels.organs] for kind in ("box", "surface"))
    qtbot.waitUntil(lambda: _layer_names(window) == ["CT", "CT organs", *boxes, *surfaces[::-1]])
    assert window.layers.selection == {layer}
    (organs,) = window.window.dock_widgets.values()
    assert organs.layers.value is layer
    assert [_state(organs, row, BOX) for row in range(4)] == [ON] * 4
    assert [_state(organs, row, SURFACE) for row in range(4)] == [ON] * 4
    assert _state(organs, REGION, BOX) == OFF
    show_result(window, window.layers["CT"], labels)
    assert len(window.window.dock_widgets) == 1


def test_a_real_result(make_napari_viewer, real_data, qtbot):
    viewer = make_napari_viewer()
    ct = viewer.add_layer(Layer.create(*image_layer(read_volume(real_data / "abdomen_ct.nii.gz"))))
    show_result(viewer, ct, read_labels(real_data / "abdomen_labels.nii.gz", ABDOMINAL_ORGANS))
    qtbot.waitUntil(lambda: "pancreas box" in _layer_names(viewer))
    (organs,) = viewer.window.dock_widgets.values()
    assert _row(organs, LIVER) == ["liver", "≥ 1,043.1", "195×186×90"]


def test_boxes_follow_without_the_list(docked, window, qtbot):
    _click(docked, SPLEEN, BOX)
    window.window.remove_dock_widget(docked)
    layer = window.layers["truth"]
    layer.brush_size = 1
    layer.paint((0, 0, 0), 3)
    box = window.layers["spleen box"].metadata
    qtbot.waitUntil(lambda: box["box"].start == (0, 0, 0))


def test_nothing_is_left_of_a_deleted_label_map(organs, viewer, qtbot):
    scene = weakref.ref(organs.model.scene)
    _click(organs, SPLEEN, BOX)
    viewer.layers.remove("truth")
    qtbot.waitUntil(lambda: _layer_names(viewer) == ["CT"])
    qtbot.waitUntil(lambda: gc.collect() >= 0 and scene() is None)


def test_closing_while_measuring_leaves_no_thread(docked, window):
    docked.layers.value.paint((0, 0, 0), 3)
    docked.model.scene.toggle_split(docked.model.scene.table.organs[KIDNEY])
    _click(docked, LIVER, SURFACE)
    before = threading.active_count()
    window.close()
    assert threading.active_count() <= before


def test_a_mask_that_is_off_is_gone_in_3d(window, labels, qtbot):
    window.layers["CT"].visible = False
    window.window._qt_window.show()
    organs = OrgansWidget(window)
    window.window.add_dock_widget(organs)
    window.add_layer(Layer.create(*labels_layer(labels)))
    qtbot.waitUntil(lambda: organs.model.rowCount() == 5)
    window.dims.ndisplay = 3

    def purple() -> int:
        picture = window.screenshot(canvas_only=True, flash=False).astype(int)
        return int(np.sum((picture[..., 2] > picture[..., 1] + 40) & (picture[..., 0] > 60)))

    assert purple() > 20
    _click(organs, SPLEEN, MASK)
    assert purple() == 0
