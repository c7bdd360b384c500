"""What napari compiles for the first masks, done while the user looks at the CT."""

from __future__ import annotations

from functools import cache
from threading import Thread

import numpy as np
from napari.utils.colormaps import DirectLabelColormap


@cache
def warm_up() -> Thread:
    """Get napari's code for masks ready in a thread, once."""
    thread = Thread(target=_color_masks, name="abdoseg warm-up", daemon=True)
    thread.start()
    return thread


def _color_masks() -> None:
    """Make no layer: the first one makes the registry of units, which is not for two threads."""
    colors = DirectLabelColormap(color_dict={None: "gray", 0: "transparent", 1: "red"})
    for values in (np.uint8, np.uint16):
        colors.map(np.zeros((2, 2), values))
