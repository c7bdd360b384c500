"""Surfaces of organs, made in a thread and again for what was edited."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import numpy as np
from napari.layers import Labels
from psygnal import Signal

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.surface import Surface, SurfaceError, organ_surface
from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.layers.conversion import label_map_of


class SurfaceMaking:
    """Makes surfaces of organs whose voxels are no longer what they were.

    Parameters
    ----------
    layer : Labels
    """

    made = Signal(str, Surface, Grid)
    """The surface of an organ, by name."""
    rested = Signal()
    """All surfaces are there that were asked for."""

    def __init__(self, layer: Labels) -> None:
        self._layer = layer
        self._made_of: dict[str, object] = {}
        self._background = LatestWork(self._make)
        self._background.yielded.connect(lambda made: self.made.emit(*made))
        self._background.rested.connect(self.rested.emit)
        self.close = self._background.close

    def request(self, organs: Iterable[tuple[Organ, Box]], smoothing: str) -> None:
        """Make the surfaces of organs in their boxes, those alone that are out of date.

        The first of them are made at once, others when edits have settled.
        """
        organs = tuple(organs)
        is_first = organs and not self._made_of
        make = self._background.start_now if is_first else self._background.start_soon
        make(organs, smoothing)

    def _make(
        self, organs: tuple[tuple[Organ, Box], ...], smoothing: str
    ) -> Iterator[tuple[str, Surface, Grid]]:
        try:
            labels = label_map_of(self._layer)
        except ImageError:
            return
        for organ, box in organs:
            mask = np.equal(labels.data[box.slices], organ.value, order="C")
            made_of = smoothing, box, zlib.crc32(mask)
            if self._made_of.get(organ.name) == made_of:
                continue
            try:
                surface = organ_surface(mask, box, labels.grid, smoothing)
            except SurfaceError:
                continue  # erased meanwhile
            self._made_of[organ.name] = made_of
            yield organ.name, surface, labels.grid
