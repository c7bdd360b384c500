"""A segmentation's result on the screen: masks, boxes, surfaces and the organ list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from napari import Viewer
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.inference.model.card import ModelCard
from napari_abdoseg.plugin.jobs.idle_queue import take_turns
from napari_abdoseg.plugin.layers.conversion import (
    add_beside,
    labels_layer,
    labels_metadata,
    volume_of,
    writable,
)
from napari_abdoseg.plugin.layers.kept_logits import logits_metadata
from napari_abdoseg.plugin.organs.scene import organ_scene
from napari_abdoseg.plugin.organs.widget import OrgansWidget
from napari_abdoseg.plugin.paint_events.paint_history import was_painted
from napari_abdoseg.plugin.review.disagreement_layer import disagreement_metadata
from napari_abdoseg.plugin.saving.journals import journals
from napari_abdoseg.plugin.saving.leaving import guard_unsaved
from napari_abdoseg.plugin.saving.logits_beside import KEY as UNSAVED
from napari_abdoseg.plugin.saving.logits_beside import UnsavedLogits
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.segment.found import NOTHING, Known
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.ct_window import follow_windows
from napari_abdoseg.plugin.viewing.garbage import put_off_collections
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.panel import opening

CORRECTED = "(corrected)"


@dataclass(frozen=True)
class Shown:
    """A result on the screen.

    Parameters
    ----------
    layer : Labels
    kept : tuple of str
        Names of layers of earlier results, which are hidden because they were painted on.
    """

    layer: Labels
    kept: tuple[str, ...]


def show_result(
    viewer: Viewer,
    image: Image,
    label_map: LabelMap,
    known: Known = NOTHING,
    card: ModelCard | None = None,
    made_with: dict[str, Any] | None = None,
) -> Shown:
    """Show the organs of a scan in place of earlier results of it.

    What was painted on is hidden and kept under a name that says so. So is any earlier
    result while this one is a preview.

    Parameters
    ----------
    viewer : Viewer
    image : Image
        The scan's layer.
    label_map : LabelMap
        Its organs, on the same grid.
    known : Known, optional
        Of them, beside their voxels; the layer keeps it.
    card : ModelCard, optional
        Of the model that found them: which organs are shown at first, and their groups.
    made_with : dict, optional
        Model, folds and preset, for whoever reads of its corrections.

    Returns
    -------
    Shown
        The layer is named after the scan and, if that is in view, selected. Boxes and
        surfaces come a moment later, when the organs are measured, and so does their list.
    """
    put_off_collections()
    guard_unsaved(viewer)
    unsaved = unsaved_labels(viewer)
    earlier = [layer for layer in state_of(viewer, _Results).of(image) if layer in viewer.layers]
    kept = [layer for layer in earlier if label_map.stamp or was_painted(layer)]
    for layer in kept:
        _keep(viewer, layer)
    replaced = [layer for layer in earlier if layer not in kept]
    preview = next((layer for layer in replaced if layer.metadata["stamp"]), None)
    origin = _origin(image, known, card) | {"origin": made_with}
    if preview is None:
        layer = _add(viewer, image, label_map, origin)
    else:
        layer = _take_place(preview, label_map, origin)
    for other in replaced:
        if other is not preview:
            _dress_like(layer, other)
            unsaved.give_up(other)
            viewer.layers.remove(other)
    quality = organ_scene(viewer, layer).quality
    if known.report is not None:
        quality.take_from(known.report)
    elif known.disagreement is not None and made_with is not None:
        quality.follow(known.disagreement, made_with["preset"], volume_of(image))
    unsaved.add(layer)
    journals(viewer).begin(layer)
    layer.name = name_of_result(image, label_map)  # it is free by now
    if cases_in_view(viewer).is_in_view(image):
        viewer.layers.selection = {layer}
        if not label_map.stamp:
            take_turns(_list_organs(viewer, layer), lambda: layer in viewer.layers)
    return Shown(layer, tuple(layer.name for layer in kept if was_painted(layer)))


def _list_organs(viewer: Viewer, layer: Labels) -> Iterator[None]:
    """List the organs of a layer, in steps after its masks: the panel takes napari long."""
    yield
    follow_windows(viewer)
    yield
    organs: OrgansWidget = yield from opening(viewer, "Organs")
    organs.choose(layer)


class _Results:
    """The layers of results in a viewer, by the scan that they are of."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._layers: WeakKeyDictionary[Image, WeakSet[Labels]] = WeakKeyDictionary()

    def of(self, image: Image) -> WeakSet[Labels]:
        return self._layers.setdefault(image, WeakSet())


def _add(viewer: Viewer, image: Image, label_map: LabelMap, origin: dict[str, Any]) -> Labels:
    data, options, kind = labels_layer(label_map, name_of_result(image, label_map))
    options["metadata"] |= origin
    layer = add_beside(viewer, image, (data, options, kind))
    state_of(viewer, _Results).of(image).add(layer)
    organ_scene(viewer, layer).show_when_measured(label_map.organs)
    return layer


def _take_place(preview: Labels, label_map: LabelMap, origin: dict[str, Any]) -> Labels:
    preview.metadata = labels_metadata(label_map) | origin
    preview.data = writable(label_map.data)
    return preview


def _origin(image: Image, known: Known, card: ModelCard | None) -> dict[str, Any]:
    """What a result's layer knows of how it was made, and of how its organs are listed."""
    listed = {"shown": card.shown, "groups": card.groups} if card is not None else {}
    path = image.metadata.get("path")
    return {
        "scan": path,
        **listed,
        **disagreement_metadata(known.disagreement),
        **_logits(image, known),
    }


def _logits(image: Image, known: Known) -> dict[str, Any]:
    """Logits in memory, and what writes them beside the label map."""
    if known.logits is None or known.networks is None:
        return {}
    unsaved = UnsavedLogits(known.logits, volume_of(image), known.networks)
    return {**logits_metadata(known.logits), UNSAVED: unsaved}


def _dress_like(layer: Labels, other: Labels) -> None:
    layer.opacity, layer.contour = other.opacity, other.contour
    if layer.metadata["organs"] == other.metadata["organs"]:
        layer.colormap = other.colormap


def name_of_result(image: Image, label_map: LabelMap) -> str:
    """What the layer of a scan's organs is called; of a preview it says so."""
    return f"{image.name} organs" + f" ({label_map.stamp})" * bool(label_map.stamp)


def _keep(viewer: Viewer, layer: Labels) -> None:
    """Hide a layer and what belongs to it; its name says if it was corrected."""
    if was_painted(layer) and CORRECTED not in layer.name and not layer.metadata["stamp"]:
        layer.name = f"{layer.name} {CORRECTED}"
    layer.visible = False
    scene = organ_scene(viewer, layer)
    for part in (scene.surfaces, scene.boxes):
        part.show(dict.fromkeys(part.state(), False))
