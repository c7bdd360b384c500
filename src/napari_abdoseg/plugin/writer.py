"""Labels layers as files of label maps, box layers as tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from napari.layers import Labels
from napari.utils.colormaps.standardize_color import rgb_to_hex

from napari_abdoseg.anatomy.box_file import BoxFileError, NamedBoxes, write_boxes
from napari_abdoseg.image.files.saving import backup_of
from napari_abdoseg.image.nifti.formats import saved_path
from napari_abdoseg.image.nifti.volumes import write_labels
from napari_abdoseg.plugin.layers.conversion import label_map_of


def write_labels_layer(path: str, data: Any, attributes: dict[str, Any]) -> list[str]:
    """Save a Labels layer on the exact grid of the scan it came from.

    A missing ``.nii.gz`` is added; what is replaced is kept as ``.bak``.
    """
    target = saved_path(Path(path))
    write_labels(target, label_map_of(Labels(data, **attributes)), backup=backup_of(target))
    return [str(target)]


def write_box_layers(path: str, layers: list[tuple[Any, dict[str, Any], str]]) -> list[str]:
    """Save the boxes of one scan as CSV or JSON.

    A box has the name of its organ, or the one that the user gave its layer; those of one
    organ in several label maps also say of which they are.
    """
    found = [attributes for _, attributes, _ in layers]
    for attributes in found:
        if "box" not in attributes["metadata"]:
            raise BoxFileError(
                f"The layer {attributes['name']} is no box of an organ: save it with another "
                "writer, or leave it out of the selection."
            )
    grids = [attributes["metadata"]["grid"] for attributes in found]
    if not all(grid.matches(grids[0]) for grid in grids):
        raise BoxFileError("The boxes are of several scans: save those of each scan apart.")
    plain = list(map(_plain_name, found))
    boxes, colors = {}, {}
    for attributes, name in zip(found, plain, strict=True):
        if plain.count(name) > 1:
            name = attributes["name"].replace(" box", "", 1)
        boxes[name] = attributes["metadata"]["box"]
        colors[name] = rgb_to_hex(attributes["edge_color"])[0][:7]
    write_boxes(path, NamedBoxes(grids[0], boxes, colors))
    return [path]


def _plain_name(attributes: dict[str, Any]) -> str:
    """What a box layer is called, without what tells it from others of its name."""
    name, organ = str(attributes["name"]), str(attributes["metadata"]["organ"])
    is_ours = re.fullmatch(rf"{re.escape(organ)} box( \(.*\)| \[\d+\])*", name)
    return organ if is_ours else name.removesuffix(" box")
