"""Layers are removed from canvases without taking the process with them."""

from __future__ import annotations

import subprocess
import sys

import napari._vispy.canvas
import numpy as np
import pytest
from qtpy.QtGui import QOpenGLContext

from napari_abdoseg.plugin.viewing.canvas_context import activate

REMOVE = """
import sys
import napari
from qtpy.QtTest import QTest
from napari_abdoseg.plugin.four_panel.view import toggle_four_panel_view

viewer = napari.Viewer()
for panels in (False, True):
    viewer.open_sample("napari-abdoseg", "phantom")
    viewer.layers[1].visible = True
    if panels:
        toggle_four_panel_view(viewer)
    QTest.qWait(1500)
    if "all" in sys.argv:
        kept = viewer.layers[1]
        viewer.layers.clear()
        viewer.add_layer(kept)
    else:
        viewer.layers.remove(viewer.layers[0])
    QTest.qWait(500)
    viewer.window.screenshot(flash=False)
    if panels:
        toggle_four_panel_view(viewer)
    viewer.window.screenshot(flash=False)
    viewer.layers.clear()
print("alive")
"""


@pytest.mark.slow
@pytest.mark.parametrize("which", ["lowest", "all"])
def test_scans_below_label_maps_can_be_removed(which):
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", REMOVE, which],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "alive", done.stderr[-2000:]


def test_a_canvas_deletes_in_its_own_context(make_napari_viewer):
    activate(None)
    viewers = [make_napari_viewer(show=True) for _ in range(2)]
    for viewer in viewers:
        viewer.add_image(np.zeros((2, 3, 4)))
        viewer.screenshot(flash=False)
    del viewers[0].layers[0]
    own = viewers[0].window._qt_viewer.canvas.native.context()
    assert QOpenGLContext.currentContext() == own


class _Canvas:
    """A canvas of a napari that deletes in its own context."""


def test_another_napari_is_left_as_it_is(monkeypatch):
    monkeypatch.setattr(napari._vispy.canvas, "VispyCanvas", _Canvas)
    activate(None)
    assert not hasattr(_Canvas, "_clean_and_update_scenegraph")
    monkeypatch.delattr(napari._vispy.canvas, "VispyCanvas")
    activate(None)
