"""What napari compiles and makes for the first masks, done before they come."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from threading import Thread

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap, label_colormap


@cache
def warm_up() -> Thread:
    """Get napari's code for masks ready in a thread, once."""
    thread = Thread(target=_color_masks, name="abdoseg warm-up", daemon=True)
    thread.start()
    return thread


@cache
def make_first_layer() -> None:
    """Have what napari makes for its first layer, such as the registry of units, made once.

    In the window's thread, unlike `warm_up`.
    """
    Labels(np.zeros((1, 1, 1), np.uint8), features={"index": [0]}, units="mm")


def _color_masks() -> None:
    """Make no layer: the first one makes the registry of units, which is not for two threads."""
    import_module("pandas")  # which layers with names of organs need
    label_colormap()  # which each Labels layer begins with
    colors = DirectLabelColormap(color_dict={None: "gray", 0: "transparent", 1: "red"})
    for values in (np.uint8, np.uint16):
        colors.map(np.zeros((2, 2), values))
