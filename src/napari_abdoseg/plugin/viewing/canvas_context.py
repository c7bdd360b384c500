"""A removed layer's textures and buffers are deleted in the OpenGL context of its own canvas.

napari 0.9.2 deletes them at once (https://github.com/napari/napari/pull/8122), but in
whichever context is current: often another canvas's, or Qt's own. Drivers may then draw
from memory that is gone, and the process ends (docs/napari_report_removed_image.md).
To be dropped with the first napari that makes the canvas current before it deletes.
"""

from __future__ import annotations

from functools import wraps
from typing import Any


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
        clean(canvas)

    VispyCanvas._clean_and_update_scenegraph = clean_in_own_context
