"""A viewer that shows the layers of another one, and stays so in both directions."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer
from qtpy.QtCore import QTimer

from napari_abdoseg.plugin.four_panel.layer_copy import LabelsCopy, LayerCopy
from napari_abdoseg.plugin.jobs.idle_queue import TURN_SECONDS, IdleWork
from napari_abdoseg.plugin.layers.boxes import is_box
from napari_abdoseg.plugin.layers.surfaces import follow_surfaces
from napari_abdoseg.plugin.viewing.garbage import put_off_collections


class Mirror:
    """Keeps copies of a viewer's layers in another viewer that shows slices.

    Layers that are added, removed or selected in either are so in both. Where layers come in the
    same batch in which others of their kind go, as when a case takes another one's place, the
    copies of those are made copies of these: napari takes long to add layers and to remove them.
    That takes a moment all the same, and each mirror has a turn of its own for it, as it has for
    each layer that comes: the window answers in between.

    Parameters
    ----------
    source : ViewerModel
    copy : ViewerModel
        Empty.
    """

    def __init__(self, source: ViewerModel, copy: ViewerModel) -> None:
        self.source = source
        self.copy = copy
        self.copies: dict[Layer, LayerCopy] = {}
        self._busy = False
        self._in_batch = False
        self._leaving: list[LayerCopy] = []
        """Copies of layers that have gone in a batch, and are not removed or used yet."""
        self._taking_over = IdleWork(self._take_over)
        self._adding = IdleWork(self._add_missing)
        self._turns = [
            (source.layers.events.inserted, self._add),
            (source.layers.events.end_batch, self._end_batch),
        ]
        self._connections = [
            (source.layers.events.removed, self._remove),
            (source.layers.events.reordered, self._reorder),
            (source.layers.events.begin_batch, self._begin_batch),
            (source.layers.selection.events.changed, self._select_in_copy),
            (source.events.theme, self._take_theme),
            (copy.layers.events.inserted, self._adopt),
            (copy.layers.events.removed, self._remove_in_source),
            (copy.layers.selection.events.changed, self._select_in_source),
        ]
        for emitter, callback in self._connections:
            emitter.connect(callback)
        # Those of the first panel have the first turn.
        for emitter, callback in self._turns:
            emitter.connect(callback, position="last")
        self._take_theme()
        for layer in self._missing():
            self._add_copy(layer)
        self._select_in_copy()

    def close(self) -> None:
        """Follow the source no longer, and let go of its layers."""
        self._taking_over.cancel()
        self._adding.cancel()
        for emitter, callback in (*self._connections, *self._turns):
            emitter.disconnect(callback)
        with self._changing():
            for copied in self.copies.values():
                copied.close()
            self.copy.layers.clear()
        self.copies.clear()
        self._leaving.clear()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """What happens now is this mirror's doing."""
        before, self._busy = self._busy, True
        try:
            yield
        finally:
            self._busy = before

    def _add(self, event: Any) -> None:
        if self._is_settled and self.shows(event.value):
            self._adding.wait()

    @property
    def _is_settled(self) -> bool:
        """Whether what comes is added by itself, not with others."""
        return not self._in_batch and not self._leaving

    def _add_copy(self, layer: Layer) -> None:
        put_off_collections()
        copied = self.copies[layer] = self.new_copy(layer)
        with self._changing():
            self.copy.layers.insert(self._in_order().index(copied.layer), copied.layer)

    def _add_missing(self) -> None:
        """Add copies as long as that takes a moment, and the others in the next turn."""
        if not self._is_settled:
            return  # the end of the batch takes over
        begin, missing = time.perf_counter(), self._missing()
        while missing and time.perf_counter() - begin < TURN_SECONDS:
            self._add_copy(missing.pop(0))
        if missing:
            self._adding.wait()
        self._reorder()
        self._select_in_copy()

    def shows(self, layer: Layer) -> bool:
        """Whether a layer has a copy.

        Slices show no surfaces of organs, and panels draw boxes by themselves:
        napari takes long to add such layers and to scroll through them.
        """
        return not layer.metadata.keys() & {"box", "surface"}

    def new_copy(
        self, layer: Layer, apart: frozenset[str] = frozenset(), used: Layer | None = None
    ) -> LayerCopy:
        """A copy of ``layer`` that keeps the attributes ``apart`` for itself.

        It is a layer that was another one's copy, where there is one to be ``used``.
        """
        kind = LabelsCopy if isinstance(layer, Labels) else LayerCopy
        return kind(layer, apart, used)

    def _remove(self, event: Any) -> None:
        copied = self.copies.pop(event.value, None)
        if copied is None:
            return
        copied.close()
        if self._in_batch:
            copied.layer.editable = False  # it is still seen
            self._leaving.append(copied)
            return
        with self._changing():
            self.copy.layers.remove(copied.layer)

    def _begin_batch(self, event: Any) -> None:
        """napari's canvas tidies up after each layer that changes its looks, or once after all."""
        self._in_batch = True
        self.copy.layers.events.begin_batch()

    def _end_batch(self, event: Any) -> None:
        """Take over what has come and gone, which is a turn's work for each canvas."""
        self._in_batch = False
        if self._leaving or self._missing():
            self._taking_over.wait()
        else:
            self._take_over()

    def _missing(self) -> list[Layer]:
        """Layers that are to have a copy, and have none yet."""
        layers = self.source.layers
        return [layer for layer in layers if layer not in self.copies and self.shows(layer)]

    def _take_over(self) -> None:
        """Use copies of what has gone for what has come, and remove the others."""
        leaving, self._leaving = self._leaving, []
        place = self.copy.dims.point
        for layer in self._missing():
            fitting = next((each for each in leaving if each.layer_fits(layer)), None)
            if fitting is not None:
                leaving.remove(fitting)
                self.copies[layer] = self.new_copy(layer, used=fitting.layer)
        with self._changing():
            for copied in leaving:
                self.copy.layers.remove(copied.layer)
        self.copy.layers.events.end_batch()
        self.copy.dims.point = place
        self._reorder()
        self._select_in_copy()
        if self._missing():
            self._adding.wait()

    def _reorder(self, event: Any = None) -> None:
        layers = self.copy.layers
        with self._changing():
            for place, layer in enumerate(self._in_order()):
                if layers[place] is not layer:
                    layers.move(layers.index(layer), place)

    def _in_order(self) -> list[Layer]:
        """The copies in the order of what they are copies of."""
        return [self.copies[layer].layer for layer in self.source.layers if layer in self.copies]

    def _adopt(self, event: Any) -> None:
        """A layer that was added in the copy belongs in the source."""
        if not self._busy:
            QTimer.singleShot(0, lambda: self._move_to_source(event.value))

    def _move_to_source(self, layer: Layer) -> None:
        with self._changing():
            self.copy.layers.remove(layer)
        self.source.add_layer(layer)

    def _remove_in_source(self, event: Any) -> None:
        if self._busy:
            return
        source = next(
            (s for s, copied in self.copies.items() if copied.layer is event.value),
            None,
        )
        if source is not None:
            self.copies.pop(source).close()
            QTimer.singleShot(0, lambda: self.source.layers.remove(source))

    def _select_in_copy(self, event: Any = None) -> None:
        self._select(
            self.copy,
            {copied.layer: source for source, copied in self.copies.items()},
            self.source,
        )

    def _select_in_source(self, event: Any = None) -> None:
        self._select(
            self.source,
            {s: copied.layer for s, copied in self.copies.items()},
            self.copy,
        )

    def _select(self, viewer: ViewerModel, partner: dict[Layer, Layer], like: ViewerModel) -> None:
        if self._busy:
            return
        wanted = {layer for layer, other in partner.items() if other in like.layers.selection}
        if wanted != set(viewer.layers.selection):
            with self._changing():
                viewer.layers.selection = wanted

    def _take_theme(self, event: Any = None) -> None:
        self.copy.theme = self.source.theme


