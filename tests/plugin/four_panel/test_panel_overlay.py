"""Names, letters and cross hairs over a panel's picture."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtGui import QColor, QImage
from qtpy.QtWidgets import QWidget

from napari_abdoseg.plugin.four_panel.box_outlines import Outline
from napari_abdoseg.plugin.four_panel.overlay import CROSSHAIR, PanelOverlay, canvas_position
from napari_abdoseg.plugin.layers.conversion import image_layer
from napari_abdoseg.plugin.viewing.orientation import keep_head_up


@pytest.fixture
def viewer(phantom):
    viewer = ViewerModel()
    data, options, _ = image_layer(phantom[0])
    viewer.add_image(data, **options)
    return viewer


@pytest.fixture
def overlay(viewer, qtbot):
    canvas = QWidget()
    qtbot.addWidget(canvas)
    canvas.resize(300, 200)
    yield PanelOverlay(canvas, viewer, "Axial")
    canvas.hide()


def _picture(overlay) -> np.ndarray:
    """Opaque pixels as (y, x, rgb); nothing drawn is 0."""
    image = QImage(overlay.size(), QImage.Format.Format_RGB32)
    image.fill(QColor("black"))
    overlay.render(image)
    pixels = np.frombuffer(image.constBits().asarray(image.sizeInBytes()), np.uint8)
    return pixels.reshape(image.height(), image.width(), 4)[..., 2::-1].copy()


def _crosshair(picture):
    """Row and column of the cross hair."""
    red, green, blue = (picture[..., i].astype(int) for i in range(3))
    yellow = (red - blue > 60) & (green - blue > 40)
    return int(yellow.sum(axis=1).argmax()), int(yellow.sum(axis=0).argmax())


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1)])
def test_the_cross_hair_is_where_the_canvas_shows_the_place(
    make_napari_viewer, phantom, order, qtbot
):
    viewer = make_napari_viewer(show=True)
    data, options, _ = image_layer(phantom[0])
    viewer.add_image(data, **options)
    keep_head_up(viewer)
    viewer.dims.order = order
    qtbot.wait(50)
    canvas = viewer.window._qt_viewer.canvas
    place = tuple(float(v) for v in np.add(phantom[0].grid.origin, (60, 50, 80)))
    height, width = canvas.size
    x, y = canvas_position(viewer, place, width, height)
    shown = canvas._map_canvas2world((x, y), canvas.view)
    for axis in viewer.dims.displayed:
        assert shown[axis] == pytest.approx(place[axis], abs=0.01)


def test_the_cross_hair_moves_with_the_place_and_the_camera(viewer, overlay):
    middle = (0.0, *viewer.scene.camera.center[-2:])
    viewer.scene.camera.zoom = 1
    overlay.point_at(middle)
    assert _crosshair(_picture(overlay)) == pytest.approx((100, 150), abs=1)
    overlay.point_at((0.0, middle[1] + 20, middle[2] - 30))
    assert _crosshair(_picture(overlay)) == pytest.approx((120, 120), abs=1)
    viewer.scene.camera.zoom = 2
    assert _crosshair(_picture(overlay)) == pytest.approx((140, 90), abs=1)


def test_the_place_itself_stays_free(viewer, overlay):
    overlay.point_at((0.0, *viewer.scene.camera.center[-2:]))
    assert not _picture(overlay)[96:105, 146:155].any()
    assert CROSSHAIR.alpha() < 255


def test_there_is_no_flat_cross_hair_in_3d(viewer, overlay):
    overlay.point_at((0.0, *viewer.scene.camera.center[-2:]))
    viewer.dims.ndisplay = 3
    picture = _picture(overlay)
    assert not picture[100, 60:120].any()


def test_an_empty_panel_has_only_its_name(viewer, overlay):
    viewer.layers.clear()
    picture = _picture(overlay)
    assert picture[:30, :60].any()
    assert not picture[30:].any()


def test_it_covers_its_canvas(overlay):
    overlay.parentWidget().show()
    overlay.parentWidget().resize(400, 250)
    assert overlay.size() == overlay.parentWidget().size()


def test_nothing_is_connected_any_more_in_the_end(viewer, overlay):
    zoom = viewer.scene.camera.events.zoom
    before = len(zoom.callbacks)
    overlay.end()
    assert len(zoom.callbacks) == before - 1


def test_a_box_is_a_rectangle_in_the_slices_that_cut_it(viewer, qtbot):
    low, high = (-40.0, -30.0, -60.0), (40.0, 20.0, 50.0)
    outline = Outline(low, high, (1.0, 0.0, 0.0, 1.0))
    canvas = QWidget()
    qtbot.addWidget(canvas)
    canvas.resize(300, 200)
    overlay = PanelOverlay(canvas, viewer, "Axial", [outline])
    viewer.scene.camera.center = (0, 0, 0)
    viewer.scene.camera.zoom = 1

    def red():
        picture = _picture(overlay)
        return np.argwhere((picture[..., 0] > 200) & (picture[..., 1] < 50))

    viewer.dims.set_point(0, 0)
    assert red().min(axis=0) == pytest.approx((70, 90), abs=2)
    assert red().max(axis=0) == pytest.approx((120, 200), abs=2)
    viewer.dims.set_point(0, 80)
    assert len(red()) == 0
    viewer.dims.ndisplay = 3
    assert len(red()) == 0
