"""Fixtures for tests of the screen."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from unittest.mock import patch

import napari
import napari.settings
import pytest
from napari.qt.threading import WorkerBase
from npe2 import PluginManager
from pytestqt.qtbot import QtBot
from qtpy.QtTest import QTest
from windows import SharedWindow, shared_window

from napari_abdoseg.plugin.layers.conversion import image_layer

PATIENCE = 60_000
"""ms that a busy machine may take until something is to be seen."""


class PatientQtBot(QtBot):
    """pytest-qt's own, which waits longer for what is sure to come."""

    def waitUntil(self, callback: Callable[[], object], *, timeout: int = PATIENCE) -> None:  # noqa: N802
        super().waitUntil(callback, timeout=timeout)


@pytest.fixture
def qtbot(qapp, request: pytest.FixtureRequest) -> PatientQtBot:
    """What presses keys and buttons, and waits."""
    return PatientQtBot(request)


@pytest.fixture(scope="module")
def window_of_module(qapp) -> Iterator[SharedWindow]:
    """The window that tests of a module share."""
    with shared_window() as window:
        yield window


@pytest.fixture
def window_of_test(qapp) -> Iterator[SharedWindow]:
    """One that is a test's own, for modules whose tests close it or leave something in it."""
    with shared_window() as window:
        yield window


@pytest.fixture
def make_napari_viewer(
    window_of_module: SharedWindow, qtbot: QtBot, request: pytest.FixtureRequest
) -> Iterator[Callable[..., napari.Viewer]]:
    """Like napari's own fixture, but the first viewer of a test is in the module's window."""

    def make(show: bool = False) -> napari.Viewer:
        viewer = window_of_module.open(show)
        if show:
            qtbot.wait_exposed(viewer.window._qt_window, timeout=PATIENCE)
        return viewer

    yield make
    report = getattr(request.node, "rep_call", None)
    failed = report is None or report.failed
    window_of_module.empty(keep=not failed)
    window_of_module.require_no_other_canvas(failed)


@pytest.fixture(scope="module")
def viewer_of_module(window_of_module: SharedWindow, tmp_path_factory) -> Iterator[napari.Viewer]:
    """An empty viewer on the screen for tests that leave in it what they have found."""
    with pytest.MonkeyPatch.context() as changed:
        _own_preferences(changed, tmp_path_factory.mktemp("config"))
        viewer = window_of_module.open(show=True)
        assert QTest.qWaitForWindowExposed(viewer.window._qt_window, PATIENCE)
        yield viewer
        window_of_module.empty()


@pytest.fixture(autouse=True)
def _preferences(monkeypatch, tmp_path_factory):
    """Those of the manifest in each test, and none that the user has."""
    _own_preferences(monkeypatch, tmp_path_factory.mktemp("config"))


def _own_preferences(changed: pytest.MonkeyPatch, folder: Path) -> None:
    changed.setenv("XDG_CONFIG_HOME", str(folder))
    changed.setattr(napari.settings, "_CFG_PATH", None)
    napari.settings._clear_plugin_settings_cache()


@pytest.fixture(autouse=True, scope="session")
def _plugins_found_once() -> Iterator[None]:
    """Look once for plugins in all that is installed: napari does whenever it reads settings."""
    manager = PluginManager.instance()
    manager.discover()
    with patch.object(PluginManager, "discover", return_value=0):
        yield


@pytest.fixture(autouse=True, scope="session")
def _traced_workers() -> Iterator[None]:
    """Let coverage see what napari's workers do: by itself it follows Python's threads alone."""
    run = WorkerBase.run

    def run_traced(worker: WorkerBase) -> None:
        sys.settrace(threading.gettrace())
        run(worker)

    WorkerBase.run = run_traced
    yield
    WorkerBase.await_workers(PATIENCE)  # as napari does before Qt ends
    WorkerBase.run = run


modules_traced: set[Path] = set()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Spare coverage fixtures that it has seen: tracing all that napari does is slow."""
    with nullcontext() if item.path not in modules_traced else _untraced():
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Spare it what has been taken down before, too."""
    with nullcontext() if item.path not in modules_traced else _untraced():
        yield
    modules_traced.add(item.path)


@contextmanager
def _untraced() -> Iterator[None]:
    trace = sys.gettrace()
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(trace)


@pytest.fixture
def viewer(make_napari_viewer, phantom) -> napari.Viewer:
    """A window that shows the phantom's CT."""
    viewer = make_napari_viewer(show=True)
    data, options, _ = image_layer(phantom[0])
    viewer.add_image(data, **options)
    return viewer
