"""What the command palette offers, as napari calls it."""

from __future__ import annotations

import pytest
from napari._app_model import get_app_model
from napari.layers import Image, Layer
from napari.utils.notifications import notification_manager
from segmenting import PATIENCE

from napari_abdoseg.plugin.commands import NO_LABELS
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.viewing.ct_window import WINDOWS, Window
from napari_abdoseg.plugin.widgets.panel import open_panel


def run(command: str) -> None:
    get_app_model().commands.execute_command(f"napari-abdoseg.{command}").result()


@pytest.fixture
def labels(viewer, phantom):
    return viewer.add_layer(Layer.create(*labels_layer(phantom[1], "truth")))


def test_the_label_map_in_view_is_saved(viewer, labels, tmp_path, qtbot):
    labels.metadata["path"] = tmp_path / "truth.nii.gz"
    viewer.layers.selection = set()
    run("save")
    qtbot.waitUntil((tmp_path / "truth.nii.gz").exists, timeout=PATIENCE)


def test_all_organs_are_hidden_and_shown(viewer, labels, qtbot):
    scene = organ_scene(viewer, labels)
    qtbot.waitUntil(lambda: scene.table.grid is not None, timeout=PATIENCE)
    run("hide_all")
    assert not any(scene.masks.state().values())
    run("show_all")
    assert all(scene.masks.state().values())


@pytest.mark.parametrize("name", WINDOWS)
def test_the_ct_has_a_window(viewer, name):
    run(f"{name}_window")
    (scan,) = (layer for layer in viewer.layers if isinstance(layer, Image))
    assert Window.of(scan) == WINDOWS[name]


def test_segment_presses_the_button(viewer, make_model, qtbot):
    panel = open_panel(viewer, "Segment organs")
    panel.choice.model.choose(make_model())
    run("run")
    assert panel.job is not None
    run("run")
    qtbot.waitUntil(lambda: panel.job is None, timeout=PATIENCE)


def test_compare_presses_the_button(viewer):
    run("run_comparison")
    assert "Two different label layers" in notification_manager.records[-1].message


@pytest.mark.parametrize("command", ["save", "save_as", "show_all", "hide_all"])
def test_nothing_to_save_or_show_is_told(viewer, command):
    run(command)
    assert notification_manager.records[-1].message == NO_LABELS
