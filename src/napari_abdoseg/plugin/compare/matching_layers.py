"""Two Labels layers as label maps in which a value means the same organ."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from napari.layers import Labels

from napari_abdoseg.evaluation.alignment import align
from napari_abdoseg.evaluation.ignored_voxels import leave_out_ignored
from napari_abdoseg.evaluation.label_schemes import Matched, match_organs, naming_words
from napari_abdoseg.evaluation.unnamed_labels import share_names
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.layers.conversion import label_map_of


def match_layers(prediction: Labels, reference: Labels) -> Matched:
    """A prediction as it is, and its reference with the prediction's values.

    Organs are matched by name where both layers name theirs, by value otherwise.

    Raises
    ------
    ImageError
        A layer is no label map of a volume or has values that the other one's organs
        do not have, the two are not on one grid, or no organ is in both.
    """
    found, real = _titled(prediction), _titled(reference)
    predicted, known = share_names(align(found, real), real)
    matched = match_organs(known, leave_out_ignored(predicted, known))
    naming = naming_words(found, real, matched.unmatched)
    return Matched(matched.reference, matched.prediction, matched.unmatched, naming)


def _titled(layer: Labels) -> LabelMap:
    """A layer's label map; errors call it as the layer is called."""
    return replace(label_map_of(layer), path=Path(f"The layer {layer.name}"))
