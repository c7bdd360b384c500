"""Slices as radiologists look at them."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel

from napari_abdoseg.plugin.layers import image_layer
from napari_abdoseg.plugin.orientation import keep_head_up


@pytest.mark.parametrize(
    ("order", "vertical"),
    [((0, 1, 2), "down"), ((1, 0, 2), "up"), ((2, 0, 1), "up"), ((0, 2, 1), "down")],
)
def test_the_head_is_up(phantom, order, vertical):
    viewer = ViewerModel()
    data, options, _ = image_layer(phantom[0])
    viewer.add_image(data, **options)
    keep_head_up(viewer)
    viewer.dims.order = order
    camera = viewer.scene.camera
    assert [str(direction) for direction in camera.orientation2d] == [vertical, "right"]
    viewer.dims.ndisplay = 3
    viewer.dims.order = (0, 1, 2)
    viewer.dims.ndisplay = 2
    assert str(viewer.scene.camera.orientation2d[0]) == "down"
