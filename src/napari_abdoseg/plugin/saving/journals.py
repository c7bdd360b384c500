"""The journals of a viewer's label maps, and what crashes have left of them."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from weakref import ref

from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer
from napari.utils.notifications import show_error, show_info, show_warning
from qtpy.QtCore import QCoreApplication, QObject, Signal

from napari_abdoseg.correction.journal.places import DAYS_ASIDE, CaseFiles
from napari_abdoseg.correction.journal.recovery import Notice, Recovery, recoveries
from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.layers.conversion import add_beside, label_layers, labels_layer, look_of
from napari_abdoseg.plugin.saving.layer_journal import LayerJournal, can_be_kept
from napari_abdoseg.plugin.saving.scan_of import scan_path
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.certain import sure

KEPT = f"What was not saved is kept in {{}} for {DAYS_ASIDE} days."
RECOVERED = "{} (recovered)"


def journals(viewer: ViewerModel) -> Journals:
    """The journals of a viewer's label maps; they are kept from the first call on."""
    return state_of(viewer, Journals)


@dataclass(frozen=True, eq=False)
class Offer:
    """What a crash has left of a layer in view.

    Parameters
    ----------
    layer : Labels or Image
        The label map, or the scan that it is of.
    recovery : Recovery
    """

    layer: Labels | Image
    recovery: Recovery


