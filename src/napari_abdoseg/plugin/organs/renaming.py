"""Organs of a label map that a user calls otherwise, or adds: a step of undo each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from matplotlib.colors import to_rgb

from napari_abdoseg.anatomy.tally import NamesEdit
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.organs.scene import OrganScene
from napari_abdoseg.plugin.paint_events.tool_edits import apply_names


def rename_organ(scene: OrganScene, value: int, name: str) -> None:
    """Call an organ otherwise; its voxels and its colour stay.

    Raises
    ------
    CorrectionError
        It is not there, or the name is empty or another organ's.
    """
    organs = scene.table.organs
    if all(organ.value != value for organ in organs):
        raise CorrectionError("No organ is chosen: choose one in the list of organs.")
    name = free_name(scene, name)
    renamed = [replace(each, name=name) if each.value == value else each for each in organs]
    _set(scene, renamed, "rename")


def add_organ(scene: OrganScene, name: str) -> Organ:
    """Add an organ without voxels, with the first label that is free.

    Raises
    ------
    CorrectionError
        The name is empty or another organ's, or there is no label left.
    """
    name, data = free_name(scene, name), np.asarray(scene.layer.data)
    organs = scene.table.organs
    taken = {organ.value for organ in organs}
    largest = min(np.iinfo(data.dtype).max, np.iinfo(np.uint16).max)
    free = (value for value in range(1, largest + 1) if value not in taken)
    value = next((value for value in free if not (data == value).any()), None)
    if value is None:
        raise CorrectionError(
            f"All {largest} labels are taken: merge organs, or save the label map with fewer."
        )
    organ = Organ(value, name)
    _set(scene, [*organs, organ], "add organ")
    scene.masks.set_color(organ, to_rgb(organ.color))
    return organ


def free_name(scene: OrganScene, name: str) -> str:
    """A name without blanks around it, which no organ has.

    Raises
    ------
    CorrectionError
        It is empty, or another organ's.
    """
    name = " ".join(name.split())
    if not name:
        raise CorrectionError("Write what the organ is called.")
    if any(organ.name == name for organ in scene.table.organs):
        raise CorrectionError(f"There is a {name} already: write another name.")
    return name


def _set(scene: OrganScene, organs: Sequence[Organ], tool: str) -> None:
    edit = NamesEdit.of(scene.table.organs, sorted(organs))
    apply_names(scene.layer, edit, tool)
