"""The window that `abdoseg view` opens."""

from __future__ import annotations

import subprocess
import sys

from napari.layers import Labels

from napari_abdoseg.image.shown_case import ShownCase
from napari_abdoseg.plugin.case_window import show_case
from napari_abdoseg.plugin.four_panel.view import four_panel_view
from napari_abdoseg.plugin.widgets.panel import open_panel


def test_a_case_is_in_four_panels_and_its_organs_are_listed(make_napari_viewer, phantom):
    viewer = make_napari_viewer()
    scan, truth = phantom
    show_case(viewer, ShownCase(scan, truth))
    assert four_panel_view(viewer) is not None
    listed = open_panel(viewer, "Organs").layers.value
    assert isinstance(listed, Labels)
    assert listed.data is truth.data


def test_a_scan_alone_can_be_segmented(make_napari_viewer, phantom):
    viewer = make_napari_viewer()
    show_case(viewer, ShownCase(phantom[0], None))
    assert len(viewer.layers) == 1
    docks = viewer.window.dock_widgets
    assert any("Segment" in name for name in docks)
    assert not any("Organs" in name for name in docks)


def test_a_bad_file_is_one_sentence_and_opens_no_window(tmp_path):
    bad = tmp_path / "bad.nii"
    bad.write_bytes(b"no scan")
    command = [sys.executable, "-m", "napari_abdoseg.plugin.window", str(bad)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert run.stderr.startswith(f"abdoseg: {bad}")
    assert len(run.stderr.splitlines()) == 1
