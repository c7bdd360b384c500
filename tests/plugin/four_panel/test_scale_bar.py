"""The scale bar of a panel."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_abdoseg.plugin.four_panel.scale_bar import fitting_length, scale_bar


@pytest.mark.parametrize(
    ("width", "zoom", "length"), [(256, 0.6, 100), (256, 1.0, 50), (800, 4.0, 50), (200, 900, 1)]
)
def test_it_fits_into_a_corner(width, zoom, length):
    assert fitting_length(width, zoom) == length


@pytest.mark.parametrize(
    ("units", "words"),
    [(("mm",) * 3, "100 mm"), (("um",) * 3, "100 µm"), (("pixel",) * 3, "100 pixel")],
)
def test_it_is_as_long_as_it_says(units, words):
    viewer = ViewerModel()
    viewer.add_image(np.zeros((4, 50, 60)), units=units)
    viewer.scene.camera.zoom = 0.6
    bar = scale_bar(viewer, 256)
    assert (bar.pixels, bar.words) == (pytest.approx(60), words)


def test_it_names_no_unit_that_layers_do_not_share():
    viewer = ViewerModel()
    for units in ("mm", "s"):
        viewer.add_image(np.zeros((4, 50, 60)), units=(units,) * 3)
    viewer.scene.camera.zoom = 0.6
    assert scale_bar(viewer, 256).words == "100"
