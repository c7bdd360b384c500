"""What napari imports and compiles for the first masks, done while the user looks at the CT."""

from __future__ import annotations

from functools import cache
from threading import Thread

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap


@cache
def warm_up() -> Thread:
    """Get napari's code for masks ready in a thread, once."""
    thread = Thread(target=_make_a_mask, name="abdoseg warm-up", daemon=True)
    thread.start()
    return thread


def _make_a_mask() -> None:
    colors = DirectLabelColormap(color_dict={None: "gray", 0: "transparent", 1: "red"})
    for values in (np.uint8, np.uint16):
        Labels(np.zeros((2, 2), values), colormap=colors, features={"index": [0, 1]})
        colors.map(np.zeros((2, 2), values))
