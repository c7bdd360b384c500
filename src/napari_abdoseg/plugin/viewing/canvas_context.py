"""A removed layer's textures and buffers are deleted in the OpenGL context of its own canvas.

napari 0.9.2 deletes them at once (https://github.com/napari/napari/pull/8122), but in
whichever context is current: often another canvas's, or Qt's own. Drivers may then draw
from memory that is gone, and the process ends (docs/napari_report_removed_image.md).
To be dropped with the first napari that makes the canvas current before it deletes.

To that end napari collects all garbage of Python for each layer and canvas, since drivers of
Windows fail otherwise. With four panels the window does not answer for seconds then. Elsewhere
garbage is collected once the user rests (`garbage.py`), and each canvas deletes what was its own
when it is drawn next.
"""

from __future__ import annotations

import sys
from functools import wraps
from typing import Any


def activate(context: object) -> None:
    """Let napari's canvases delete in their own contexts; npe2 calls this before all else."""
    try:
        from napari._vispy.canvas import VispyCanvas
    except ImportError:  # another napari, or none on a screen
        return
    from napari_abdoseg.plugin.viewing.garbage import collect_at_rest

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
            collect_at_rest()

    VispyCanvas._clean_and_update_scenegraph = clean_in_own_context
