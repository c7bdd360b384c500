"""Garbage of Python is collected when it is no burden, and all of it is in the end."""

from __future__ import annotations

import gc
import sys
from weakref import ref

import numpy as np
import pytest
from napari.components import ViewerModel
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.four_panel.view import toggle_four_panel_view
from napari_abdoseg.plugin.frozen_objects import unfreeze
from napari_abdoseg.plugin.segment.result import show_result
from napari_abdoseg.plugin.viewing import garbage
from napari_abdoseg.plugin.viewing.canvas_context import activate
from napari_abdoseg.plugin.viewing.garbage import (
    collect_at_rest,
    pass_over_what_is_there,
    put_off_collections,
)
from napari_abdoseg.plugin.widgets.panel import open_panel


@pytest.mark.skipif(sys.platform == "win32", reason="drivers there need it for each layer")
def test_garbage_is_collected_once_nothing_more_is_removed(viewer_of_layers, qtbot, monkeypatch):
    collected = []
    monkeypatch.setattr(garbage.gc, "collect", lambda *_: collected.append(1) or 0)
    viewer, layers = viewer_of_layers
    left = [ref(layer) for layer in layers]
    layers.clear()
    for _ in left:
        del viewer.layers[0]
    assert not collected
    qtbot.waitUntil(lambda: bool(collected))
    monkeypatch.undo()
    gc.collect()
    assert [layer() for layer in left] == [None] * len(left)


@pytest.fixture
def viewer_of_layers(make_napari_viewer):
    activate(None)
    viewer = make_napari_viewer(show=True)
    layers = [viewer.add_image(np.zeros((2, 3, 4)) + number) for number in range(3)]
    viewer.screenshot(flash=False)
    return viewer, layers


def test_nothing_is_collected_while_somebody_draws(qapp, qtbot, monkeypatch):
    collected, held = [], [Qt.MouseButton.LeftButton]
    monkeypatch.setattr(garbage.gc, "collect", lambda *_: collected.append(1) or 0)
    monkeypatch.setattr(QApplication, "mouseButtons", lambda: held[0])
    collect_at_rest()
    qtbot.wait(1500)
    assert not collected
    held[0] = Qt.MouseButton.NoButton
    qtbot.waitUntil(lambda: bool(collected))


def _show_masks(viewer):
    scan = viewer.layers["CT"]
    voxels = np.zeros(scan.data.shape, np.uint8)
    show_result(viewer, scan, LabelMap(voxels, scan.metadata["grid"], ()))


def test_garbage_waits_while_layers_and_panels_come(qapp, qtbot, monkeypatch):
    monkeypatch.setattr(garbage, "LATER_MS", 600_000)
    left = ref(_Loop())
    kept = left()
    put_off_collections()
    del kept
    qtbot.wait(60)
    assert not gc.isenabled()
    assert left() is not None
    monkeypatch.setattr(garbage, "LATER_MS", 60)
    put_off_collections()
    qtbot.waitUntil(gc.isenabled)
    assert left() is None


def test_who_wants_no_collections_at_all_has_none_afterwards(qapp, qtbot, monkeypatch):
    monkeypatch.setattr(garbage, "LATER_MS", 50)
    collected = []
    monkeypatch.setattr(garbage.gc, "collect", lambda *_: collected.append(1) or 0)
    gc.disable()
    try:
        put_off_collections()
        qtbot.waitUntil(lambda: bool(collected))
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_was_removed_waits_for_nothing_that_comes(qapp, qtbot, monkeypatch):
    monkeypatch.setattr(garbage, "REST_MS", 100)
    left = ref(_Loop())
    collect_at_rest()
    for _ in range(4):
        qtbot.wait(40)
        put_off_collections()
    assert left() is None


@pytest.mark.parametrize("come", [toggle_four_panel_view, _show_masks])
def test_none_is_collected_as_they_come(viewer, qtbot, come):
    gc.enable()
    come(viewer)
    assert not gc.isenabled()
    collect_at_rest()
    qtbot.waitUntil(gc.isenabled)


class _Loop:
    """Garbage once nobody else has it."""

    def __init__(self) -> None:
        self.own = self


def _close_panel(viewer):
    viewer.window.remove_dock_widget(open_panel(viewer, "Organs"))


def _close_four_panels(viewer):
    toggle_four_panel_view(viewer)
    toggle_four_panel_view(viewer)


def _close_window(viewer):
    viewer.close()


@pytest.mark.parametrize(
    "close",
    [
        _close_panel,
        pytest.param(_close_four_panels, marks=pytest.mark.slow),
        pytest.param(_close_window, marks=pytest.mark.slow),
    ],
)
def test_collections_pass_over_what_was_there_until_a_part_of_the_window_is_closed(
    make_napari_viewer, qtbot, close
):
    viewer = make_napari_viewer(show=True)
    before = ref(_Loop())
    kept = before()
    pass_over_what_is_there(viewer)
    later = ref(_Loop())
    del kept
    gc.collect()
    assert before() is not None
    assert later() is None
    close(viewer)
    qtbot.waitUntil(lambda: gc.collect() >= 0 and before() is None)


def test_what_others_keep_from_collections_stays_so(make_napari_viewer):
    viewer = make_napari_viewer(show=True)
    unfreeze()
    gc.freeze()
    _close_panel(viewer)
    _close_four_panels(viewer)
    assert gc.get_freeze_count()


@pytest.mark.parametrize("of", ["no window", "a layer"])
def test_they_look_at_all_where_there_is_no_window_or_a_layer_already(make_napari_viewer, of):
    viewer = ViewerModel() if of == "no window" else make_napari_viewer()
    if of == "a layer":
        viewer.add_image(np.zeros((2, 3, 4)))
    frozen = gc.get_freeze_count()
    pass_over_what_is_there(viewer)
    assert gc.get_freeze_count() <= frozen  # less where a thread has let go of some