class Journals(QObject):
    """Keeps a journal of each label map of a viewer that can be saved.

    One that leaves unsaved has its journal until it is saved, or given up.

    Parameters
    ----------
    viewer : ViewerModel
    """

    offered = Signal(Offer)
    """`Offer`: to be answered by `bring_back`, `decline` or `leave`."""
    _told = Signal(str)
    _found = Signal(object, object)

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = ref(viewer)
        self._unsaved = unsaved_labels(viewer)
        self._journals: dict[Labels, LayerJournal] = {}
        self._searched: set[Layer] = set()
        self._told.connect(show_warning)
        self._found.connect(self._offer)
        viewer.layers.events.inserted.connect(self._follow_layers)
        viewer.layers.events.removing.connect(self._let_go)
        application = QCoreApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(self.close)
        atexit.register(_close, ref(self))  # a script may end before Qt quits, or without it
        self._follow_layers()

    def of(self, layer: Labels) -> LayerJournal | None:
        """The journal of a layer; None of one that can't be saved as it is."""
        return self._journals.get(layer)

    def begin(self, layer: Labels) -> None:
        """A label map was made here, which no file holds."""
        if (journal := self.of(layer)) is not None:
            journal.begin()

    def settle(self, layer: Labels) -> None:
        """A layer is saved as it was when its journal was marked."""
        journal = self.of(layer)
        if journal is not None:
            journal.settle()
            self._end_those_gone([layer])

    def forget_mark(self, layer: Labels) -> None:
        """A layer whose journal was marked could not be saved."""
        if (journal := self.of(layer)) is not None:
            journal.forget_mark()

    def give_up(self, layers: Iterable[Labels]) -> None:
        """What these layers hold is not to be saved: it is put aside when they are gone."""
        for layer in layers:
            if (journal := self.of(layer)) is not None:
                journal.is_given_up = True
        self._end_those_gone(list(layers))

    def bring_back(self, offer: Offer) -> Labels:
        """Have a label map be again what it was before a crash; the layer that it is in."""
        layer, recovery = offer.layer, offer.recovery
        known = self._journals.get(layer) if isinstance(layer, Labels) else None
        if known is None or known.is_begun or not recovery.is_of_this_version:
            recovery = replace(recovery, is_of_this_version=False)
            layer = self._add(layer, recovery)
        else:
            _name_again(layer, recovery.content.subject.organs)
        self._journals[layer].bring_back(recovery)
        return layer

    def decline(self, offer: Offer) -> None:
        """Put aside what was offered, and say where it is."""
        try:
            show_info(KEPT.format(offer.recovery.decline()))
        except SaveError as error:
            show_error(str(error))

    def leave(self, offer: Offer) -> None:
        """Offer it again when the case is opened the next time."""
        offer.recovery.leave()

    def close(self) -> None:
        """Wait until all is written; what nobody wants any more is put aside."""
        for layer, journal in self._journals.items():
            if layer not in self._unsaved.layers or journal.is_given_up:
                journal.end(keep=journal.is_given_up)
            journal.close()
        self._journals.clear()

    def _follow_layers(self, event: Any = None) -> None:
        viewer = sure(self._viewer())
        for layer in label_layers(viewer):
            if layer not in self._journals and layer.ndim == 3 and can_be_kept(layer):
                journal = LayerJournal(viewer, layer, self._tell)
                self._journals[layer] = journal
                journal.look(partial(self._find, layer))
        for layer in viewer.layers:
            if isinstance(layer, Image) and layer not in self._searched:
                self._look_for_organs(layer)

    def _look_for_organs(self, scan: Image) -> None:
        """Look for label maps of a scan that were never saved."""
        self._searched.add(scan)
        grid = scan.metadata.get("grid")
        if grid is not None and "overlay" not in scan.metadata:
            case = CaseFiles(None, scan.metadata.get("path"), grid)
            found = partial(self._find, scan)
            threading.Thread(target=_search, args=(case, found), daemon=True).start()

    def _tell(self, words: str) -> None:
        """Tell, from a thread; nobody once the window is gone."""
        with suppress(RuntimeError):
            self._told.emit(words)

    def _find(self, layer: Labels | Image, found: Recovery | Notice) -> None:
        """Tell what was found, from a thread."""
        with suppress(RuntimeError):
            self._found.emit(layer, found)

    def _offer(self, layer: Labels | Image, found: Recovery | Notice) -> None:
        viewer = sure(self._viewer())
        if isinstance(found, Notice):
            show_warning(found.words)
        elif layer in viewer.layers and self.receivers(self.offered):
            self.offered.emit(Offer(layer, found))
        else:
            found.leave()

    def _add(self, beside: Labels | Image, recovery: Recovery) -> Labels:
        viewer, subject = sure(self._viewer()), recovery.content.subject
        is_scan = isinstance(beside, Image)
        scan = beside.metadata.get("path") if is_scan else scan_path(viewer, beside)
        labels = LabelMap(recovery.labels, beside.metadata["grid"], subject.organs)
        data, options, kind = labels_layer(labels, RECOVERED.format(_plain(subject.name)))
        options["metadata"] |= {"scan": scan, "origin": subject.origin}
        layer: Labels = add_beside(viewer, beside, (data, options, kind))
        self._unsaved.add(layer)
        viewer.layers.selection = {layer}
        return layer

    def _let_go(self, event: Any) -> None:
        layer = sure(self._viewer()).layers[event.index]
        self._searched.discard(layer)
        journal = self._journals.get(layer)
        if journal is None:
            return
        is_unsaved = layer in self._unsaved.layers
        if journal.is_given_up or not is_unsaved:
            del self._journals[layer]
            journal.end(keep=is_unsaved)

    def _end_those_gone(self, layers: Iterable[Labels]) -> None:
        """End the journals of layers that have left since."""
        for layer in layers:
            if layer not in sure(self._viewer()).layers and layer in self._journals:
                journal = self._journals.pop(layer)
                journal.end(keep=journal.is_given_up)


def _close(known: ref[Journals]) -> None:
    if (journals := known()) is not None:
        journals.close()


def _search(case: CaseFiles, found: Callable[[Recovery | Notice], None]) -> None:
    for each in recoveries(case, None):
        found(each)


def _name_again(layer: Labels, organs: Sequence[Organ]) -> None:
    """Let a layer have the organs that it had, if others were added or renamed."""
    if organs != layer.metadata.get("organs"):
        layer.metadata = {**layer.metadata, "organs": organs}
        look = look_of(organs)
        layer.features, layer.colormap = look["features"], look["colormap"]


def _plain(name: str) -> str:
    return name.removesuffix(RECOVERED.format(""))
