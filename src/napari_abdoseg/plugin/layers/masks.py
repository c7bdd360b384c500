"""Colour, opacity and visibility of single organs in a Labels layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap
from numpy.typing import NDArray

from napari_abdoseg.image.organ import Organ


class Masks:
    """The organs' masks: all that is seen of them is in the layer's colormap.

    The labels stay as they are; a mask that is off is transparent.

    Parameters
    ----------
    layer : Labels
    """

    def __init__(self, layer: Labels) -> None:
        self.organs: tuple[Organ, ...] = ()
        self._layer = layer
        self._opacities: dict[Organ, float] = {}

    def state(self) -> dict[str, bool]:
        """Names of the organs, and whether their masks are on."""
        return {organ.name: self._rgba(organ)[3] > 0 for organ in self.organs}

    def show(self, shown: Mapping[str, bool]) -> None:
        """Switch masks on or off by the names of their organs."""
        self._opacities = {organ: self.opacity(organ) for organ in self.organs}
        state = self.state()
        changing = [
            organ
            for organ in self.organs
            if shown.get(organ.name, state[organ.name]) != state[organ.name]
        ]
        if changing:
            self._assign(
                {
                    organ: (*self.color(organ), self._opacities[organ] * shown[organ.name])
                    for organ in changing
                }
            )

    def color(self, organ: Organ) -> NDArray[Any]:
        """Colour of an organ as RGB from 0 to 1."""
        return self._rgba(organ)[:3]

    def set_color(self, organ: Organ, color: Any) -> None:
        """Give an organ another colour, as RGB from 0 to 1."""
        self._assign({organ: (*color, self._rgba(organ)[3])})

    def opacity(self, organ: Organ) -> float:
        """Opacity of an organ when it is on, from 0 to 1."""
        return float(self._rgba(organ)[3]) or self._opacities.get(organ, 1.0)

    def set_opacity(self, organ: Organ, opacity: float) -> None:
        """Give an organ another opacity, above 0."""
        self._opacities[organ] = opacity
        if self._rgba(organ)[3] > 0:
            self._assign({organ: (*self.color(organ), opacity)})

    def _rgba(self, organ: Organ) -> NDArray[Any]:
        colormap = self._layer.colormap
        if isinstance(colormap, DirectLabelColormap):
            return np.asarray(colormap.color_dict.get(organ.value, colormap.default_color))
        return np.asarray(colormap.map(organ.value))

    def _assign(self, changes: dict[Organ, tuple[float, ...]]) -> None:
        colormap = self._layer.colormap
        if isinstance(colormap, DirectLabelColormap):
            colors: dict[int | None, Any] = dict(colormap.color_dict)
        else:
            colors = {None: "transparent", 0: "transparent"}
            colors |= {organ.value: self._rgba(organ) for organ in self.organs}
        colors |= {organ.value: rgba for organ, rgba in changes.items()}
        self._layer.colormap = DirectLabelColormap(
            color_dict=colors, use_selection=colormap.use_selection, selection=colormap.selection
        )
