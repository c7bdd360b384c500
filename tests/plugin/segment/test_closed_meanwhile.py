"""A window that is closed while masks, and what belongs to them, are still coming."""

from __future__ import annotations

import pytest

from napari_abdoseg.plugin.four_panel.view import toggle_four_panel_view
from napari_abdoseg.plugin.segment.result import show_result


def close_viewer(viewer):
    viewer.close()


def close_window(viewer):
    viewer.window._qt_window.close()


def delete_layers(viewer):
    viewer.layers.clear()


def delete_masks(viewer):
    viewer.layers.remove(viewer.layers["CT organs"])


@pytest.mark.parametrize(
    ("end", "wait"),
    [
        *((close_viewer, 60), (delete_layers, 60)),
        pytest.param(close_window, 0, marks=pytest.mark.slow),
        pytest.param(delete_masks, 0, marks=pytest.mark.slow),
    ],
)
def test_nothing_goes_wrong(viewer, phantom, qtbot, end, wait):
    if end is not close_window:
        toggle_four_panel_view(viewer)
    with qtbot.capture_exceptions() as exceptions:
        show_result(viewer, viewer.layers["CT"], phantom[1])
        qtbot.wait(wait)
        end(viewer)
        qtbot.wait(200)
    assert not exceptions
