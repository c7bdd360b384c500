"""The picture of a canvas that has its turn."""

from __future__ import annotations

import numpy as np
import pytest

from napari_abdoseg.plugin.layers.first_picture import draw_in_a_turn
from napari_abdoseg.plugin.widgets.napari_window import own_canvas


@pytest.fixture
def viewer(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.add_image(np.zeros((4, 40, 40), np.float32))
    return viewer


@pytest.fixture
def drawn(viewer, qtbot) -> list[object]:
    """What is drawn from when the window has come to rest."""
    drawn: list[object] = []
    own_canvas(viewer).canvas._scene_canvas.events.draw.connect(drawn.append, position="last")
    for _ in range(30):
        drawn.clear()
        qtbot.wait(300)
        if not drawn:
            return drawn
    raise AssertionError("the window is drawn again and again")


def test_a_canvas_keeps_its_picture_until_its_turn(viewer, drawn, qtbot):
    draw_in_a_turn(viewer)
    viewer.dims.set_current_step(0, 3)
    own_canvas(viewer).repaint()
    assert drawn == []
    qtbot.waitUntil(lambda: drawn != [])
    assert own_canvas(viewer).updatesEnabled()


def test_a_window_can_be_closed_before_its_turn(viewer, drawn, qtbot):
    draw_in_a_turn(viewer)
    viewer.close()
    qtbot.wait(50)
