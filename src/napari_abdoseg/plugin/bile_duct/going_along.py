"""Going along the bile duct from the hilum to the papilla, step by step, in all panels."""

from __future__ import annotations

from collections.abc import Iterator
from weakref import ref

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.notifications import show_info
from qtpy.QtCore import QObject, Signal

from napari_abdoseg.anatomy.bile_duct import Course
from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.correction.checked_places import Mark, read_marks
from napari_abdoseg.correction.journal.places import CaseFiles
from napari_abdoseg.image.grid import Shape, Triple
from napari_abdoseg.plugin.bile_duct.way_in_view import way_in_view
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.saving.label_maps import saving
from napari_abdoseg.plugin.saving.mark_writing import case_files, mark_writing
from napari_abdoseg.plugin.viewing.focus import focus_on, look_at, shown_place
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.certain import sure

STEP_ROWS = 3
"""Points of the course from one place to the next; they are 1 mm apart."""
SEEN_MM = 3.0
"""So far around a place that was visited the course counts as seen."""
AROUND_MM = 60.0
"""What slices show around the first place at least."""
KIND, NAME = "gone along", "bile duct"
"""What marks of visited places are called in the case's file."""
NO_LABELS = "There is no label map in view: open one, or segment a CT."
LOOKING = "Looking for the way along the bile duct…"
LOWER, UPPER = "lower end, at the papilla", "upper end, at the hilum"
END = "This is the {}: {} of {} mm of the way were seen."


def going_along(viewer: ViewerModel) -> GoingAlong:
    """What goes along the bile duct in a viewer."""
    return state_of(viewer, GoingAlong)


