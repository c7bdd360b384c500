"""Places that are in doubt, as files name them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.plausibility.doubt import Doubt
from napari_abdoseg.image.grid import Grid


def doubt_entry(doubt: Doubt, grid: Grid) -> dict[str, Any]:
    """A doubt, ready for JSON; voxels in the file's own axis order, positions in RAS+ mm."""
    return {
        "organ": doubt.organ.name,
        "value": doubt.organ.value,
        "kind": str(doubt.kind),
        "certainty": doubt.certainty.word,
        "seen": doubt.words,
        "volume_ml": round(doubt.volume_ml, 3),
        "voxel": [round(index) for index in grid.stored_index(doubt.voxel)],
        "position_mm": [round(float(value), 3) for value in grid.ras_position(doubt.voxel)],
        **box_entry(doubt.box, grid),
    }


def box_entry(box: Box, grid: Grid) -> dict[str, Any]:
    """A box, half open in voxels of the file's own axis order, and in RAS+ mm."""
    start, stop = box.stored_bounds(grid)
    low, high = box.ras_bounds(grid)
    return {
        "box_voxels": {"start": list(start), "stop": list(stop)},
        "box_mm": {"min": [round(v, 3) for v in low], "max": [round(v, 3) for v in high]},
    }


def kinds_by_value(entries: Iterable[dict[str, Any]]) -> dict[int, str]:
    """What is in doubt of each organ that is, such as ``"hole, several pieces"``."""
    kinds: dict[int, set[str]] = {}
    for entry in entries:
        kinds.setdefault(entry["value"], set()).add(entry["kind"])
    return {value: ", ".join(sorted(found)) for value, found in kinds.items()}
