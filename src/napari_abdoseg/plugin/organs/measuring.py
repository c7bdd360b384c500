"""Measures of a Labels layer's organs: counted once in a thread, then kept by each stroke."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property

from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import Signal

from napari_abdoseg.anatomy.measure import OrganMeasures
from napari_abdoseg.anatomy.sides import OnePieceError, split_sides
from napari_abdoseg.anatomy.tally import Edit, Tally, names_of
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.layers.conversion import label_map_of
from napari_abdoseg.plugin.paint_events.label_edits import LabelEdits


@dataclass(frozen=True)
class OrganTable:
    """What a Labels layer holds.

    Parameters
    ----------
    grid : Grid or None
        None where the layer is no label map of a volume.
    organs : tuple of Organ
        All of them, there or not.
    measures : dict of Organ to OrganMeasures
        Of those that are there.
    sides : dict of Organ to dict of str to OrganMeasures
        Right and left of those that are split.
    one_piece : dict of Organ to str
        Those that can't be split, and why.
    problem : str
        Why there is nothing to measure.
    """

    grid: Grid | None = None
    organs: tuple[Organ, ...] = ()
    measures: dict[Organ, OrganMeasures] = field(default_factory=dict)
    sides: dict[Organ, dict[str, OrganMeasures]] = field(default_factory=dict)
    one_piece: dict[Organ, str] = field(default_factory=dict)
    problem: str = ""

    @cached_property
    def owners(self) -> dict[str, Organ]:
        """The organ of each name of an organ or a side."""
        sides = {name: organ for organ, names in self.sides.items() for name in names}
        return {**sides, **{organ.name: organ for organ in self.organs}}

    def by_name(self) -> dict[str, OrganMeasures]:
        """Measures of organs and of sides, such as ``"kidney"`` and ``"left kidney"``."""
        organs = {organ.name: measures for organ, measures in self.measures.items()}
        return {
            name: each for part in (organs, *self.sides.values()) for name, each in part.items()
        }


NOTHING = OrganTable()


def count_layer(
    layer: Labels, split: frozenset[Organ], scan: Volume | None = None
) -> tuple[OrganTable, Tally | None]:
    """Measure a layer's organs, and right and left of those in ``split``."""
    try:
        labels = label_map_of(layer)
        tally = Tally(labels, scan)
    except AbdosegError as error:
        return OrganTable(problem=str(error)), None
    sides, one_piece = {}, {}
    for organ in split:
        try:
            sides[organ] = split_sides(labels, organ)
        except OnePieceError as error:
            one_piece[organ] = str(error)
    table = OrganTable(labels.grid, labels.organs, tally.measures(), sides, one_piece)
    return table, tally


class Measuring:
    """Keeps the measures of a Labels layer right.

    A stroke, its undo and its redo change them at once; after any other change,
    where an edit does not fit what was counted, and for the sides of split organs,
    the layer is counted again in a thread. `is_current` tells whether the measures of
    organs hold all that was edited.

    Parameters
    ----------
    viewer : ViewerModel
    layer : Labels
    """

    measured = Signal(OrganTable)
    named = Signal(tuple)
    """The organs, of which some are called otherwise, or are added or gone."""

    def __init__(self, viewer: ViewerModel, layer: Labels) -> None:
        self.split: frozenset[Organ] = frozenset()
        self.is_current = False
        self._scan: Volume | None = None
        self._layer = layer
        self._table = NOTHING
        self._tally: Tally | None = None
        self._counting = LatestWork(self._count)
        self._counting.yielded.connect(self._take)
        self._edits = LabelEdits(viewer, layer)
        self._edits.edited.connect(self._apply)
        self._edits.changed.connect(self.start)

    @property
    def scan(self) -> Volume | None:
        """The scan on the labels' grid, for the mean HU."""
        return self._scan

    @scan.setter
    def scan(self, scan: Volume | None) -> None:
        self._scan = scan
        self.start()

    def start(self) -> None:
        """Count in a thread, once edits have settled; what was never counted at once."""
        self.is_current = False
        if self._table is NOTHING:
            self._counting.start_now()
        else:
            self._counting.start_soon()

    def close(self) -> None:
        """Measure no more, and forget what is being counted."""
        self._edits.close()
        self._counting.close()

    def _apply(self, edits: list[Edit]) -> None:
        names = names_of(edits)
        if names is not None:
            self.named.emit(names.organs_after)
            self.start()
            return
        # What a thread is counting may or may not hold the edit.
        if self._tally is None or self._counting.is_busy:
            self.start()
            return
        for edit in edits:
            self._tally.apply(edit)
        if not self._tally.is_possible or self._has_new_label(self._tally):
            self.start()
            return
        self._table = replace(self._table, measures=self._tally.measures())
        self.measured.emit(self._table)
        if self._table.sides:
            self._counting.start_soon()

    def _has_new_label(self, tally: Tally) -> bool:
        """Whether a layer without names has a label that was not in it before."""
        return "organs" not in self._layer.metadata and tally.has_other_than(self._table.organs)

    def _count(self) -> Iterator[tuple[OrganTable, Tally | None]]:
        yield count_layer(self._layer, self.split, self._scan)

    def _take(self, counted: tuple[OrganTable, Tally | None]) -> None:
        if self._counting.is_waiting:
            return
        self._table, self._tally = counted
        self.is_current = True
        if self._edits.is_in_stroke:
            self._tally = None  # it may hold a part of the stroke, of which all is told at its end
        self.measured.emit(self._table)