class GoingAlong(QObject):
    """Brings all panels from one place on the way to the next, and keeps which were visited.

    Parameters
    ----------
    viewer : ViewerModel

    Attributes
    ----------
    row : int or None
        The point of the course that panels were brought to last.
    seen : ndarray of bool, shape (n,)
        Which points of the course were seen.
    """

    changed = Signal()

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self.way = way_in_view(viewer)
        self.row: int | None = None
        self.seen = np.zeros(0, bool)
        self._viewer = ref(viewer)
        self._course: Course | None = None
        self._marks: list[Mark] | None = None
        self._asked: int | None = None
        self._reading = LatestWork(_read)
        self._reading.yielded.connect(self._take_marks)
        self.way.turned.connect(self._turn)
        self.way.changed.connect(self._follow_way)
        saving(viewer).ended.connect(self._follow_file)
        self._follow_way()

    @property
    def length_mm(self) -> float:
        """Of the way; 0 if there is none."""
        return 0.0 if self._course is None else self._course.length_mm

    @property
    def seen_mm(self) -> float:
        """How much of the way was seen."""
        return float(self.seen.mean()) * self.length_mm if len(self.seen) else 0.0

    def down(self) -> None:
        """Go on towards the papilla; at first to where nobody has looked yet."""
        self._ask(1)

    def up(self) -> None:
        """Go back towards the hilum."""
        self._ask(-1)

    def go_to(self, voxel: Triple) -> None:
        """Bring all panels to a voxel, of which the nearest place on the way is the next one's."""
        course = sure(self._course)
        self.row = course.nearest(voxel)
        look_at(sure(self._viewer()), shown_place(course.grid, voxel))
        self.changed.emit()

    def go_to_row(self, row: int) -> None:
        """Bring all panels to a point of the course, and keep that it was visited."""
        viewer, course = sure(self._viewer()), sure(self._course)
        voxel = _voxel(course, row)
        if self.row is None:
            focus_on(viewer, _box(voxel), course.grid, _rounded(voxel), AROUND_MM)
        else:
            look_at(viewer, shown_place(course.grid, voxel))
        self.row = row
        self._visit(voxel)
        viewer.status = self._words(row)
        self.changed.emit()

    def _ask(self, direction: int) -> None:
        """Go on at once, or as soon as the way is known."""
        if self.way.layer is None or self.way.problem:
            show_info(self.way.problem or NO_LABELS)
            return
        self._asked = direction
        self.way.look()
        self._answer()
        if self._asked is not None:
            sure(self._viewer()).status = LOOKING

    def _answer(self) -> None:
        if self._asked is None:
            return
        if self.way.problem:
            self._asked = None
            show_info(self.way.problem)
        elif self._course is not None and self._marks is not None:
            direction, self._asked = self._asked, None
            self._step(direction)

    def _step(self, direction: int) -> None:
        last = len(self.seen) - 1
        if self.row is None:
            unseen = np.flatnonzero(~self.seen)
            first = int(unseen[0]) if len(unseen) else 0
            self.go_to_row(first if direction > 0 else last)
            return
        row = int(np.clip(self.row + direction * STEP_ROWS, 0, last))
        if row == self.row:
            end = LOWER if direction > 0 else UPPER
            show_info(END.format(end, round(self.seen_mm), round(self.length_mm)))
        else:
            self.go_to_row(row)

    def _turn(self) -> None:
        """Another label map is in view."""
        self.row, self._course, self._marks, self._asked = None, None, None, None
        self.seen = np.zeros(0, bool)

    def _follow_way(self) -> None:
        """Go on where panels are, though the way may lie otherwise now."""
        way, before = self.way.way, self._course
        self._course = None if way is None else way.course
        if self._course is None:
            self.row = None
        elif self._course is not before:
            if before is not None and self.row is not None:
                self.row = self._course.nearest(_voxel(before, self.row))
            if self._marks is None:
                self._reading.start_soon(sure(self.way.layer), self._files())
        self._count()
        self._answer()
        if way is None and self._asked is not None:
            self.way.look()

    def _take_marks(self, read: tuple[Labels, tuple[Mark, ...]]) -> None:
        layer, marks = read
        if layer is not self.way.layer or self._marks is not None:
            return
        self._marks = [mark for mark in marks if mark.kind == KIND]
        self._count()
        self._answer()

    def _visit(self, voxel: Triple) -> None:
        mark = Mark.of(KIND, NAME, _rounded(voxel), _box(voxel), sure(self._course).grid)
        sure(self._marks).append(mark)
        mark_writing(sure(self._viewer())).write(self._files(), [mark])
        self._count()

    def _count(self) -> None:
        """Find out which points of the course are near a place that was visited."""
        course = self._course
        self.seen = np.zeros(0 if course is None else len(course.points), bool)
        if course is not None:
            for voxel in self._visited():
                self.seen |= course.distances(course.grid.screen_index(voxel)) <= SEEN_MM
        self.changed.emit()

    def _visited(self) -> Iterator[Shape]:
        """Voxels in the file's own order, of which the last word is that they were visited."""
        last_words = {mark.voxel: mark.checked for mark in self._marks or ()}
        return (voxel for voxel, checked in last_words.items() if checked)

    def _words(self, row: int) -> str:
        duct, whole = self.way.duct, self.length_mm
        here = whole * row / (len(self.seen) - 1)
        words = f"Along the bile duct: {here:.0f} of {whole:.0f} mm from the upper end"
        if duct is None:
            return words
        width = duct.diameters[row]
        return f"{words}, {width:.1f} mm wide here" if width else f"{words}, in a gap"

    def _files(self) -> CaseFiles:
        layer, grid = sure(self.way.layer), sure(self._course).grid
        return case_files(sure(self._viewer()), layer, grid)

    def _follow_file(self, layer: Labels, reason: str) -> None:
        """A layer was saved: marks go where it is now."""
        if layer is self.way.layer and not reason and self._marks and self._course is not None:
            mark_writing(sure(self._viewer())).write(self._files(), self._marks)


def _read(layer: Labels, files: CaseFiles) -> Iterator[tuple[Labels, tuple[Mark, ...]]]:
    yield layer, read_marks(files)


def _voxel(course: Course, row: int) -> Triple:
    z, y, x = (float(value) for value in course.voxels[row])
    return z, y, x


def _rounded(voxel: Triple) -> Shape:
    z, y, x = (round(value) for value in voxel)
    return z, y, x


def _box(voxel: Triple) -> Box:
    """That of one voxel."""
    z, y, x = _rounded(voxel)
    return Box((z, y, x), (z + 1, y + 1, x + 1))
