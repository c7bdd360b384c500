"""The organs of one Labels layer in a viewer: what is shown of them, and what they measure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from weakref import WeakValueDictionary

from napari.components import ViewerModel
from napari.layers import Labels, Layer
from napari.utils.notifications import show_info
from psygnal import Signal

from napari_abdoseg.anatomy import bile_duct
from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.layers.boxes import follow_boxes
from napari_abdoseg.plugin.layers.conversion import box_layer, name_organs, surface_layer
from napari_abdoseg.plugin.layers.linked_layers import LinkedLayers, Look
from napari_abdoseg.plugin.layers.masks import Masks
from napari_abdoseg.plugin.layers.surfaces import follow_surfaces
from napari_abdoseg.plugin.organs.bile_duct_region import COLOR, RegionFinding
from napari_abdoseg.plugin.organs.candidate_duct import DuctFinding
from napari_abdoseg.plugin.organs.expected_quality import QualityFinding
from napari_abdoseg.plugin.organs.eyes import Eyes
from napari_abdoseg.plugin.organs.first_shown import Shown, first_shown, remember_shown
from napari_abdoseg.plugin.organs.isolate import Isolation, Part
from napari_abdoseg.plugin.organs.matching_scan import ScanFinding
from napari_abdoseg.plugin.organs.measuring import Measuring, OrganTable
from napari_abdoseg.plugin.organs.surface_making import SurfaceMaking
from napari_abdoseg.plugin.painting.painted_organ import Painting
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.focus import focus_on
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped
from napari_abdoseg.plugin.widgets.certain import sure

_scenes: WeakValueDictionary[Labels, OrganScene] = WeakValueDictionary()


def organ_scene(viewer: ViewerModel, layer: Labels) -> OrganScene:
    """The scene of a Labels layer; it lives as long as the layer is in the viewer."""
    scene = _scenes.get(layer)
    if scene is None:
        scene = _scenes[layer] = OrganScene(unwrapped(viewer), layer)
    return scene


class OrganScene:
    """Brings together what belongs to the organs of a Labels layer.

    `masks`, `surfaces` and `boxes` are what is shown, by name, and `eyes` all of them
    together; `solo` shows one
    organ alone; `painting` has the brush and the locks; `region` is the
    bile-duct search region, `duct` the candidate bile duct. All of it follows when the labels
    are edited.
    Deleting the Labels layer deletes boxes and surfaces.

    Parameters
    ----------
    viewer : ViewerModel
    layer : Labels
    """

    changed = Signal()
    """Measures, or what is shown, are no longer what they were."""

    def __init__(self, viewer: ViewerModel, layer: Labels) -> None:
        self.layer = layer
        self.table = OrganTable()
        self.masks = Masks(layer)
        self.masks.organs = tuple(layer.metadata.get("organs", ()))
        self.surfaces = LinkedLayers(viewer, layer, "surface", surface_layer, self.look)
        self.boxes = LinkedLayers(viewer, layer, "box", box_layer, self.look)
        self.parts = self.masks, self.surfaces, self.boxes
        self.eyes = Eyes(self.parts)
        self.solo = Isolation(self.parts)
        self.region = RegionFinding(layer)
        self.duct = DuctFinding(layer)
        self.quality = QualityFinding(layer)
        self._viewer = viewer
        self._smoothing = "light"
        is_seen = layer.visible or not cases_in_view(viewer).is_in_view(layer)
        self._undecided = is_seen and "organs" in layer.metadata
        self._awaited = False
        self._remembering = LatestWork(_remembering)
        self._surface_making = SurfaceMaking(layer)
        self._scan = ScanFinding(viewer, layer)
        self._measuring = Measuring(viewer, layer)
        self.painting = Painting(viewer, layer)
        follow_boxes(viewer)
        follow_surfaces(viewer)
        self._connect()
        if not self._scan.follow(layer.metadata.get("grid")):  # a scan starts it too
            self._measuring.start()

    @property
    def smoothing(self) -> str:
        """How much the surfaces are smoothed, one of `SMOOTHINGS`."""
        return self._smoothing

    @smoothing.setter
    def smoothing(self, smoothing: str) -> None:
        self._smoothing = smoothing
        self._make_surfaces()

    @property
    def is_current(self) -> bool:
        """Whether the table's measures and boxes of organs hold all that was edited."""
        return self._measuring.is_current

    def show_at_first(self) -> None:
        """Show once what is shown at first, as soon as organs are measured, if named and seen."""
        self._awaited = self._undecided and not self.table.measures
        if self._undecided and not self._awaited:
            self._show_first(self.table.organs, self.table.measures)

    def _take_names(self, organs: tuple[Organ, ...]) -> None:
        """Organs were called otherwise, or added; or that was undone or redone."""
        name_organs(self.layer, organs)
        self.masks.organs = organs
        before = {organ.value for organ in self.table.organs}
        now = {organ.value for organ in organs}
        if self.layer.selected_label in before - now:
            self.layer.selected_label = min(now, default=1)
        self.rename(organs)

    def rename(self, organs: Iterable[Organ]) -> None:
        """Follow a layer whose organs are called otherwise now; what is shown stays so."""
        names = {organ.value: organ.name for organ in organs}
        new_names = {old.name: names.get(old.value) for old in self.table.organs}
        for part in (self.boxes, self.surfaces):
            shown = (new_names.get(name) for name, on in part.state().items() if on)
            part.show({name: True for name in shown if name})
        self._measuring.start()

    def show_when_measured(self, organs: Sequence[Organ]) -> None:
        """Show what is shown at first of organs, as soon as they are there."""
        self._show_first(organs, organs)

    def _show_first(self, organs: Sequence[Organ], present: Iterable[Organ]) -> None:
        self._undecided = False
        shown = first_shown(organs, present, self.layer.metadata.get("shown"))
        parts: tuple[Part, ...] = self.parts
        for part, names in zip(parts, (shown.masks, shown.surfaces, shown.boxes)):
            part.show({organ.name: organ.name in names for organ in organs})

    def show_all(self, shown: bool) -> None:
        """Show or hide all masks, surfaces and boxes."""
        self._undecided = False
        self.solo.forget()
        for part in self.parts:
            part.show(dict.fromkeys(part.state(), shown))

    def toggle_solo(self, organ: Organ) -> None:
        """Show an organ alone, or again what was shown before."""
        if self.solo.name == organ.name:
            self.solo.stop()
        else:
            self.solo.start(organ.name, self.table.sides.get(organ, {}).keys())
        self.changed.emit()

    def set_opacity(self, organ: Organ, opacity: float) -> None:
        """Give an organ's mask, surface and box another opacity, above 0 to 1."""
        self.masks.set_opacity(organ, opacity)
        self._follow_looks()

    def is_split(self, organ: Organ) -> bool:
        """Whether an organ's right and left are measured apart."""
        return organ in self._measuring.split

    def toggle_split(self, organ: Organ) -> None:
        """Measure right and left of an organ apart, or together again."""
        self._measuring.split ^= {organ}
        self._measuring.start()

    def look(self, name: str) -> Look:
        """Colour and opacity of an organ, a side or the region."""
        organ = self.table.owners.get(name)
        if organ is None:
            return COLOR, 1.0
        return self.masks.color(organ), self.masks.opacity(organ)

    def boxes_by_name(self) -> dict[str, Box]:
        """Boxes of organs and sides, and that of the bile-duct search region."""
        boxes = {name: measures.box for name, measures in self.table.by_name().items()}
        if self.region.region is not None:
            boxes[bile_duct.NAME] = self.region.region.box
        return boxes

    def go_to(self, name: str) -> None:
        """Bring all panels to an organ, a side or the region, and zoom to its box.

        Of the region there is nothing to see but its box: that is shown.
        """
        box = self.boxes_by_name().get(name)
        if box is not None:
            focus_on(self._viewer, box, sure(self.table.grid))
            if name == bile_duct.NAME:
                self.boxes.show({name: True})

    def _connect(self) -> None:
        self._measuring.measured.connect(self._take)
        self._measuring.named.connect(self._take_names)
        self._scan.found.connect(self._take_scan)
        self._surface_making.made.connect(self.surfaces.put)
        self._surface_making.rested.connect(self._find_again)
        self.region.found.connect(self._offer_boxes)
        self.surfaces.changed.connect(self._make_surfaces)
        findings = self.duct.found, self.region.found, self.quality.found
        for signal in (self.surfaces.changed, self.boxes.changed, *findings):
            signal.connect(self.changed.emit)
        self.layer.events.colormap.connect(self._follow_looks)
        for changed in (self.surfaces.changed, self.boxes.changed, self.layer.events.colormap):
            changed.connect(self._remember)

        def on_removed(event: Any) -> None:
            self._forget(event.value)

        self._on_removed = on_removed  # a function keeps the scene alive, a method would not
        self._viewer.layers.events.removed.connect(on_removed)

    def _take(self, table: OrganTable) -> None:
        self.table = table
        self._measuring.split -= table.one_piece.keys()
        for reason in table.one_piece.values():
            show_info(reason)
        self.masks.organs = self.painting.organs = table.organs
        self._scan.follow(table.grid)
        self._offer_boxes()
        self.surfaces.offer(organ.name for organ in table.measures)
        if self._awaited:
            self.show_at_first()
        self._make_surfaces()
        self.changed.emit()

    def _find_again(self) -> None:
        """Look again for what organs lead to, once their surfaces are there."""
        self.duct.follow(self.table)
        self.region.follow(self.table)

    def _take_scan(self, scan: Any) -> None:
        self._measuring.scan = scan

    def _offer_boxes(self) -> None:
        grid = self.table.grid
        if grid is None:  # a region that was found may be of a label map before
            self.boxes.offer(())
            return
        boxes = self.boxes_by_name()
        for name, box in boxes.items():
            self.boxes.put(name, box, grid)
        self.boxes.offer(boxes)

    def _make_surfaces(self) -> None:
        """Make the surfaces that are shown and out of date."""
        shown = self.surfaces.state()
        organs = [(o, m.box) for o, m in self.table.measures.items() if shown.get(o.name)]
        self._surface_making.request(organs, self._smoothing)

    def _follow_looks(self, event: object = None) -> None:
        for part in (self.surfaces, self.boxes):
            part.follow_looks()
        self.changed.emit()

    def _remember(self, event: object = None) -> None:
        """Keep what the user shows of many organs, unless it is put away or shown alone."""
        if self.layer.visible and not self.solo.name:
            masks = tuple(name for name, on in self.masks.state().items() if on)
            surfaces, boxes = tuple(self.surfaces.wanted), tuple(self.boxes.wanted)
            self._remembering.start_soon(self.table.organs, Shown(masks, surfaces, boxes))

    def _forget(self, layer: Layer) -> None:
        """A layer has left the viewer."""
        if layer is self.layer:
            self._close()
        for part in (self.surfaces, self.boxes):
            part.forget(layer)

    def _close(self) -> None:
        self.layer.events.colormap.disconnect(self._follow_looks)
        self.layer.events.colormap.disconnect(self._remember)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        for work in (
            *(self._measuring, self._surface_making, self.duct, self.region, self.quality),
            *(self._scan, self._remembering),
        ):
            work.close()
        for shown in (self.painting, self.surfaces, self.boxes):
            shown.close()


def _remembering(organs: Sequence[Organ], shown: Shown) -> Iterator[None]:
    remember_shown(organs, shown)
    yield
