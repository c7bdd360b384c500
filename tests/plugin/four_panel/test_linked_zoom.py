"""Viewers that zoom together."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel

from napari_abdoseg.plugin.four_panel.linked_zoom import LinkedZoom


@pytest.fixture
def viewers():
    return [ViewerModel() for _ in range(3)]


def _zooms(viewers):
    return [viewer.scene.camera.zoom for viewer in viewers]


def test_all_zoom_with_one(viewers):
    link = LinkedZoom(viewers)
    viewers[1].scene.camera.zoom = 3
    assert link.on
    assert _zooms(viewers) == [3, 3, 3]


def test_each_zooms_alone_while_it_is_off(viewers):
    link = LinkedZoom(viewers)
    link.on = False
    viewers[1].scene.camera.zoom = 3
    assert _zooms(viewers) == [1, 3, 1]


def test_switched_on_again_all_show_as_much_as_the_widest(viewers):
    link = LinkedZoom(viewers)
    link.on = False
    for viewer, zoom in zip(viewers, (2, 3, 4), strict=True):
        viewer.scene.camera.zoom = zoom
    link.on = True
    assert _zooms(viewers) == [2, 2, 2]


def test_none_follows_once_it_is_closed(viewers):
    LinkedZoom(viewers).close()
    viewers[1].scene.camera.zoom = 3
    assert _zooms(viewers) == [1, 3, 1]
