"""Collections of Python's garbage, which the window waits for: few, short, and while nobody draws.

A collection looks at all objects there are. Most are of modules, of the window and of panels, and
none of them goes with a case.
"""

from __future__ import annotations

import gc

from napari import Viewer
from napari.components import ViewerModel
from qtpy.QtCore import QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QApplication

from napari_abdoseg.plugin.frozen_objects import freeze, unfreeze
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped

REST_MS = 1000
"""Without a layer that is removed."""
TIMER, WINDOW = "abdoseg garbage", "abdoseg garbage of a window"


def collect_at_rest() -> None:
    """Collect garbage once nothing has been removed for a while, and no mouse button is held."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        return
    timer = application.findChild(QTimer, TIMER)
    if timer is None:
        timer = QTimer(application)
        timer.setObjectName(TIMER)
        timer.setSingleShot(True)
        timer.setInterval(REST_MS)
        timer.timeout.connect(_collect)
    timer.start()


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


def _collect() -> None:
    if QApplication.mouseButtons() == Qt.MouseButton.NoButton:
        gc.collect()
    else:
        collect_at_rest()
