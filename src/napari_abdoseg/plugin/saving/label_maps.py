"""Saving label maps of a viewer, each in a thread and as it is at that moment."""

from __future__ import annotations

import re
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from weakref import ref

from napari.components import ViewerModel
from napari.layers import Labels
from napari.utils.notifications import show_error
from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_abdoseg.correction.journal.corrections import Corrections
from napari_abdoseg.correction.provenance import (
    Origin,
    add_provenance,
    provenance_entry,
    version_of,
)
from napari_abdoseg.errors import AbdosegError, SaveError
from napari_abdoseg.image.files.file_names import stem
from napari_abdoseg.image.files.saving import backup_of
from napari_abdoseg.image.label_place import place_of_labels
from napari_abdoseg.image.nifti.formats import FORMATS, Format, format_of, saved_path
from napari_abdoseg.image.nifti.volumes import write_labels
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.plugin.layers.conversion import label_map_of
from napari_abdoseg.plugin.saving.claim_of import claim_of
from napari_abdoseg.plugin.saving.journals import journals
from napari_abdoseg.plugin.saving.logits_beside import UnsavedLogits, unsaved_logits
from napari_abdoseg.plugin.saving.saved_state import State
from napari_abdoseg.plugin.saving.scan_of import scan_path
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.worklist.opening.saving_in_list import saving_in_list
from napari_abdoseg.worklist.versions.uncorrected import keep_uncorrected

TITLE = "Save label map"
TYPES = {f"{each.title} ({' '.join(f'*{end}' for end in each.saved)})": each for each in FORMATS}
NOT_CHOSEN = "Not saved: no file was chosen."
REPLACED = "{} had been replaced since it was opened: that version is kept in {}."
PATIENCE = 60
"""Seconds that a saved label map waits for its journal."""
NOT_IN_NAMES = r'[<>:"/\\|?*]'


def saving(viewer: ViewerModel) -> Saving:
    """What saves the label maps of a viewer."""
    return state_of(viewer, Saving)


class Saving(QObject):
    """Saves Labels layers as files.

    What a file replaces is kept as ``.bak`` beside it.

    Parameters
    ----------
    viewer : ViewerModel
    """

    started = Signal(Labels)
    """The layer."""
    ended = Signal(Labels, str)
    """The layer, and why it was not saved; nothing if it was."""

    def __init__(self, viewer: ViewerModel) -> None:
        super().__init__()
        self._viewer = ref(viewer)
        self._unsaved = unsaved_labels(viewer)
        self._journals = journals(viewer)
        self._saved: set[Labels] = set()
        self._jobs: dict[Labels, Job] = {}
        self._asked_again: dict[Labels, Path] = {}

    def is_saving(self, layer: Labels) -> bool:
        """Whether a layer is being saved."""
        return layer in self._saved

    def place(self, layer: Labels) -> Path | None:
        """The file that `save` writes; None where there is no CT to save beside."""
        metadata = layer.metadata
        own, stamp = metadata.get("path"), metadata.get("stamp", "")
        claim = claim_of(sure(self._viewer()), layer)
        if claim is not None and own is None and not stamp:
            return claim.new_place
        return place_of_labels(own, scan_path(self._viewer(), layer), stamp)

    def save(self, layer: Labels, window: QWidget | None = None) -> None:
        """Save a layer in its place; one without a place goes where the user says."""
        place = self.place(layer)
        if place is None:
            self.save_as(layer, window)
        else:
            self.save_in(layer, place)

    def save_as(self, layer: Labels, window: QWidget | None = None) -> None:
        """Save a layer where the user says."""
        place = self.place(layer) or Path(f"{re.sub(NOT_IN_NAMES, '_', layer.name)}.nii.gz")
        types = sorted(TYPES, key=lambda kind: TYPES[kind] is not format_of(place))
        chosen, kind = QFileDialog.getSaveFileName(window, TITLE, str(place), ";;".join(types))
        if chosen:
            self.save_in(layer, _as_chosen(Path(chosen), place, TYPES.get(kind)))
        else:
            self.ended.emit(layer, NOT_CHOSEN)

    def save_in(self, layer: Labels, path: Path) -> None:
        """Save a layer in a file, which is the layer's own from then on."""
        if layer in self._saved:
            self._asked_again[layer] = path
            return
        state = self._unsaved.state(layer)
        try:
            labels = _snapshot(layer)
        except AbdosegError as error:
            show_error(str(error))
            self.ended.emit(layer, str(error))
            return
        self._saved.add(layer)  # a job's bar lets napari handle events: perhaps another Ctrl+S
        journal = self._journals.of(layer)
        corrected = None if journal is None else journal.mark()
        origin = layer.metadata.get("origin")
        claim = claim_of(sure(self._viewer()), layer)
        work = _saving(path, labels, corrected, origin, unsaved_logits(layer))
        work = work if claim is None else saving_in_list(claim, path, work)
        job = self._jobs[layer] = Job(work, f"Save {layer.name}")
        job.returned.connect(partial(self._settle, layer, state))
        job.ended.connect(partial(self._end, layer))
        self.started.emit(layer)
        job.start()

    def _settle(self, layer: Labels, state: State, path: Path) -> None:
        layer.metadata["path"] = path
        self._unsaved.settle(layer, state)
        self._journals.settle(layer)

    def _end(self, layer: Labels) -> None:
        job = self._jobs.pop(layer)
        self._saved.discard(layer)
        if job.problem:
            self._journals.forget_mark(layer)
        again = self._asked_again.pop(layer, None)
        if again is not None:
            self.save_in(layer, again)
        else:
            self.ended.emit(layer, job.problem)


