"""Does something once label maps are saved, where they have changed."""

from __future__ import annotations

from collections.abc import Callable, Collection

from napari.components import ViewerModel
from napari.layers import Labels, Layer

from napari_abdoseg.plugin.saving.label_maps import saving
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels


def save_before(viewer: ViewerModel, layers: Collection[Layer], do: Callable[[], None]) -> None:
    """Save label maps that are not, and call ``do`` then; not if one can't be saved."""
    saver, unsaved = saving(viewer), unsaved_labels(viewer)
    awaited = {layer for layer in unsaved.layers if layer in layers}
    if not awaited:
        do()
        return

    def follow(layer: Labels, problem: str) -> None:
        if layer not in awaited:
            return
        awaited.discard(layer)
        if problem or not awaited:
            saver.ended.disconnect(follow)
        if not problem and not awaited:
            do()

    saver.ended.connect(follow)
    for layer in tuple(awaited):
        saver.save(layer)
