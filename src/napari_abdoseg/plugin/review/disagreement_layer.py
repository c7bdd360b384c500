"""Where folds disagree, as a layer of its own; and which layers know of it."""

from __future__ import annotations

from typing import Any

from matplotlib.colors import LinearSegmentedColormap
from napari.layers import Labels
from napari.utils.colormaps import DirectLabelColormap

from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.inference.review.disagreement import Disagreement
from napari_abdoseg.plugin.layers.conversion import LayerData, labels_metadata, place_of

KEY = "fold_disagreement"
PALE, STRONG = "#ffffff66", "#ff00a8ff"
"""No organ is magenta."""


def disagreement_metadata(disagreement: Disagreement | None) -> dict[str, Any]:
    """What the layer of an ensemble's label map keeps; nothing of a single fold."""
    return {KEY: disagreement} if disagreement is not None and disagreement.folds > 1 else {}


def disagreement_of(layer: Labels) -> Disagreement | None:
    """Disagreement of the folds that made a layer, if it is known."""
    disagreement: Disagreement | None = layer.metadata.get(KEY)
    return disagreement


def fold_colors(folds: int) -> list[Any]:
    """Colour of each number of dissenting folds from 1 on, as RGBA from 0 to 1."""
    scale = LinearSegmentedColormap.from_list("dissent", [PALE, STRONG])
    return [scale(place / max(folds - 1, 1)) for place in range(folds)]


def disagreement_layer(counts: LabelMap, name: str) -> LayerData:
    """Numbers of dissenting folds as a Labels layer that can't be painted on.

    Parameters
    ----------
    counts : LabelMap
        As `Disagreement.label_map` gives it.
    name : str
    """
    values = [organ.value for organ in counts.organs]
    colors: dict[int | None, Any] = dict(zip(values, fold_colors(len(values)), strict=True))
    options = {
        "name": name,
        "colormap": DirectLabelColormap(
            color_dict={None: "transparent", 0: "transparent", **colors}
        ),
        "features": {"index": [0, *values], "folds": ["", *(each.name for each in counts.organs)]},
        "opacity": 0.9,
        "metadata": {**labels_metadata(counts), "overlay": True},
        **place_of(counts.grid),
    }
    return counts.data, options, "labels"
