"""What napari compiles when the first masks are shown, done while the user looks at the CT."""

from __future__ import annotations

from functools import cache
from threading import Thread

import numpy as np
from napari.utils.colormaps import DirectLabelColormap


@cache
def warm_up() -> Thread:
    """Compile napari's colour code for masks in a thread, once."""
    thread = Thread(target=_colour_a_mask, name="abdoseg warm-up", daemon=True)
    thread.start()
    return thread


def _colour_a_mask() -> None:
    colors = DirectLabelColormap(color_dict={None: "gray", 0: "transparent", 1: "red"})
    for values in (np.uint8, np.uint16):
        colors.map(np.zeros((2, 2), values))
