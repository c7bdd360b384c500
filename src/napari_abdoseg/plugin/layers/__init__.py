"""A user sees scans, label maps, boxes and surfaces as napari's layers."""

from napari_abdoseg.plugin.layers.conversion import (
    LayerData,
    add_beside,
    box_layer,
    image_layer,
    label_layers,
    label_map_of,
    labels_layer,
    labels_metadata,
    look_of,
    one_color,
    place_of,
    surface_layer,
    volume_of,
    writable,
)

__all__ = [
    "LayerData",
    "add_beside",
    "box_layer",
    "image_layer",
    "label_layers",
    "label_map_of",
    "labels_layer",
    "labels_metadata",
    "look_of",
    "one_color",
    "place_of",
    "surface_layer",
    "volume_of",
    "writable",
]
