"""Labels layers as NIfTI files."""

from __future__ import annotations

from typing import Any

from napari.layers import Labels

from napari_abdoseg.image.nifti import write_labels
from napari_abdoseg.plugin.layers import label_map_of


def write_labels_layer(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Save a Labels layer on the exact grid of the scan it came from."""
    write_labels(path, label_map_of(Labels(data, **attributes)))
    return [path]
