"""The scale bar of a panel."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_abdoseg.plugin.four_panel.scale_bar import fitting_length, show_scale_bar


@pytest.mark.parametrize(
    ("width", "zoom", "length"), [(256, 0.6, 100), (256, 1.0, 50), (800, 4.0, 50), (200, 900, 1)]
)
def test_it_fits_into_a_corner(width, zoom, length):
    assert fitting_length(width, zoom) == length


def test_it_follows_zoom_and_size_until_it_is_stopped(qapp):
    viewer = ViewerModel()
    viewer.canvas.size = (300, 256)
    viewer.scene.camera.zoom = 0.6
    stop = show_scale_bar(viewer)
    bar = viewer.canvas.overlays.scale_bar
    assert (bar.visible, bar.length) == (True, 100)
    viewer.scene.camera.zoom = 1.2
    assert bar.length == 50
    viewer.canvas.size = (300, 900)
    assert bar.length == 200
    stop()
    viewer.scene.camera.zoom = 9
    assert bar.length == 200


def test_it_is_drawn_in_its_new_length(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.add_image(np.zeros((4, 50, 60)), units="mm")
    show_scale_bar(viewer)
    bar = viewer.canvas.overlays.scale_bar
    (drawn,) = viewer.window._qt_viewer.canvas._viewer_overlay_to_visual[bar]
    for zoom in (0.6, 1.2, 9, 0.6):
        viewer.scene.camera.zoom = zoom
        assert drawn.node.text.text == f"{bar.length:g} mm"
