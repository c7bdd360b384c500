"""A removed layer's textures and buffers are deleted in the OpenGL context of its own canvas.

napari 0.9.2 deletes them at once (https://github.com/napari/napari/pull/8122), but in
whichever context is current: often another canvas's, or Qt's own. Drivers may then draw
from memory that is gone, and the process ends (docs/napari_report_removed_image.md).
To be dropped with the first napari that makes the canvas current before it deletes.

To that end napari collects all garbage of Python for each layer and canvas, since drivers of
Windows fail otherwise. With four panels the window does not answer for seconds then. Elsewhere
garbage is collected once the user rests, and each canvas deletes what was its own when it is
drawn next.
"""

from __future__ import annotations

import gc
import sys
from functools import wraps
from typing import Any

REST_MS = 1000
"""Without a layer that is removed."""
NAME = "abdoseg garbage"


def activate(context: object) -> None:
    """Let napari's canvases delete in their own contexts; npe2 calls this before all else."""
    try:
        from napari._vispy.canvas import VispyCanvas
    except ImportError:  # another napari, or none on a screen
        return
    clean = getattr(VispyCanvas, "_clean_and_update_scenegraph", None)
    if clean is None or hasattr(clean, "__wrapped__"):
        return

    @wraps(clean)
    def clean_in_own_context(canvas: Any) -> None:
        canvas._scene_canvas.set_current()
        if sys.platform == "win32":
            clean(canvas)
        else:
            canvas._update_scenegraph()
            _collect_at_rest()

    VispyCanvas._clean_and_update_scenegraph = clean_in_own_context


def _collect_at_rest() -> None:
    """Collect garbage once nothing has been removed for a while."""
    from qtpy.QtCore import QTimer
    from qtpy.QtWidgets import QApplication

    application = QApplication.instance()
    if not isinstance(application, QApplication):
        return
    timer = application.findChild(QTimer, NAME)
    if timer is None:
        timer = QTimer(application)
        timer.setObjectName(NAME)
        timer.setSingleShot(True)
        timer.setInterval(REST_MS)
        timer.timeout.connect(lambda: gc.collect())
    timer.start()
