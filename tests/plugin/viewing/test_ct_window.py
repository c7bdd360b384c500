"""Windows of a CT: presets, the whole range, and dragging in any slice."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Image
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication

from napari_abdoseg.plugin.four_panel.view import four_panel_view, toggle_four_panel_view
from napari_abdoseg.plugin.layers.conversion import ABDOMINAL_WINDOW, labels_layer
from napari_abdoseg.plugin.organs.widget import OrgansWidget
from napari_abdoseg.plugin.viewing.ct_window import WINDOWS, Window, follow_windows

CONTROL, NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def scan(viewer) -> Image:
    follow_windows(viewer)
    return viewer.layers["CT"]


def drag(viewer, qtbot, panel=None, by=(60, -30), keys=CONTROL) -> None:
    """Drag with real mouse events from the middle of a canvas, to the right and up."""
    qt_viewer = panel or viewer.window._qt_viewer
    canvas = qt_viewer.canvas.native
    middle = canvas.rect().center()
    qtbot.mousePress(canvas, LEFT, keys, middle)
    for step in (0.5, 1):
        place = middle + QPoint(*(round(step * each) for each in by))
        _move(canvas, place, keys)
        qtbot.wait(30)
    qtbot.mouseRelease(canvas, LEFT, keys, place)


def _move(canvas, place, keys) -> None:
    here, there = QPointF(place), QPointF(canvas.mapToGlobal(place))
    event = QMouseEvent(QEvent.Type.MouseMove, here, there, Qt.MouseButton.NoButton, LEFT, keys)
    QApplication.sendEvent(canvas, event)


def test_the_abdominal_window_is_what_a_scan_opens_with():
    assert WINDOWS["abdomen"].limits == ABDOMINAL_WINDOW


def test_the_slider_reaches_all_values(viewer, phantom, scan):
    assert scan.contrast_limits_range == [-1024, 3071]
    data = phantom[0].data.astype(np.float32)
    data[:9] = 5000
    other = viewer.add_image(data, metadata={"grid": phantom[0].grid}, contrast_limits=(0, 1))
    assert other.contrast_limits_range == [-1024, 5000]
    assert other.contrast_limits == [0, 1]


@pytest.mark.parametrize(
    "panel", [None, 0, *(pytest.param(each, marks=pytest.mark.slow) for each in (1, 2))]
)
def test_dragging_in_a_slice_changes_the_window_everywhere(viewer, scan, qtbot, panel):
    if panel is not None:
        toggle_four_panel_view(viewer)
    view = four_panel_view(viewer)
    camera = tuple(viewer.scene.camera.center), viewer.scene.camera.zoom
    drag(viewer, qtbot, None if view is None else view.canvases[panel])
    window = Window.of(scan)
    assert window.width == pytest.approx(400 * 2 ** (60 / 300), rel=0.01)
    assert window.level == pytest.approx(40 - 400 * 30 / 300, abs=2)
    assert "W 459 L 0" in viewer.status
    assert (tuple(viewer.scene.camera.center), viewer.scene.camera.zoom) == camera
    for copy in () if view is None else view.slices:
        assert copy.layers["CT"].contrast_limits == scan.contrast_limits


def test_without_the_key_nothing_is_changed(viewer, scan, qtbot):
    drag(viewer, qtbot, keys=NONE)
    assert Window.of(scan) == WINDOWS["abdomen"]


@pytest.mark.parametrize("mode", ["paint", "fill", "erase"])
def test_nothing_is_painted_meanwhile(viewer, phantom, scan, qtbot, mode):
    data, options, _ = labels_layer(phantom[1])
    layer = viewer.add_labels(data.copy(), **options)
    layer.mode = mode
    before = layer.data.copy()
    drag(viewer, qtbot)
    assert Window.of(scan) != WINDOWS["abdomen"]
    assert np.array_equal(layer.data, before)
    assert layer.mode == mode
    drag(viewer, qtbot, keys=NONE)
    assert mode == "erase" or not np.array_equal(layer.data, before)


def test_presets_by_name_and_the_users_own(viewer, scan, qtbot):
    widget = OrgansWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Organs")
    choice = widget.window_choice
    assert choice.currentText() == "abdomen"
    choice.setCurrentText("lung")
    choice.activated.emit(choice.currentIndex())
    assert scan.contrast_limits == [-1350, 150]
    scan.contrast_limits = (0, 100)
    assert choice.currentText() == "own (W 100 L 50)"
    choice.activated.emit(choice.findText("bone"))
    assert choice.currentText() == "bone"
    assert choice.count() == len(WINDOWS)
    viewer.layers.clear()
    assert not choice.isEnabled()