def _as_chosen(chosen: Path, proposed: Path, kind: Format | None) -> Path:
    """Where a user wants a file: the name tells the format, unless only the format was chosen."""
    if kind is None:
        return saved_path(chosen)
    if chosen == proposed and kind is not format_of(proposed):
        chosen = chosen.with_name(stem(chosen))
    return saved_path(chosen, kind.saved[0])


def _snapshot(layer: Labels) -> LabelMap:
    """A layer's label map as it is now, whatever is painted later."""
    labels = label_map_of(layer)
    return replace(labels, data=labels.data.copy(order="K"))


def _known(corrected: Future[Corrections | None] | None) -> Corrections | None:
    """What was corrected; None where the journal does not tell in time."""
    with suppress(TimeoutError):
        return None if corrected is None else corrected.result(PATIENCE)
    return None


def _saving(
    path: Path,
    labels: LabelMap,
    corrected: Future[Corrections | None] | None,
    origin: Origin,
    logits: UnsavedLogits | None,
) -> Work[Path]:
    yield Progress(f"Saving {path.name}", 0, 0)
    replaced = version_of(path)
    keep_uncorrected(path)
    write_labels(path, labels, backup=backup_of(path))
    corrections = _known(corrected)
    known = "" if corrections is None else corrections.sha256
    if labels.path == path and known and replaced is not None and replaced["sha256"] != known:
        yield Progress(f"Saving {path.name}", 0, 0, notice=REPLACED.format(path, backup_of(path)))
    began_from = replaced if labels.path == path else version_of(labels.path)
    if logits is not None:
        yield from _writing(logits, path)
        origin = logits.named(origin, path)
    try:
        add_provenance(path, provenance_entry(path, labels, corrections, began_from, origin))
    except SaveError as error:
        yield Progress(f"Saving {path.name}", 0, 0, notice=str(error))
    return path


def _writing(logits: UnsavedLogits, path: Path) -> Work[None]:
    """Write logits beside a label map, if that is wanted; what can't be is told."""
    if not logits.are_wanted:
        return
    yield Progress(f"Saving logits of {path.name}", 0, 0)
    try:
        logits.write(path)
    except SaveError as error:
        yield Progress(f"Saving logits of {path.name}", 0, 0, notice=str(error))
