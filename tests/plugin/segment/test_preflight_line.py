"""What a scan will take, told in the Segment panel before a run."""

from __future__ import annotations

import numpy as np
import pytest
from segmenting import PATIENCE, press, wait_for_end
from small_models import COARSE

from napari_abdoseg.plugin.layers.conversion import image_layer
from napari_abdoseg.plugin.segment.preflight_line import MEASURING


@pytest.fixture
def widget(viewer, make_model):
    _, widget = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Segment organs")
    widget.choice.model.choose(make_model(mirror_axes=(2,), spacing=COARSE))
    return widget


@pytest.fixture
def told(widget, qtbot):
    """A function that waits for the line and gives it."""

    def wait() -> str:
        words = widget.preflight.words
        qtbot.waitUntil(lambda: words.text() not in ("", MEASURING), timeout=PATIENCE)
        return words.text()

    return wait


def test_the_line_comes_by_itself_and_follows_the_settings(widget, told):
    assert widget.preflight.words.text() == MEASURING
    assert told().startswith("About ")
    assert "on the CPU." in told()
    widget.choice.preset.value = "exact"
    assert widget.preflight.words.text() == MEASURING
    assert told().startswith("About ")
    widget.choice.model.folds[0].value = False
    assert widget.preflight.words.text() == MEASURING
    widget.choice.model.folds[1].value = False
    assert widget.preflight.words.text() == ""


def test_a_scan_that_is_no_ct_is_warned_of(viewer, widget, told, phantom):
    data, options, _ = image_layer(phantom[0])
    bright = np.clip(data, 0, 255).astype(np.uint8)
    layer = viewer.add_image(bright, **(options | {"name": "picture"}))
    widget.choice.scan.value = layer
    assert len(told().splitlines()) > 1


def test_a_run_takes_its_place(widget, told, qtbot):
    told()
    press(widget)
    assert widget.preflight.words.text() == ""
    wait_for_end(widget, qtbot)


def test_weights_are_read_once(widget, told, monkeypatch, qtbot):
    told()

    def read_again(*_):
        raise AssertionError

    monkeypatch.setattr("napari_abdoseg.inference.model.loading.read_checkpoint", read_again)
    widget.choice.preset.value = "fast"
    assert told().startswith("About ")
    press(widget)
    wait_for_end(widget, qtbot)
    assert widget.status.text().startswith("Done")


def test_a_folder_is_not_foretold(widget, told):
    told()
    widget.choice.source.value = "a folder of CTs"
    assert widget.preflight.words.text() == ""
