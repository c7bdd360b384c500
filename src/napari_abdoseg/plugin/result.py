"""A segmentation's result on the screen: masks, boxes, surfaces and the organ list."""

from __future__ import annotations

from napari import Viewer
from napari.layers import Image, Labels

from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.layers import add_beside, labels_layer
from napari_abdoseg.plugin.organ_scene import organ_scene


def show_result(viewer: Viewer, image: Image, label_map: LabelMap) -> Labels:
    """Show the organs of a scan.

    Parameters
    ----------
    viewer : Viewer
    image : Image
        The scan's layer.
    label_map : LabelMap
        Its organs, on the same grid.

    Returns
    -------
    Labels
        Named after the scan, and selected. Boxes and surfaces come a moment later,
        when the organs are measured.
    """
    layer = add_beside(viewer, image, labels_layer(label_map, f"{image.name} organs"))
    viewer.layers.selection = {layer}
    organ_scene(viewer, layer).show_when_measured(label_map.organs)
    dock, organs = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Organs")
    organs.choose(layer)
    dock.show()
    dock.raise_()
    return layer
