"""A napari window that tests share: opening one takes longer than most tests do."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import napari
import pytest
from app_model import Application
from napari._app_model._app import NapariApplication, _napari_names
from napari._qt._qapp_model.qactions import init_qactions
from napari._qt.qt_viewer import QtViewer
from napari.plugins import _initialize_plugins
from napari.settings import NapariSettings, get_settings
from napari.utils.events import EventedModel
from qtpy.QtCore import QCoreApplication, QEvent
from qtpy.QtWidgets import QWidget

from napari_abdoseg.plugin.four_panel.view import four_panel_view

APP = "shared window"


class SharedWindow:
    """Opened for the first test that wants it, emptied after each, and closed at the end.

    One that a test has closed, or left with the four-panel view, is not given to another.
    """

    def __init__(self) -> None:
        self._shared: napari.Viewer | None = None
        self._in_use: list[napari.Viewer] = []

    def open(self, show: bool) -> napari.Viewer:
        """An empty viewer as napari opens it; a test's second one has a window of its own."""
        viewer = _opened(show) if self._in_use else self._open_shared(show)
        self._in_use.append(viewer)
        return viewer

    def empty(self, keep: bool = True) -> None:
        """Take out of it what a test has left there, or close it."""
        _reset_settings()
        in_use, self._in_use = self._in_use, []
        for viewer in in_use:
            if keep and viewer is self._shared and _is_plain(viewer):
                self._empty(viewer)
            else:
                self._close(viewer)

    def close(self) -> None:
        """Close it, if it is open."""
        if self._shared is not None:
            self._close(self._shared)

    def require_no_other_canvas(self, failed: bool = False) -> None:
        """Canvases of closed windows and of the four-panel view are gone, or a test `failed`.

        Later collections pass over what a test has left, until a window that was there
        before it is closed: napari collects whenever a layer goes.
        """
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        kept = {self._shared.window._qt_viewer} if self._shared is not None else set()
        gc.collect()
        if set(QtViewer._instances) - kept:
            gc.unfreeze()
            gc.collect()
        gc.freeze()
        left = len(set(QtViewer._instances) - kept)
        QtViewer._instances.clear()
        QtViewer._instances.update(kept)
        assert failed or left == 0, f"{left} canvases are still there, though they were closed"

    def _open_shared(self, show: bool) -> napari.Viewer:
        if self._shared is None:
            self._shared = _opened(show)
            self._fresh = [(part, part.model_dump()) for part in _parts(self._shared)]
            self._size = self._shared.window._qt_window.size()
        main = self._shared.window._qt_window
        if main.isVisible() != show:
            main.setVisible(show)
        return self._shared

    def _empty(self, viewer: napari.Viewer) -> None:
        self._shared = None  # what fails to be emptied is not given to another test
        viewer.layers.clear()
        viewer.window.remove_dock_widget("all")
        for part, fresh in self._fresh:
            part.update(fresh)
        viewer.window._qt_window.resize(self._size)
        self._shared = viewer

    def _close(self, viewer: napari.Viewer) -> None:
        if viewer is self._shared:
            self._shared = None
        if _is_open(viewer):
            with patch.object(viewer.window._qt_window, "_save_current_window_settings"):
                viewer.close()


@contextmanager
def shared_window() -> Iterator[SharedWindow]:
    """A window with commands of its own, as napari's fixture `make_napari_viewer` has it."""
    app = NapariApplication(APP)
    app.injection_store.namespace = _napari_names
    window = SharedWindow()
    _forget_commands()
    with (
        pytest.MonkeyPatch.context() as changed,
        patch.object(NapariApplication, "get_app_model", return_value=app),
    ):
        changed.setattr("napari._qt.threads.status_checker.StatusChecker.start", lambda *_: None)
        changed.setattr("napari._qt.qt_viewer.QtViewer._get_console", _no_console)
        _reset_settings()
        try:
            yield window
            window.close()
            window.require_no_other_canvas()
        finally:
            Application.destroy(APP)
            _forget_commands()


def _reset_settings() -> None:
    """To those of the manifest, in memory alone: each test has a file of its own."""
    with patch.object(NapariSettings, "save"):
        get_settings().reset()


def _opened(show: bool) -> napari.Viewer:
    return napari.Viewer(show=show, show_welcome_screen=False)


def _is_open(viewer: napari.Viewer) -> bool:
    return hasattr(viewer.window, "_qt_window")


def _is_plain(viewer: napari.Viewer) -> bool:
    """Whether it can be emptied, quicker than another is opened."""
    return _is_open(viewer) and four_panel_view(viewer) is None


def _parts(viewer: napari.Viewer) -> list[EventedModel]:
    """What a viewer has beside layers."""
    canvas, scene = viewer.canvas, viewer.scene
    overlays = (*canvas.overlays.values(), *scene.overlays.values())
    return [viewer.dims, scene.camera, viewer.cursor, canvas.grid, *overlays]


def _no_console(*_: object) -> QWidget:
    console = QWidget()
    console._update_theme = lambda *_: None
    return console


def _forget_commands() -> None:
    _initialize_plugins.cache_clear()
    init_qactions.cache_clear()
