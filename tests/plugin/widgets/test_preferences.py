"""Settings that last from one session to the next."""

from __future__ import annotations

import napari.settings
import pytest
from napari.layers import Layer

from napari_abdoseg.inference.hardware.device import DEVICES
from napari_abdoseg.inference.preset import PRESETS
from napari_abdoseg.plugin.four_panel.frame import SLICES_ON_TOP, TWO_BY_TWO
from napari_abdoseg.plugin.four_panel.view import four_panel_view, toggle_four_panel_view
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.plugin.painting.painted_organ import Painting
from napari_abdoseg.plugin.segment.model_choice import MORE
from napari_abdoseg.plugin.segment.widget import SegmentWidget
from napari_abdoseg.plugin.widgets.preferences import preferences


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """A folder of settings, and how to start anew with what is in it."""
    monkeypatch.setattr(napari.settings, "_CFG_PATH", str(tmp_path / "settings.yaml"))
    return napari.settings._clear_plugin_settings_cache


def choices(section: str, name: str) -> list[str]:
    field = type(getattr(preferences(), section)).model_fields[name]
    return field.json_schema_extra["enum"]


def test_the_manifest_offers_what_the_panels_do():
    assert set(choices("segmenting", "preset")) == set(PRESETS)
    assert choices("segmenting", "device") == list(DEVICES)
    assert choices("viewing", "layout") == [SLICES_ON_TOP, TWO_BY_TWO]


def test_a_panel_begins_with_what_was_chosen_last(viewer, kept, make_model):
    model = str(make_model())
    first = SegmentWidget(viewer)
    assert (first.choice.model.name.value, first.choice.preset.value) == (
        "demo",
        next(iter(PRESETS)),
    )
    first.choice.model.choose(model)
    first.choice.preset.value, first.choice.device.value = "exact", "cpu"
    first.choice.scheduler.value = "tcp://host:8786"
    kept()
    second = SegmentWidget(viewer)
    assert second.choice.model.model.folder == first.choice.model.model.folder
    assert (second.choice.preset.value, second.choice.device.value) == ("exact", "cpu")
    assert second.choice.scheduler.value == "tcp://host:8786"
    assert second.choice.rare_settings.text().endswith("tcp://host:8786")


def test_an_open_panel_follows_the_preferences(viewer):
    widget = SegmentWidget(viewer)
    preferences().segmenting.preset = "fast"
    assert widget.choice.preset.value == "fast"


def test_to_look_for_more_models_chooses_none(viewer, make_model):
    widget, model = SegmentWidget(viewer), str(make_model())
    widget.choice.model.choose(model)
    widget.choice.model.name.value = MORE
    assert preferences().segmenting.model == widget.choice.model.name.value == model


def test_a_model_that_is_gone_is_told(viewer, tmp_path):
    preferences().segmenting.model = str(tmp_path / "gone")
    widget = SegmentWidget(viewer)
    assert widget.choice.model.model is None
    assert "gone" in widget.choice.model.words.text()


@pytest.mark.slow
def test_brush_and_layout_stay(viewer, phantom, kept):
    first, second = (viewer.add_layer(Layer.create(*labels_layer(phantom[1]))) for _ in range(2))
    Painting(viewer, first)
    first.brush_size = 4
    toggle_four_panel_view(viewer)
    four_panel_view(viewer).frame.layouts.setCurrentText(TWO_BY_TWO)
    toggle_four_panel_view(viewer)
    kept()
    Painting(viewer, second)
    assert second.brush_size == 4
    toggle_four_panel_view(viewer)
    assert four_panel_view(viewer).frame.layouts.currentText() == TWO_BY_TWO
    toggle_four_panel_view(viewer)
