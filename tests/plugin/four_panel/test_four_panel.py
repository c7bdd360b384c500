"""The four-panel view in a real napari window."""

from __future__ import annotations

import gc

import pytest
from napari._app_model import get_app_model
from napari._vispy import VispyCanvas
from napari.layers import Layer
from napari.qt import QtViewer
from qtpy.QtWidgets import QApplication

from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.four_panel.view import (
    AXIAL,
    CORONAL,
    SAGITTAL,
    four_panel_view,
    toggle_four_panel_view,
)
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer
from napari_abdoseg.plugin.viewing.panels import panels_of


@pytest.fixture
def truth(phantom):
    """A label map of its own, to paint on."""
    return LabelMap(phantom[1].data.copy(), phantom[1].grid, phantom[1].organs)


@pytest.fixture
def viewer(make_napari_viewer, phantom, truth):
    viewer = make_napari_viewer(show=True)
    viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    viewer.add_layer(Layer.create(*labels_layer(truth, "organs")))
    return viewer


@pytest.fixture
def view(viewer, qtbot):
    toggle_four_panel_view(viewer)
    view = four_panel_view(viewer)
    qtbot.waitUntil(lambda: len({panel.scene.camera.zoom for panel in view.slices}) == 1)
    yield view
    view.close()


def _screen(viewer):
    """What the main canvas shows, with the state that the view must give back."""
    camera = viewer.scene.camera
    return {
        "dims": (viewer.dims.ndisplay, viewer.dims.order),
        "camera": (camera.orientation, camera.angles, camera.center, camera.zoom),
        "scale bar": viewer.canvas.overlays.scale_bar.visible,
        "layers": [layer.name for layer in viewer.layers],
        "mouse": (len(viewer.mouse_drag_callbacks), len(viewer.mouse_move_callbacks)),
        "parent": viewer.window._qt_viewer.parentWidget(),
    }


def test_three_slices_and_a_3d_picture_show_the_same_layers(viewer, view):
    assert [panel.dims.order for panel in view.slices] == [AXIAL, CORONAL, SAGITTAL]
    assert [panel.dims.ndisplay for panel in view.panels] == [2, 2, 2, 3]
    for panel in view.panels:
        assert [layer.name for layer in panel.layers] == ["CT", "organs"]


def test_it_can_be_opened_before_there_is_a_scan(make_napari_viewer, phantom, qtbot):
    viewer = make_napari_viewer(show=True)
    toggle_four_panel_view(viewer)
    view = four_panel_view(viewer)
    viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    qtbot.waitUntil(lambda: all(len(panel.layers) == 1 for panel in view.panels))
    assert [panel.dims.order for panel in view.slices] == [AXIAL, CORONAL, SAGITTAL]
    qtbot.waitUntil(lambda: len({panel.scene.camera.zoom for panel in view.slices}) == 1)
    assert view.cursor.position == pytest.approx(
        [panel.dims.point[axis] for axis, panel in enumerate(view.slices)]
    )
    toggle_four_panel_view(viewer)


def test_it_is_in_the_menu_and_closed_it_leaves_the_viewer_as_it_was(viewer):
    command = "napari-abdoseg.four_panel"
    app = get_app_model()
    assert any(command == item.command.id for item in app.menus.get_menu("napari/layers/visualize"))
    before = _screen(viewer)
    app.commands.execute_command(command).result()
    assert len(panels_of(viewer)) == 5
    toggle_four_panel_view(viewer)
    assert four_panel_view(viewer) is None
    assert panels_of(viewer) == (viewer,)
    assert _screen(viewer) == before


def test_the_window_can_be_closed_while_it_is_open(make_napari_viewer, phantom):
    viewer = make_napari_viewer(show=True)
    viewer.add_layer(Layer.create(*image_layer(phantom[0])))
    toggle_four_panel_view(viewer)
    viewer.close()
    assert four_panel_view(viewer) is None


def _connected(viewer):
    """How many callbacks each emitter of a viewer and its layers calls."""
    groups = {
        "viewer": viewer.events,
        "dims": viewer.dims.events,
        "camera": viewer.scene.camera.events,
        "cursor": viewer.cursor.events,
        "layers": viewer.layers.events,
        "selection": viewer.layers.selection.events,
        **{layer.name: layer.events for layer in viewer.layers},
    }
    return {
        f"{group}.{name}": len(emitter.callbacks)
        for group, events in groups.items()
        for name, emitter in getattr(events, "emitters", {}).items()
    }


def test_closed_it_hears_nothing_more_though_somebody_keeps_it(viewer, phantom, qtbot):
    viewer.add_layer(Layer.create(*labels_layer(phantom[1], "organs")))
    assert four_panel_view(viewer) is None
    before = _connected(viewer)
    toggle_four_panel_view(viewer)
    view = four_panel_view(viewer)
    qtbot.waitUntil(lambda: "organs" in view.three_d.layers)
    panels = [_connected(panel) for panel in view.panels]
    assert _connected(viewer) != before
    view.close()
    assert _connected(viewer) == before
    left = [_connected(panel)["dims.ndim"] for panel in view.slices]
    assert left == [panel["dims.ndim"] - 1 for panel in panels[:3]]


@pytest.mark.timeout(900)
@pytest.mark.slow
@pytest.mark.parametrize("times", [2, 50])
def test_opening_it_often_leaks_nothing(viewer, qtbot, times):
    def living():
        gc.collect()
        qtbot.wait(20)
        gc.collect()
        kinds = (VispyCanvas, QtViewer, Layer)
        counts = [sum(isinstance(each, kind) for each in gc.get_objects()) for kind in kinds]
        groups = [
            *(viewer.events, viewer.dims.events, viewer.scene.camera.events, viewer.layers.events),
            *(layer.events for layer in viewer.layers),
        ]
        callbacks = [
            len(emitter.callbacks) for group in groups for emitter in group.emitters.values()
        ]
        return counts, sum(callbacks), len(QApplication.allWidgets())

    def open_and_close():
        toggle_four_panel_view(viewer)
        qtbot.wait(1)
        toggle_four_panel_view(viewer)
        qtbot.wait(1)

    open_and_close()
    after_one = living()
    for _ in range(times - 1):
        open_and_close()
    assert living() == after_one
