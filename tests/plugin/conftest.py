"""Fixtures for tests of the screen."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import napari
import napari.settings
import pytest
from napari.qt.threading import WorkerBase

from napari_abdoseg.plugin.layers.conversion import image_layer


@pytest.fixture(autouse=True)
def _preferences(monkeypatch):
    """Those of the manifest in each test, and none that the user has."""
    monkeypatch.setattr(napari.settings, "_CFG_PATH", None)
    napari.settings._clear_plugin_settings_cache()


@pytest.fixture(autouse=True, scope="session")
def _traced_workers() -> Iterator[None]:
    """Let coverage see what napari's workers do: by itself it follows Python's threads alone."""
    run = WorkerBase.run

    def run_traced(worker: WorkerBase) -> None:
        sys.settrace(threading.gettrace())
        run(worker)

    WorkerBase.run = run_traced
    yield
    WorkerBase.run = run


@pytest.fixture
def viewer(make_napari_viewer, phantom) -> napari.Viewer:
    """A window that shows the phantom's CT."""
    viewer = make_napari_viewer(show=True)
    data, options, _ = image_layer(phantom[0])
    viewer.add_image(data, **options)
    return viewer
