"""The organs of one Labels layer in a viewer: masks, boxes and measures that stay together."""

from __future__ import annotations

from functools import partial
from typing import Any
from weakref import WeakValueDictionary

from napari.components import ViewerModel
from napari.layers import Labels, Layer, Shapes
from napari.utils.notifications import show_info
from numpy.typing import NDArray
from psygnal import Signal
from qtpy.QtCore import QTimer

from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.boxes import BoxDisplay
from napari_abdoseg.plugin.layers import add_beside, box_layer
from napari_abdoseg.plugin.masks import mask_color, mask_shown, show_mask
from napari_abdoseg.plugin.measuring import Measuring, OrganTable

_scenes: WeakValueDictionary[Labels, OrganScene] = WeakValueDictionary()


def organ_scene(viewer: ViewerModel, layer: Labels) -> OrganScene:
    """The scene of a Labels layer; it lives as long as the layer is in the viewer."""
    scene = _scenes.get(layer)
    if scene is None:
        scene = _scenes[layer] = OrganScene(viewer, layer)
    return scene


class OrganScene:
    """Masks, boxes and measures of the organs of a Labels layer.

    Boxes and measures follow when the labels are edited. Deleting the Labels
    layer deletes its boxes.

    Parameters
    ----------
    viewer : ViewerModel
    layer : Labels
    """

    changed = Signal()
    """Measures, masks or boxes are no longer what they were."""

    def __init__(self, viewer: ViewerModel, layer: Labels) -> None:
        self.layer = layer
        self.table = OrganTable()
        self._viewer = viewer
        self._displays: dict[str, BoxDisplay] = {}
        self._all_boxes_wanted = False
        self._measuring = Measuring(viewer, layer)
        self._measuring.measured.connect(self._take)
        layer.events.colormap.connect(self._tell)

        def on_removed(event: Any) -> None:
            self._forget(event.value)

        self._on_removed = on_removed  # a function keeps the scene alive, a method would not
        viewer.layers.events.removed.connect(on_removed)
        self._measuring.start()

    def color(self, organ: Organ) -> NDArray[Any]:
        """Colour of an organ's mask and box as RGB from 0 to 1."""
        return mask_color(self.layer, organ.value)[:3]

    def mask_shown(self, organ: Organ) -> bool:
        """Whether an organ's mask is switched on."""
        return mask_shown(self.layer, organ.value)

    def show_mask(self, organ: Organ, shown: bool) -> None:
        """Switch an organ's mask on or off."""
        show_mask(self.layer, organ.value, shown, [each.value for each in self.table.organs])

    def box_shown(self, name: str) -> bool:
        """Whether the box of an organ or a side, such as ``"left kidney"``, is visible."""
        return name in self._displays and self._displays[name].layer.visible

    def show_box(self, organ: Organ, name: str, shown: bool) -> None:
        """Show or hide the box of an organ or one side of it; it is made when first shown."""
        if name in self._displays:
            self._displays[name].layer.visible = shown
        elif shown:
            self._add_box(organ, name)
        self._tell()

    def show_all_boxes(self) -> None:
        """Show the box of each organ, once they are measured."""
        self._all_boxes_wanted = not self.table.measures
        for organ in self.table.measures:
            self.show_box(organ, organ.name, True)

    def is_split(self, organ: Organ) -> bool:
        """Whether an organ's right and left are measured apart."""
        return organ in self._measuring.split

    def toggle_split(self, organ: Organ) -> None:
        """Measure right and left of an organ apart, or together again."""
        self._measuring.split ^= {organ}
        self._measuring.start()

    def _take(self, table: OrganTable) -> None:
        self.table = table
        self._measuring.split -= table.one_piece.keys()
        for reason in table.one_piece.values():
            show_info(reason)
        found = table.by_name()
        for name, display in list(self._displays.items()):
            if name in found:
                display.box = found[name].box
            else:
                self._viewer.layers.remove(display.layer)
        if self._all_boxes_wanted:
            self.show_all_boxes()
        self._tell()

    def _add_box(self, organ: Organ, name: str) -> None:
        box, grid = self.table.by_name()[name].box, self.table.grid
        layer_data = box_layer(name, self.color(organ), box, grid)
        layer = add_beside(self._viewer, self.layer, layer_data)
        self._displays[name] = BoxDisplay(self._viewer, layer, box, grid)
        layer.events.visible.connect(self._tell)

    def _tell(self, event: object = None) -> None:
        self.changed.emit()

    def _forget(self, layer: Layer) -> None:
        """A layer has left the viewer."""
        if layer is self.layer:
            self._close()
        for name, display in list(self._displays.items()):
            if display.layer is layer:
                del self._displays[name]
                self._tell()

    def _close(self) -> None:
        self._measuring.close()
        self.layer.events.colormap.disconnect(self._tell)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        # napari may be removing several layers: the boxes' turn is after that.
        boxes = [display.layer for display in self._displays.values()]
        QTimer.singleShot(0, partial(_remove_layers, self._viewer, boxes))


def _remove_layers(viewer: ViewerModel, layers: list[Shapes]) -> None:
    for layer in layers:
        if layer in viewer.layers:
            viewer.layers.remove(layer)
