"""The line to look along for the bile duct in the label map that is in view."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import ref

from napari.components import ViewerModel
from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from napari_abdoseg.anatomy.bile_duct import BileDuct, Way, way_along, way_to_duct
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.layers.conversion import label_map_of
from napari_abdoseg.plugin.layers.in_view import label_map_in_view
from napari_abdoseg.plugin.organs.bile_duct_region import is_expected
from napari_abdoseg.plugin.organs.candidate_duct import has_duct
from napari_abdoseg.plugin.organs.scene import OrganScene, organ_scene
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.certain import sure

Result = tuple[Labels, Way | None, str]


def way_in_view(viewer: ViewerModel) -> WayInView:
    """The line to look along in the label map that is in view of a viewer."""
    return state_of(viewer, WayInView)


class WayInView(QObject):
    """Follows the duct where one is labelled, or else the middle of the search region.

    That middle is found in a thread, again when the organs that lead to it have changed, and
    only while somebody wants it.

    Parameters
    ----------
    viewer : ViewerModel

    Attributes
    ----------
    layer : Labels or None
        The label map in view.
    way : Way or None
    problem : str
        Why there is no way, or nothing.
    """

    changed = Signal()
    turned = Signal()
    """Another label map is in view."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self.layer: Labels | None = None
        self.way: Way | None = None
        self.problem = ""
        self._viewer = ref(viewer)
        self._scene: OrganScene | None = None
        self._seen: tuple[Any, ...] = ()
        self._is_wanted = self._is_stale = self._is_of_duct = False
        self._finding = LatestWork(_find)
        self._finding.yielded.connect(self._take)
        cases_in_view(viewer).changed.connect(self._follow)
        layers = viewer.layers
        for event in (
            *(layers.events.inserted, layers.events.removed),
            layers.selection.events.active,
        ):
            event.connect(self._follow)
        self._follow()

    @property
    def duct(self) -> BileDuct | None:
        """The candidate duct, if there is one that can be followed."""
        return None if self._scene is None else self._scene.duct.duct

    @property
    def too_little(self) -> str:
        """Why a duct that is labelled can't be followed, or nothing."""
        return "" if self._scene is None else self._scene.duct.problem

    @property
    def grid(self) -> Grid | None:
        """Of the label map."""
        return None if self.way is None else self.way.course.grid

    @property
    def is_looking(self) -> bool:
        """Whether it is not known yet if there is a way."""
        return self.layer is not None and self.way is None and not self.problem

    @property
    def is_wanted(self) -> bool:
        """Whether somebody looks at it, so that it is found again after edits."""
        return self._is_wanted

    @is_wanted.setter
    def is_wanted(self, wanted: bool) -> None:
        self._is_wanted = wanted
        if wanted:
            self.look()

    def look(self) -> None:
        """Find the way, if that is not known."""
        if self._is_stale and self.layer is not None and self._is_measured():
            self._is_stale = False
            self._finding.start_soon(self.layer)

    def _follow(self, event: Any = None) -> None:
        """Turn to the label map that is in view now."""
        viewer = sure(self._viewer())
        layer = label_map_in_view(viewer)
        if layer is self.layer:
            return
        if self._scene is not None:
            self._scene.changed.disconnect(self._follow_scene)
        self.layer, self.way, self.problem = layer, None, ""
        self._scene = None if layer is None else organ_scene(viewer, layer)
        self._seen, self._is_of_duct = (), False
        self.turned.emit()
        if self._scene is not None:
            self._scene.changed.connect(self._follow_scene)
            self._follow_scene()
        else:
            self.changed.emit()

    def _follow_scene(self) -> None:
        """Take the duct as it was measured, or look for the region's middle again."""
        scene = sure(self._scene)
        table, duct, region = scene.table, scene.duct, scene.region
        seen = table.organs, table.problem, duct.result, duct.problem, region.result, region.problem
        if seen == self._seen:
            return
        self._seen = seen
        if duct.duct is not None:
            self._is_stale = False
            if self.way is not None and self.way.course is duct.duct.course:
                return
            self.way, self.problem, self._is_of_duct = way_along(duct.duct), "", True
        elif table.problem:
            self.way, self.problem = None, table.problem
        else:
            self._is_stale, self.problem = True, ""
            if self._is_of_duct:
                self.way, self._is_of_duct = None, False
            if self._is_wanted:
                self.look()
        self.changed.emit()

    def _is_measured(self) -> bool:
        """Whether all is known that the organs tell of a duct and of its region."""
        scene = sure(self._scene)
        table, duct, region = scene.table, scene.duct, scene.region
        is_duct_known = not has_duct(table) or bool(duct.problem)
        is_region_known = not is_expected(table) or bool(region.region or region.problem)
        return table.grid is not None and is_duct_known and is_region_known

    def _take(self, result: Result) -> None:
        layer, way, problem = result
        if layer is not self.layer or self.duct is not None:
            return
        self.way = way
        self.problem = f"{self.too_little} {problem}".strip() if problem else ""
        self.changed.emit()


def _find(layer: Labels) -> Iterator[Result]:
    try:
        yield layer, way_to_duct(label_map_of(layer)), ""
    except AbdosegError as error:
        yield layer, None, str(error)
