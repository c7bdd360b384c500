"""`File > Open Sample > Abdominal CT phantom`."""

from __future__ import annotations

from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.plugin.layers.conversion import LayerData, image_layer, labels_layer

SEED = 7


def phantom() -> list[LayerData]:
    """A synthetic torso CT and its exact label map, hidden at first."""
    volume, truth = make_phantom(SEED)
    data, options, kind = image_layer(volume)
    labels, label_options, label_kind = labels_layer(truth, "phantom truth")
    return [
        (data, {**options, "name": "phantom"}, kind),
        (labels, {**label_options, "visible": False}, label_kind),
    ]
