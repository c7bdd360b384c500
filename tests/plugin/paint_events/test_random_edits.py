"""What is told and measured after whatever can happen to a label map, in any order and panel."""

from __future__ import annotations

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Layer
from painting_at_random import RandomHand
from qtpy.QtWidgets import QApplication

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.four_panel.mirror import Mirror
from napari_abdoseg.plugin.four_panel.view import four_panel_view, toggle_four_panel_view
from napari_abdoseg.plugin.jobs import latest
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.plugin.organs.measuring import Measuring
from napari_abdoseg.plugin.paint_events.label_edits import LabelEdits
from napari_abdoseg.plugin.painting.locks import Locks

SHAPE = 6, 8, 10
ORGANS = tuple(Organ(value, f"organ {value}") for value in range(1, 6))
ORDERS = (1, 0, 2), (2, 0, 1)


@pytest.fixture(autouse=True)
def no_rest(monkeypatch):
    """Counts begin at once, so that strokes meet them."""
    monkeypatch.setattr(latest, "SETTLE_MS", 0)


class Follower:
    """Knows a layer's voxels by what it was told of them."""

    def __init__(self, viewer, layer) -> None:
        self._layer = layer
        self.edits = LabelEdits(viewer, layer)
        self.edits.edited.connect(self._follow)
        self.edits.changed.connect(self._look_later)
        self.told = 0
        self._look_later()

    def knows(self) -> bool:
        if self._voxels is None:
            self._voxels = self._layer.data.copy()
        return np.array_equal(self._voxels, self._layer.data)

    def _follow(self, edits) -> None:
        self.told += 1
        for edit in edits:
            if self._voxels is not None:
                np.testing.assert_array_equal(self._voxels[edit.where], edit.before)
                self._voxels[edit.where] = edit.after

    def _look_later(self) -> None:
        self._voxels = None


def _layer(seed, names):
    data = np.random.default_rng(seed).integers(0, 6, SHAPE).astype(np.uint8)
    layer_data = labels_layer(
        LabelMap(data, Grid.from_spacing(SHAPE, (1.0,) * 3), ORGANS), "organs"
    )
    if not names:
        layer_data[1]["metadata"] = {}
    return Layer.create(*layer_data)


def _counted(data):
    """What numpy says of each label: how many voxels there are, and their box."""
    places = {int(value): np.argwhere(data == value) for value in np.unique(data) if value}
    return {
        value: (len(place), tuple(place.min(axis=0)), tuple(place.max(axis=0) + 1))
        for value, place in places.items()
    }


def _measured(table):
    return {
        organ.value: (found.voxels, found.box.start, found.box.stop)
        for organ, found in table.measures.items()
    }


def _is_right(measuring, table, layer):
    """Of what is measured at once; a count is waited for elsewhere."""
    return measuring._counting.is_busy or _measured(table) == _counted(layer.data)


@pytest.mark.parametrize(
    ("seed", "names", "edits"),
    [
        (0, True, 100),
        *(pytest.param(*each, 1000, marks=pytest.mark.slow) for each in ((1, False), (2, True))),
    ],
)
def test_all_is_right_after_each_of_many_edits(qapp, qtbot, seed, names, edits):
    viewer, panels = ViewerModel(), [ViewerModel() for _ in ORDERS]
    layer = viewer.add_layer(_layer(seed, names))
    follower, locks, measuring = Follower(viewer, layer), Locks(layer), Measuring(viewer, layer)
    tables = []
    measuring.measured.connect(tables.append)
    measuring.start()
    mirrors = [Mirror(viewer, panel) for panel in panels]
    for panel, order in zip(panels, ORDERS):
        panel.dims.order = order
    hand = RandomHand(seed, (viewer, *panels), "organs", values=6 if names else 8)
    steps = []
    for number in range(edits):
        steps.append(hand.step())
        if number % 20 == 0:
            locks.lock(number // 20 % 6, bool(hand.random.integers(2)))
        QApplication.processEvents()
        assert follower.knows(), steps[-5:]
        if number % 5 == 0:
            qtbot.waitUntil(lambda: not measuring._counting.is_busy)
        assert _is_right(measuring, tables[-1] if tables else None, layer), steps[-5:]
    qtbot.waitUntil(lambda: not measuring._counting.is_busy)
    assert _measured(tables[-1]) == _counted(layer.data)
    assert follower.told > 0.3 * edits  # most are told, and not all is looked at again
    for each in (*mirrors, locks, measuring, follower.edits):
        each.close()


@pytest.mark.slow
def test_all_is_right_after_edits_in_four_panels(make_napari_viewer, qtbot):
    viewer = make_napari_viewer(show=True)
    layer = viewer.add_layer(_layer(3, True))
    toggle_four_panel_view(viewer)
    view = four_panel_view(viewer)
    qtbot.waitUntil(lambda: layer.name in view.three_d.layers)
    follower, measuring = Follower(viewer, layer), Measuring(viewer, layer)
    tables = []
    measuring.measured.connect(tables.append)
    measuring.start()
    hand = RandomHand(3, (viewer, *view.slices), "organs")
    for _ in range(30):
        step = hand.step()
        QApplication.processEvents()
        assert follower.knows(), step
        assert _is_right(measuring, tables[-1] if tables else None, layer), step
    qtbot.waitUntil(lambda: not measuring._counting.is_busy)
    assert _measured(tables[-1]) == _counted(layer.data)
    measuring.close()
    follower.edits.close()
    toggle_four_panel_view(viewer)
