"""The places of the label map in view that are worth a look, and the way from one to the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any
from weakref import ref

from napari.components import ViewerModel
from napari.layers import Image, Labels
from napari.utils.notifications import show_info
from qtpy.QtCore import QObject, QTimer, Signal

from napari_abdoseg.correction.checked_places import Mark, read_marks
from napari_abdoseg.correction.journal.places import CaseFiles
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.review.disagreement import Disagreement
from napari_abdoseg.inference.review.where_to_look import PlaceToLook, places_to_look
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.layers.conversion import label_map_of
from napari_abdoseg.plugin.layers.in_view import label_map_in_view
from napari_abdoseg.plugin.organs.matching_scan import scan_on
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.paint_events.label_edits import LabelEdits
from napari_abdoseg.plugin.review.disagreement_layer import disagreement_of
from napari_abdoseg.plugin.saving.label_maps import saving
from napari_abdoseg.plugin.saving.mark_writing import case_files, mark_writing
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.focus import focus_on
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.certain import sure

LEAST_MM = 60.0
"""What is shown around a place at least."""
REST_MS = 2000
"""Rest after edits before places are looked for again."""
NO_LABELS = "There is no label map in view: open one, or segment a CT."
LOOKING = "Looking for places…"
NONE = "There is no place that is worth a look."
ALL = "All {} places are checked."


def where_to_look(viewer: ViewerModel) -> WhereToLook:
    """The places of the label map that is in view of a viewer."""
    return state_of(viewer, WhereToLook)


class WhereToLook(QObject):
    """Finds places in a thread, goes from one to the next, and keeps which were checked.

    Places are found again when the label map has changed and somebody asks for them: by
    `next_place`, or while `is_watched`.

    Parameters
    ----------
    viewer : ViewerModel

    Attributes
    ----------
    layer : Labels or None
        The label map in view.
    places : tuple of PlaceToLook
    current : PlaceToLook or None
        The one that panels were brought to last.
    is_looking : bool
        Places are being looked for.
    problem : str
        Why places can't be found, or nothing.
    """

    changed = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self.layer: Labels | None = None
        self.places: tuple[PlaceToLook, ...] = ()
        self.current: PlaceToLook | None = None
        self.is_looking = False
        self.problem = ""
        self._viewer = ref(viewer)
        self._grid: Grid | None = None
        self._marks: list[Mark] = []
        self._is_watched = self._is_stale = self._is_awaited = False
        self._edits: LabelEdits | None = None
        self._finding = LatestWork(_find)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._look_if_watched)
        self._finding.yielded.connect(lambda found: self._take(*found))
        self._connect(viewer)
        self._follow()

    @property
    def is_watched(self) -> bool:
        """Whether places are shown, so that they are found again after edits."""
        return self._is_watched

    @is_watched.setter
    def is_watched(self, watched: bool) -> None:
        self._is_watched = watched
        self._look_if_watched()

    def is_checked(self, place: PlaceToLook) -> bool:
        """Whether somebody has checked a place."""
        grid = sure(self._grid)
        marks = (
            mark
            for mark in reversed(self._marks)
            if mark.is_of(place.kind, place.name, place.voxel, place.box, grid)
        )
        last = next(marks, None)
        return last is not None and last.checked

    @property
    def unchecked(self) -> tuple[PlaceToLook, ...]:
        """Places that nobody has checked."""
        return tuple(place for place in self.places if not self.is_checked(place))

    def check(self, place: PlaceToLook, checked: bool = True) -> None:
        """Keep with the case that a place was checked, or that it wasn't."""
        mark = Mark.of(place.kind, place.name, place.voxel, place.box, sure(self._grid), checked)
        self._marks.append(mark)
        self._write([mark])
        self.changed.emit()

    def go_to(self, place: PlaceToLook) -> None:
        """Bring all panels to a place."""
        viewer = sure(self._viewer())
        self.current = place
        focus_on(viewer, place.box, sure(self._grid), place.voxel, LEAST_MM)
        if place.organ is None:  # there is nothing of it to see but its box
            organ_scene(viewer, sure(self.layer)).boxes.show({place.name: True})
        number = self.places.index(place) + 1
        viewer.status = f"{number} of {len(self.places)}: {place.name}, {place.words}"
        self.changed.emit()

    def next_place(self) -> None:
        """Check the place that panels were brought to, and go to the next unchecked one."""
        if self.layer is None or self.problem:
            show_info(self.problem or NO_LABELS)
        elif self.is_looking or self._is_stale:
            self._is_awaited = True
            self._look()
        else:
            self._go_on()

    def place_before(self) -> None:
        """Go to the place before, checked or not."""
        if self.current in self.places:
            place = sure(self.current)
            self.go_to(self.places[self.places.index(place) - 1])

    def _go_on(self) -> None:
        begin = 0
        if self.current in self.places:
            place = sure(self.current)
            begin = self.places.index(place) + 1
            if not self.is_checked(place):
                self.check(place)
        left = [*self.places[begin:], *self.places[:begin]]
        place_left = next((place for place in left if not self.is_checked(place)), None)
        if place_left is not None:
            self.go_to(place_left)
        else:
            show_info(ALL.format(len(self.places)) if self.places else NONE)

    def _connect(self, viewer: ViewerModel) -> None:
        cases_in_view(viewer).changed.connect(self._follow)
        saving(viewer).ended.connect(self._follow_file)
        layers = viewer.layers
        layers.events.inserted.connect(self._follow_new)
        for event in (layers.events.removed, layers.selection.events.active):
            event.connect(self._follow)

    def _follow_new(self, event: Any) -> None:
        """A layer came, which may be the scan of the one in view."""
        self._follow()
        if isinstance(event.value, Image):
            self._grow_stale()

    def _follow(self, event: Any = None) -> None:
        """Turn to the label map that is in view now."""
        viewer = sure(self._viewer())
        layer = label_map_in_view(viewer)
        if layer is self.layer:
            return
        self._let_go()
        self.layer, self.places, self.current, self._marks = layer, (), None, []
        self._grid = None
        self.problem = ""
        self.is_looking, self._is_awaited = False, False
        self._is_stale = layer is not None
        if layer is not None and layer.ndim == 3:
            self._edits = LabelEdits(viewer, layer)
            self._edits.edited.connect(self._grow_stale)
            self._edits.changed.connect(self._grow_stale)
            layer.events.features.connect(self._grow_stale)  # organs have other names
        self.changed.emit()
        self._look_if_watched()

    def _let_go(self) -> None:
        """Follow the edits of a label map no longer."""
        if self._edits is not None:
            self._edits.close()
            self._edits = None
            sure(self.layer).events.features.disconnect(self._grow_stale)

    def _grow_stale(self, *_: Any) -> None:
        self._is_stale = True
        self._rest.start()

    def _look_if_watched(self) -> None:
        if self._is_watched and self._is_stale and self.layer is not None:
            self._look()

    def _look(self) -> None:
        viewer, layer = sure(self._viewer()), sure(self.layer)
        self._is_stale = False
        try:
            labels = label_map_of(layer)
        except AbdosegError as error:
            self._take(layer, None, (), (), str(error))
            return
        self.is_looking = True
        viewer.status = LOOKING
        _, volume = scan_on(viewer, labels.grid, layer)
        self._finding.start_soon(
            layer, labels, volume, disagreement_of(layer), self._case(labels.grid)
        )
        self.changed.emit()

    def _take(
        self,
        layer: Labels,
        grid: Grid | None,
        places: tuple[PlaceToLook, ...],
        marks: Iterable[Mark],
        problem: str = "",
    ) -> None:
        if layer is not self.layer:
            return
        is_first = self._grid is None
        self.is_looking, self.problem = self._finding.is_waiting, problem
        self._grid, self.places = grid, places
        if is_first:
            self._marks = [*marks, *self._marks]
        if self.current is not None:
            self.current = next((each for each in places if _same(each, self.current)), None)
        self.changed.emit()
        if self._is_awaited and not self.is_looking:
            self._is_awaited = False
            self.next_place()

    def _case(self, grid: Grid) -> CaseFiles:
        return case_files(sure(self._viewer()), sure(self.layer), grid)

    def _follow_file(self, layer: Labels, reason: str) -> None:
        """A layer was saved: marks go where it is now."""
        if layer is self.layer and not reason and self._marks:
            self._write(list(self._marks))

    def _write(self, marks: list[Mark]) -> None:
        mark_writing(sure(self._viewer())).write(self._case(sure(self._grid)), marks)


def _find(
    layer: Labels,
    labels: LabelMap,
    volume: Volume | None,
    disagreement: Disagreement | None,
    case: CaseFiles,
) -> Iterator[tuple[Labels, Grid, tuple[PlaceToLook, ...], tuple[Mark, ...]]]:
    now = replace(labels, data=labels.data.copy())  # painting may go on
    yield layer, labels.grid, places_to_look(now, volume, disagreement), read_marks(case)


def _same(place: PlaceToLook, before: PlaceToLook) -> bool:
    """Whether a place is one that was found before the label map changed."""
    is_alike = (place.kind, place.name) == (before.kind, before.name)
    return is_alike and place.box.holds(before.voxel) and before.box.holds(place.voxel)
