"""A segmentation's result on the screen: masks, boxes, surfaces and the organ list."""

from __future__ import annotations

from napari import Viewer
from napari.layers import Image, Labels

from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.inference.disagreement import Disagreement
from napari_abdoseg.plugin.disagreement_layer import disagreement_metadata
from napari_abdoseg.plugin.label_edits import was_painted
from napari_abdoseg.plugin.layers import add_beside, labels_layer, labels_metadata, writable
from napari_abdoseg.plugin.organ_scene import organ_scene


def show_result(
    viewer: Viewer, image: Image, label_map: LabelMap, disagreement: Disagreement | None = None
) -> Labels:
    """Show the organs of a scan.

    Parameters
    ----------
    viewer : Viewer
    image : Image
        The scan's layer.
    label_map : LabelMap
        Its organs, on the same grid.
    disagreement : Disagreement, optional
        Of the folds that found them; the layer keeps it.

    Returns
    -------
    Labels
        Named after the scan, and selected. Boxes and surfaces come a moment later,
        when the organs are measured.
    """
    data, options, kind = labels_layer(label_map, name_of_result(image, label_map))
    options["metadata"] |= disagreement_metadata(disagreement)
    layer = add_beside(viewer, image, (data, options, kind))
    viewer.layers.selection = {layer}
    organ_scene(viewer, layer).show_when_measured(label_map.organs)
    dock, organs = viewer.window.add_plugin_dock_widget("napari-abdoseg", "Organs")
    organs.choose(layer)
    dock.show()
    return layer


def replace_preview(
    viewer: Viewer,
    image: Image,
    preview: Labels,
    label_map: LabelMap,
    disagreement: Disagreement | None = None,
) -> Labels:
    """Show the organs of a scan in place of a preview, whose looks they keep.

    A preview that was painted on is hidden, and the organs get a layer of their own.
    """
    if was_painted(preview):
        _hide(viewer, preview)
        return show_result(viewer, image, label_map, disagreement)
    preview.metadata = labels_metadata(label_map) | disagreement_metadata(disagreement)
    preview.data = writable(label_map.data)
    preview.name = name_of_result(image, label_map)
    return preview


def name_of_result(image: Image, label_map: LabelMap) -> str:
    """What the layer of a scan's organs is called; of a preview it says so."""
    return f"{image.name} organs" + f" ({label_map.stamp})" * bool(label_map.stamp)


def _hide(viewer: Viewer, layer: Labels) -> None:
    layer.visible = False
    scene = organ_scene(viewer, layer)
    for part in (scene.surfaces, scene.boxes):
        part.show(dict.fromkeys(part.state(), False))
