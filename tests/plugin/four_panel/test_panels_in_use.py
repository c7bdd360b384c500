"""What a user does in the four panels, once they are open."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Layer

from napari_abdoseg.anatomy.box import bounding_boxes
from napari_abdoseg.anatomy.surface import organ_surface
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.four_panel.frame import SLICES_ON_TOP, TWO_BY_TWO
from napari_abdoseg.plugin.four_panel.view import (
    SETTLE_MS,
    four_panel_view,
    toggle_four_panel_view,
)
from napari_abdoseg.plugin.layers.conversion import image_layer, labels_layer, surface_layer
from napari_abdoseg.plugin.viewing.focus import focus_on


@pytest.fixture(scope="module")
def truth(phantom):
    """A label map of its own, to paint on."""
    return LabelMap(phantom[1].data.copy(), phantom[1].grid, phantom[1].organs)


@pytest.fixture(scope="module")
def viewer(viewer_of_module, phantom, truth):
    """One whose panels are opened once."""
    viewer_of_module.add_layer(Layer.create(*image_layer(phantom[0])))
    viewer_of_module.add_layer(Layer.create(*labels_layer(truth, "organs")))
    toggle_four_panel_view(viewer_of_module)
    return viewer_of_module


@pytest.fixture
def view(viewer, qtbot):
    """Panels that show all of the scan, as no test has left them."""
    view, window = four_panel_view(viewer), viewer.window._qt_window
    size, layers = window.size(), list(viewer.layers)
    view.frame.layouts.setCurrentText(SLICES_ON_TOP)
    viewer.reset_view()
    qtbot.wait(4 * SETTLE_MS)
    yield view
    window.resize(size)
    viewer.layers["organs"].mode = "pan_zoom"
    for layer in set(viewer.layers) - set(layers):
        viewer.layers.remove(layer)


def test_all_four_are_on_the_screen_in_both_layouts(viewer, view, qtbot):
    for layout in (None, TWO_BY_TWO):
        if layout:
            view.frame.layouts.setCurrentText(layout)
        qtbot.wait(100)
        areas = [qt.mapTo(view.frame, qt.rect().center()) for qt in view.canvases]
        assert len({(area.x(), area.y()) for area in areas}) == 4
        assert all(min(qt.width(), qt.height()) > 100 for qt in view.canvases)


def test_three_panels_side_by_side_fit_into_a_small_window(view):
    assert view.frame.minimumSizeHint().width() < 600
    rows = [row for qt in view.canvases for row in qt.dims.slider_widgets]
    assert sum(row.isVisible() for row in rows) == 3
    assert not any(row.play_button.isVisible() for row in rows)


def test_scrolling_a_slice_moves_the_cursor_and_tells_what_is_there(viewer, view, qtbot):
    view.coronal.dims.set_current_step(1, 7)
    s, p, left = view.cursor.position
    assert p == view.coronal.dims.point[1]
    assert (view.axial.dims.point[0], view.sagittal.dims.point[2]) == (s, left)
    view.axial.dims.set_current_step(0, 9)
    qtbot.waitUntil(lambda: viewer.dims.point[0] == view.axial.dims.point[0])
    view.coronal.status = "elsewhere"
    view.coronal.mouse_over_canvas = True
    view.coronal.cursor.position = view.cursor.position
    view.coronal.update_status_from_cursor()
    assert viewer.status == view.coronal.status != "elsewhere"


def test_painting_in_the_coronal_panel_is_painting_the_label_map(viewer, view, truth):
    painted = view.coronal.layers["organs"]
    place = (3, 3, 3)
    assert truth.data[place] == 0
    painted.mode = "paint"
    assert viewer.layers["organs"].mode == "paint"
    painted.paint(place, 3)
    assert truth.data[place] == 3
    viewer.layers["organs"].undo()
    assert truth.data[place] == 0


def test_a_click_on_an_organ_in_3d_jumps_there(viewer, view, truth, qtbot):
    organ = truth.organs[0]
    box = bounding_boxes(truth)[organ]
    surface = organ_surface(truth.data[box.slices] == organ.value, box, truth.grid)
    viewer.add_layer(Layer.create(*surface_layer("liver", organ.color, surface, truth.grid)))
    qtbot.waitUntil(lambda: "liver surface" in view.three_d.layers)
    centre = np.array(box.centre(truth.grid))
    camera = view.three_d.scene.camera
    camera.set_view_direction((0, 1, 0), (1, 0, 0))
    before = view.cursor.position
    _click_in_3d(view.three_d, centre - np.array((0, 500, 0)), camera.view_direction)
    s, p, left = view.cursor.position
    assert view.cursor.position != before
    assert (s, left) == pytest.approx((centre[0], centre[2]), abs=truth.grid.spacing[0])
    front = surface.vertices[:, 1].min()
    assert front - 1 <= p < centre[1]
    _click_in_3d(view.three_d, centre + np.array((900, -500, 0)), camera.view_direction)
    assert view.cursor.position == (s, p, left)


def _click_in_3d(panel, position, direction):
    event = SimpleNamespace(
        type="mouse_press",
        pos=np.array((5, 5)),
        button=1,
        modifiers=(),
        position=tuple(position),
        view_direction=np.array(direction),
        dims_displayed=[0, 1, 2],
    )
    for callback in panel.mouse_drag_callbacks[-1:]:
        drag = callback(panel, event)
        next(drag)
        event.type = "mouse_release"
        next(drag, None)
        event.type = "mouse_press"


def test_all_panels_go_to_a_box_and_home_again(viewer, view, truth, qtbot):
    zooms = [panel.scene.camera.zoom for panel in view.panels]
    pancreas = bounding_boxes(truth)[truth.organs[3]]
    focus_on(viewer, pancreas, truth.grid)
    centre = pancreas.centre(truth.grid)
    for place, wanted, step in zip(view.cursor.position, centre, truth.grid.spacing, strict=True):
        assert place == pytest.approx(wanted, abs=step / 2)
    for panel in view.slices:
        shown = [centre[axis] for axis in panel.dims.displayed]
        assert panel.scene.camera.center[-2:] == pytest.approx(shown)
        sizes = [pancreas.size(truth.grid)[axis] for axis in panel.dims.displayed]
        pixels = np.array(sizes) * panel.scene.camera.zoom
        assert (pixels < panel.canvas.size).all()
    viewer.reset_view()
    qtbot.waitUntil(
        lambda: [panel.scene.camera.zoom for panel in view.panels] == pytest.approx(zooms)
    )


def _zooms(view) -> list[float]:
    return [panel.scene.camera.zoom for panel in view.panels]


def test_panels_are_fitted_again_when_the_window_is_resized(viewer, view, qtbot):
    window, before = viewer.window._qt_window, _zooms(view)
    window.resize(window.width() + 300, window.height() + 200)
    qtbot.waitUntil(lambda: all(now > then for now, then in zip(_zooms(view), before)))


def test_what_the_user_has_zoomed_stays_so_when_the_window_is_resized(viewer, view, qtbot):
    qtbot.wait(4 * SETTLE_MS)
    view.axial.scene.camera.zoom *= 2
    window, before = viewer.window._qt_window, _zooms(view)
    window.resize(window.width() + 300, window.height() + 200)
    qtbot.wait(4 * SETTLE_MS)
    assert _zooms(view) == before
