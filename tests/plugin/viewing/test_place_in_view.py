"""The place that the slices of panels go through."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel

from napari_abdoseg.plugin.viewing.focus import look_at
from napari_abdoseg.plugin.viewing.panels import set_panels
from napari_abdoseg.plugin.viewing.place_in_view import PlaceInView


def sliced(order) -> ViewerModel:
    viewer = ViewerModel()
    viewer.add_image(np.zeros((20, 30, 40)))
    viewer.dims.order = order
    return viewer


def test_each_panel_has_a_word_in_it(qtbot):
    viewer, panels = sliced((0, 1, 2)), [sliced(order) for order in ((0, 1, 2), (1, 0, 2))]
    place = PlaceInView(viewer)
    viewer.dims.set_point((0, 1, 2), (3, 4, 5))
    assert place.place == (3, 4, 5)
    set_panels(viewer, panels)
    qtbot.wait(1)
    with qtbot.waitSignal(place.moved):
        panels[0].dims.set_point(0, 7)
    panels[1].dims.set_point(1, 9)
    assert place.place == (7, 9, 5)
    place.close()
    with qtbot.assertNotEmitted(place.moved):
        panels[1].dims.set_point(1, 2)


def test_panels_look_at_a_place_as_they_are_zoomed():
    viewer, panel = sliced((0, 1, 2)), sliced((1, 0, 2))
    set_panels(viewer, [panel])
    viewer.scene.camera.zoom = panel.scene.camera.zoom = 3.5
    look_at(viewer, (2, 12, 30))
    for shown, centre in ((viewer, (12, 30)), (panel, (2, 30))):
        assert shown.dims.point == (2, 12, 30)
        assert shown.scene.camera.center[-2:] == centre
        assert shown.scene.camera.zoom == 3.5
