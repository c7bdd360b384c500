"""Collections of Python's garbage, which the window waits for: few, short, and while nobody draws.

A collection looks at all objects there are. Most are of modules, of the window and of panels, and
none of them goes with a case.
"""

from __future__ import annotations

import gc
from functools import partial

from napari import Viewer
from napari.components import ViewerModel
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QApplication

from napari_abdoseg.plugin.frozen_objects import freeze, unfreeze
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped

REST_MS = 1000
"""Without a layer that is removed."""
LATER_MS = 5000
"""Without a layer or a panel that comes."""
TIMER, WINDOW = "abdoseg garbage", "abdoseg garbage of a window"
ALL, NEW = 2, 1
"""Generations: of all objects, and of those that have come since the last collections."""
PUT_OFF = "put off"
"""Property of the timer, true while it was this that has told Python to collect nothing."""


def collect_at_rest() -> None:
    """Collect garbage once nothing has been removed for a while, and no mouse button is held."""
    if (timer := _timer()) is not None:
        timer.start(REST_MS)


def put_off_collections() -> None:
    """Collect no garbage while layers or panels come, and what they left once none has for a while.

    They make many objects and little garbage, for which Python looks at all of them over and over.
    What is to be collected since layers were removed, which hold much, waits no longer for that.
    """
    timer = _timer()
    if timer is None:
        return
    if gc.isenabled():
        gc.disable()
        timer.setProperty(PUT_OFF, True)
    if not (timer.isActive() and timer.interval() == REST_MS):
        timer.start(LATER_MS)


def _timer() -> QTimer | None:
    """After which garbage is collected; None without a window."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        return None
    timer = application.findChild(QTimer, TIMER)
    if timer is None:
        timer = QTimer(application)
        timer.setObjectName(TIMER)
        timer.setSingleShot(True)
        timer.timeout.connect(partial(_collect, timer))
    return timer


def pass_over_what_is_there(viewer: ViewerModel) -> None:
    """Let collections pass over all that is there, in a window that has no layer yet.

    Whoever closes a part of the window, or the window, has to let all be looked at again with
    `unfreeze`: what goes is garbage then.

    Parameters
    ----------
    viewer : ViewerModel
        Where it has layers, or no window, nothing is done.
    """
    viewer = unwrapped(viewer)
    if viewer.layers or not isinstance(viewer, Viewer):
        return
    freeze()
    window = viewer.window.main_menu.window()
    if window.findChild(_Closing, WINDOW) is None:
        _Closing(window)


class _Closing(QObject):
    """Lets all be looked at again when a window closes."""

    def __init__(self, window: QObject) -> None:
        super().__init__(window)
        self.setObjectName(WINDOW)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        if event is not None and event.type() == QEvent.Type.Close:
            unfreeze()
        return False


def _collect(timer: QTimer) -> None:
    if QApplication.mouseButtons() != Qt.MouseButton.NoButton:
        timer.start()
        return
    if timer.property(PUT_OFF):
        timer.setProperty(PUT_OFF, False)
        gc.enable()
    gc.collect(ALL if timer.interval() == REST_MS else NEW)
