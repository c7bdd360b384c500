"""A window for the panel `Cases`, of whose cases none is left open."""

from __future__ import annotations

import pytest
from napari.layers import Image, Labels

from napari_abdoseg.plugin.activation import activate
from napari_abdoseg.plugin.cases.at_work import cases_at_work
from napari_abdoseg.plugin.cases.predictions import background_predictions
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels


@pytest.fixture
def viewer(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1200, 860)
    activate(None)
    yield viewer
    background_predictions(viewer).want(False)
    unsaved = unsaved_labels(viewer)
    for layer in unsaved.layers:
        unsaved.give_up(layer)
    viewer.layers.clear()
    cases_at_work(viewer).choose(None)


@pytest.fixture
def names(viewer):
    """A function that names the scans and label maps in the viewer, not what is made of them."""
    return lambda: [each.name for each in viewer.layers if isinstance(each, Image | Labels)]