class Mirror3D(Mirror):
    """A mirror in which scans and masks stay out of the way of surfaces.

    Volumes cost a graphics card much, and hide what lies in them.

    Parameters
    ----------
    source : ViewerModel
    copy : ViewerModel
        Empty.
    """

    def __init__(self, source: ViewerModel, copy: ViewerModel) -> None:
        self._volumes_shown = False
        follow_surfaces(copy)
        super().__init__(source, copy)

    @property
    def volumes_shown(self) -> bool:
        """Whether scans and masks that are visible in the source are so here."""
        return self._volumes_shown

    @volumes_shown.setter
    def volumes_shown(self, shown: bool) -> None:
        self._volumes_shown = shown
        for layer, copied in self.copies.items():
            if isinstance(layer, Image | Labels):
                self._show(copied)

    def shows(self, layer: Layer) -> bool:
        return not is_box(layer)

    def new_copy(
        self, layer: Layer, apart: frozenset[str] = frozenset(), used: Layer | None = None
    ) -> LayerCopy:
        if "surface" in layer.metadata:
            return super().new_copy(layer, apart | {"data"}, used)  # a mesh, and none in slices
        if not isinstance(layer, Image | Labels):
            return super().new_copy(layer, apart, used)
        copied = super().new_copy(layer, apart | {"visible"}, used)
        copied.connect(layer.events.visible, lambda event: self._show(copied))
        self._show(copied)
        return copied

    def _show(self, copied: LayerCopy) -> None:
        """Show or hide a copy: napari paints in no hidden layer, but the source goes on."""
        with copied.layer.events.mode.blocker():
            copied.layer.visible = self._volumes_shown and copied.source.visible
            copied.layer.mode = copied.source.mode
