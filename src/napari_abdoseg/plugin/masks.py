"""Single masks of a Labels layer, switched off by their colour; the labels stay as they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray


def mask_color(layer: Labels, value: int) -> NDArray[Any]:
    """Colour of a label as RGBA from 0 to 1; transparent where it is switched off."""
    colormap = layer.colormap
    if isinstance(colormap, DirectLabelColormap):
        return np.asarray(colormap.color_dict.get(value, colormap.default_color))
    return np.asarray(colormap.map(value))


def mask_shown(layer: Labels, value: int) -> bool:
    """Whether a label is switched on."""
    return bool(mask_color(layer, value)[3] > 0)


def show_mask(layer: Labels, value: int, shown: bool, values: Iterable[int]) -> None:
    """Switch a label on or off; ``values`` are all labels, which keep their colours."""
    colormap = layer.colormap
    if isinstance(colormap, DirectLabelColormap):
        colors: dict[int | None, Any] = dict(colormap.color_dict)
    else:
        colors = {None: "transparent", 0: "transparent"}
        colors |= {each: mask_color(layer, each) for each in values}
    red, green, blue, _ = mask_color(layer, value)
    colors[value] = (red, green, blue, float(shown))
    layer.colormap = DirectLabelColormap(
        color_dict=colors, use_selection=colormap.use_selection, selection=colormap.selection
    )
