"""Phantoms of the abdomen alone, which take networks less time than a torso."""

from __future__ import annotations

import math
from functools import reduce

from napari_abdoseg.anatomy.box import Box, bounding_boxes
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.phantom import make_phantom
from napari_abdoseg.image.volume import LabelMap, Volume


def abdomen(seed: int, margin_mm: float) -> tuple[Volume, LabelMap]:
    """A phantom and its truth, cut so far around its organs."""
    torso, truth = make_phantom(seed)
    box = reduce(Box.union, bounding_boxes(truth).values())
    margins = [math.ceil(margin_mm / step) for step in torso.grid.spacing]
    place = tuple(
        slice(max(0, part.start - margin), part.stop + margin)
        for part, margin in zip(box.slices, margins, strict=True)
    )
    data, labels = torso.data[place], truth.data[place]
    grid = Grid.from_spacing(data.shape, torso.grid.spacing)
    return Volume(data, grid), LabelMap(labels, grid, truth.organs)
