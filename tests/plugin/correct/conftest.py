"""A window with a phantom whose label map is damaged, and the panel `Correct`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from napari import Viewer
from napari.layers import Labels, Layer

from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.correct.bench import COMPUTING, Bench
from napari_abdoseg.plugin.correct.widget import CorrectWidget
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.widgets.panel import open_panel

LIVER, KIDNEY, SPLEEN, PANCREAS = 1, 2, 3, 4


@pytest.fixture(scope="session")
def add_damaged(phantom) -> Callable[[Viewer], Labels]:
    """A function that adds the truth, with a hole in the liver and a voxel of liver far away."""
    truth = phantom[1]
    data = truth.data.copy()
    liver = np.argwhere(data == LIVER)
    middle = liver[np.linalg.norm(liver - liver.mean(axis=0), axis=1).argmin()]
    data[tuple(middle)] = 0
    data[0, 0, 0] = LIVER

    def add(viewer: Viewer) -> Labels:
        damaged = LabelMap(data.copy(), truth.grid, truth.organs)
        layer = viewer.add_layer(Layer.create(*labels_layer(damaged, "organs")))
        layer.selected_label = LIVER
        layer.metadata["middle"] = tuple(int(each) for each in middle)
        return layer

    return add


@pytest.fixture
def layer(viewer, add_damaged) -> Labels:
    return add_damaged(viewer)


@pytest.fixture
def panel(viewer, layer) -> Iterator[CorrectWidget]:
    yield open_panel(viewer, "Correct")
    unsaved = unsaved_labels(viewer)
    for each in unsaved.layers:  # or a question would wait in the window for the next test
        unsaved.give_up(each)


@pytest.fixture
def proposed(panel, qtbot):
    """Choose a tool, wait for its preview, and give the bench."""

    def propose(name: str) -> Bench:
        panel.buttons[name.capitalize()].click()
        bench = panel.bench
        qtbot.waitUntil(lambda: bench.words not in ("", COMPUTING))
        return bench

    return propose
