"""When napari draws a Labels layer anew: for its voxels, or only for another look."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from napari.layers import Labels


def draw(layer: Labels) -> None:
    """Draw a layer anew, of which nobody hears who follows it."""
    Labels.refresh(layer, thumbnail=False, highlight=False, extent=False)


def follow_redraws(layer: Labels, hear: Callable[[Labels], None]) -> None:
    """Call ``hear`` after each `Layer.refresh`, which slicing does not call."""
    refresh = layer.refresh

    @wraps(refresh)
    def followed(*args: Any, **kwargs: Any) -> None:
        refresh(*args, **kwargs)
        hear(layer)

    layer.refresh = followed


def follow_redraws_no_more(layer: Labels) -> None:
    """Let a layer's `refresh` be napari's own again."""
    del layer.refresh


class Look:
    """All that napari draws a layer anew for, but its voxels and the slice in view.

    Parameters
    ----------
    layer : Labels
    """

    def __init__(self, layer: Labels) -> None:
        places = layer.scale, layer.translate, layer.rotate, layer.shear, layer.affine
        self._colormap = layer.colormap
        self._values = (
            layer.visible,
            layer.contour,
            layer.show_selected_label,
            layer.show_selected_label and layer.selected_label,
            layer.projection_mode,
            layer.units,
            *(np.asarray(place).tobytes() for place in places),
        )

    def is_like(self, other: Look) -> bool:
        """Whether both are drawn alike."""
        return self._colormap is other._colormap and self._values == other._values
