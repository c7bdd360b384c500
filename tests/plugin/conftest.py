"""Fixtures for tests of the screen."""

from __future__ import annotations

import napari
import pytest

from napari_abdoseg.plugin.layers.conversion import image_layer


@pytest.fixture
def viewer(make_napari_viewer, phantom) -> napari.Viewer:
    """A window that shows the phantom's CT."""
    viewer = make_napari_viewer(show=True)
    data, options, _ = image_layer(phantom[0])
    viewer.add_image(data, **options)
    return viewer
