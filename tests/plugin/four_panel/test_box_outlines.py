"""The visible boxes of a viewer."""

from __future__ import annotations

import pytest
from napari.components import ViewerModel
from napari.layers import Layer

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.plugin.four_panel.box_outlines import BoxOutlines
from napari_abdoseg.plugin.layers.boxes import box_display, follow_boxes
from napari_abdoseg.plugin.layers.conversion import box_layer

BOX = Box((2, 3, 5), (4, 8, 6))
GRID = Grid.from_spacing((7, 9, 11), (5.0, 0.8, 0.7), (100.0, -20.0, 3.0))


@pytest.fixture
def viewer():
    return ViewerModel()


@pytest.fixture
def outlines(viewer):
    return BoxOutlines(viewer)


@pytest.fixture
def told(outlines):
    told = []
    outlines.changed.connect(lambda: told.append(list(outlines)))
    return told


@pytest.fixture
def layer(viewer, outlines, told):
    layer = viewer.add_layer(Layer.create(*box_layer("liver", "#ff0000", BOX, GRID)))
    follow_boxes(viewer)
    return layer


def test_a_box_reaches_to_the_outer_faces_of_its_voxels(outlines, layer):
    (outline,) = outlines
    assert outline.low == pytest.approx((100 + 1.5 * 5, -20 + 2.5 * 0.8, 3 + 4.5 * 0.7))
    assert outline.high == pytest.approx((100 + 3.5 * 5, -20 + 7.5 * 0.8, 3 + 5.5 * 0.7))
    assert outline.color == (1, 0, 0, 1)


def test_it_tells_of_each_change(viewer, told, layer):
    assert len(told[-1]) == 1
    box_display(viewer, layer).box = Box((0, 3, 5), (4, 8, 6))
    assert told[-1][0].low[0] == pytest.approx(97.5)
    layer.edge_color = "blue"
    layer.opacity = 0.5
    assert told[-1][0].color == (0, 0, 1, 0.5)
    layer.visible = False
    assert told[-1] == []
    layer.visible = True
    viewer.layers.remove(layer)
    assert told[-1] == []


def test_boxes_that_were_there_before_are_known(viewer, layer):
    assert len(list(BoxOutlines(viewer))) == 1


def test_other_layers_are_none_of_its_business(viewer, outlines, told):
    viewer.add_shapes(ndim=3)
    assert list(outlines) == []


def test_closed_it_tells_nothing_more(outlines, told, layer):
    outlines.close()
    told.clear()
    layer.visible = False
    assert told == []
