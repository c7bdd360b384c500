"""Labels layers as NIfTI files, box layers as tables."""

from __future__ import annotations

from typing import Any

from napari.layers import Labels
from napari.utils.colormaps.standardize_color import rgb_to_hex

from napari_abdoseg.anatomy.box_file import BoxFileError, NamedBoxes, write_boxes
from napari_abdoseg.image.nifti import nifti_path, write_labels
from napari_abdoseg.image.saving import backup_of
from napari_abdoseg.plugin.layers import label_map_of


def write_labels_layer(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Save a Labels layer on the exact grid of the scan it came from.

    A missing ``.nii.gz`` is added; what is replaced is kept as ``.bak``.
    """
    target = nifti_path(path)
    write_labels(target, label_map_of(Labels(data, **attributes)), backup=backup_of(target))
    return [str(target)]


def write_box_layers(path: str, layers: list[tuple[Any, dict[str, Any], str]]) -> list[str]:
    """Save the boxes of one scan as CSV or JSON."""
    boxes, colors = {}, {}
    grids = []
    for _, attributes, _ in layers:
        metadata, name = attributes["metadata"], attributes["name"]
        if "box" not in metadata:
            raise BoxFileError(
                f"The layer {name} is no box of an organ: save it with another writer, "
                "or leave it out of the selection."
            )
        name = name.removesuffix(" box")
        grids.append(metadata["grid"])
        boxes[name] = metadata["box"]
        colors[name] = rgb_to_hex(attributes["edge_color"])[0][:7]
    if not all(grid.matches(grids[0]) for grid in grids):
        raise BoxFileError("The boxes are of several scans: save those of each scan apart.")
    write_boxes(path, NamedBoxes(grids[0], boxes, colors))
    return [path]
