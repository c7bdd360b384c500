"""Lines in a 3D picture."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from vispy.scene import Node

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.plugin.four_panel.box_outlines import BoxOutlines, Outline
from napari_abdoseg.plugin.four_panel.scene_lines import BoxLines, Crosshair, box_segments
from napari_abdoseg.plugin.layers.boxes import box_display
from napari_abdoseg.plugin.layers.conversion import box_layer

RED, BLUE = (1.0, 0.0, 0.0, 1.0), (0.0, 0.0, 1.0, 0.5)


def test_a_box_has_twelve_edges_of_its_size_and_colour():
    low, high = np.array((1.0, 2, 3)), np.array((5.0, 4, 9))
    segments, colors = box_segments([Outline(tuple(low), tuple(high), RED)])
    lengths = np.abs(segments[1::2] - segments[::2])
    assert [sorted(lengths[lengths[:, axis] > 0, axis]) for axis in range(3)] == [
        [size] * 4 for size in high - low
    ]
    assert {tuple(corner) for corner in segments} == {
        (s, p, left) for s in (1, 5) for p in (2, 4) for left in (3, 9)
    }
    assert (colors == RED).all()


def test_each_box_has_its_own_colour():
    boxes = [Outline((0, 0, 0), (1, 1, 1), color) for color in (RED, BLUE)]
    segments, colors = box_segments(boxes)
    assert len(segments) == len(colors) == 48
    np.testing.assert_array_equal(colors[[0, 23, 24, 47]], [RED, RED, BLUE, BLUE])


@pytest.fixture
def viewer(qapp) -> ViewerModel:
    return ViewerModel()


def test_lines_come_change_and_go_with_the_boxes(viewer, qtbot):
    scene, outlines = Node(), BoxOutlines(viewer)
    lines = BoxLines(outlines, scene, rest_ms=0)
    (line,) = scene.children
    assert not line.visible
    grid = Grid.from_spacing((7, 9, 11), (5.0, 0.8, 0.7))
    box = Box((2, 3, 5), (4, 8, 6))
    layer = viewer.add_layer(Layer.create(*box_layer("liver", "#ff0000", box, grid)))
    assert not line.visible  # before it rests
    qtbot.waitUntil(lambda: line.visible)
    assert line.pos[:, 2].min() == pytest.approx(1.5 * 5)  # vispy's order is (x, y, z)
    box_display(viewer, layer).box = Box((0, 3, 5), (4, 8, 6))
    qtbot.waitUntil(lambda: line.pos[:, 2].min() == pytest.approx(-0.5 * 5))
    layer.visible = False
    qtbot.waitUntil(lambda: not line.visible)
    lines.end()
    assert not scene.children
    layer.visible = True
    qtbot.wait(20)
    assert not line.visible


def test_a_crosshair_is_drawn_through_the_place_where_it_rests(viewer, qtbot):
    scene = Node()
    crosshair = Crosshair(viewer, scene, rest_ms=0)
    (line,) = scene.children
    crosshair.point_at((3.0, 4.0, 5.0))
    viewer.add_image(np.zeros((7, 9, 11)))
    qtbot.waitUntil(lambda: line.visible)
    for axis, size in enumerate((7, 9, 11)):
        along = line.pos[2 * axis : 2 * axis + 2, ::-1]  # vispy's order is (x, y, z)
        assert along[:, axis].tolist() == [0, size - 1]
        others = [other for other in range(3) if other != axis]
        assert (along[:, others] == np.array((3, 4, 5))[others]).all()
    crosshair.end()
    assert not scene.children
