"""The journal of a Labels layer: each step is handed to a thread that writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from numpy.typing import NDArray
from qtpy.QtCore import QTimer

from napari_abdoseg.anatomy.tally import Edit, names_of
from napari_abdoseg.correction.journal.corrections import Corrections
from napari_abdoseg.correction.journal.keeper import Keeper, Kept
from napari_abdoseg.correction.journal.places import CaseFiles
from napari_abdoseg.correction.journal.records import Kind
from napari_abdoseg.correction.journal.recovery import Recovery
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.plugin.jobs.idle_queue import IdleWork
from napari_abdoseg.plugin.layers.conversion import name_organs
from napari_abdoseg.plugin.paint_events.label_edits import LabelEdits
from napari_abdoseg.plugin.saving.scan_of import scan_path
from napari_abdoseg.plugin.saving.snapshot import Snapshot

SETTLE_MS = 300
"""Rest after changes that napari does not tell of, before it is looked what they were."""
Stamp = tuple[int, int]
"""Bytes of a file, and when it was written."""


def can_be_kept(layer: Labels) -> bool:
    """Whether a layer is a label map of a scan, as it can be saved."""
    grid, dtype = layer.metadata.get("grid"), layer.data.dtype
    fits = isinstance(grid, Grid) and layer.data.shape == grid.shape
    return fits and dtype in (np.uint8, np.uint16)


class LayerJournal:
    """Follows a Labels layer and has its journal written, from its first change on.

    Parameters
    ----------
    viewer : ViewerModel
    layer : Labels
    tell : callable
        See `Keeper`.
    """

    def __init__(self, viewer: ViewerModel, layer: Labels, tell: Callable[[str], None]) -> None:
        self.is_given_up = False
        self._viewer, self._layer = viewer, layer
        self._keeper = Keeper(tell)
        self._stamp = None if _is_copy(viewer, layer) else _stamp(layer.metadata.get("path"))
        self._organs = layer.metadata.get("organs", ())
        self._is_begun = self._is_coming_back = False
        self._beginning = IdleWork(self._go_on_beginning, is_patient=True)
        self._copied: Snapshot | None = None
        self._rest = QTimer()
        self._rest.setSingleShot(True)
        self._rest.setInterval(SETTLE_MS)
        self._rest.timeout.connect(self._compare)
        self._edits = LabelEdits(viewer, layer)
        self._edits.edited.connect(self._take)
        self._edits.changed.connect(self._take_change)

    @property
    def case(self) -> CaseFiles:
        """What the label map is known by."""
        metadata = self._layer.metadata
        return CaseFiles(
            metadata.get("path"), scan_path(self._viewer, self._layer), metadata["grid"]
        )

    @property
    def is_begun(self) -> bool:
        """Whether anything was changed since the layer came, or was saved."""
        return self._is_begun or self._beginning.is_waiting

    def look(self, found: Callable[[Any], None]) -> None:
        """Look for what crashes have left, before anything is written; see `Keeper.look`."""
        self._keeper.look(self.case, self._layer.data, found)

    def begin(self) -> None:
        """Keep the layer as it is, in the next turns: no file holds it."""
        if not self._is_begun:
            self._beginning.wait()

    def bring_back(self, recovery: Recovery) -> None:
        """Have the layer, which may be a new one, be what a journal leads to, and go on with it."""
        self._is_coming_back = True
        history = recovery.content.history
        edit = recovery.change if recovery.is_of_this_version else None
        self._edits.bring_back(edit, history.done, history.undone)
        self._is_coming_back = False
        self._leave_beginning()
        self._is_begun = True
        self._keeper.go_on(recovery, self._kept)

    def mark(self) -> Future[Corrections | None]:
        """The layer is about to be saved as it is now."""
        if self._rest.isActive():
            self._compare_before(())
        self._begin_now()
        told = self._keeper.mark()
        if self._edits.is_in_stroke:  # half of it is in the file, and the journal has none
            self._rest.start()
        return told

    def settle(self) -> None:
        """What was marked was saved in the layer's file."""
        self._stamp = _stamp(self._layer.metadata.get("path"))
        self._keeper.settle(self._kept)

    def forget_mark(self) -> None:
        """What was marked could not be saved."""
        self._keeper.forget_mark()

    def end(self, keep: bool) -> None:
        """Write no more; what was not saved is put aside, or is not wanted."""
        self._rest.stop()
        if keep:
            self._begin_now()
        self._leave_beginning()
        self._edits.close()
        self._keeper.end(keep)

    def close(self) -> None:
        """Wait until all is written."""
        if self._rest.isActive():
            self._compare_before(())
        self._begin_now()
        self._edits.close()
        self._keeper.close()

    @property
    def _kept(self) -> Kept:
        data, origin = self._layer.data, self._layer.metadata.get("origin")
        return Kept(self.case, data.shape, str(data.dtype), self._layer.name, self._organs, origin)

    def _take(self, edits: list[Edit], how: Kind) -> None:
        edits = [edit for edit in edits if not edit.is_nothing]
        if not edits or not can_be_kept(self._layer):
            return
        self.is_given_up = False
        if self._rest.isActive():
            self._compare_before(edits)
        if not self._is_begun:
            self._begin(None if self._is_in_file else self._snapshot(edits))
        if (names := names_of(edits)) is not None:
            self._organs = names.organs_after
            name_organs(self._layer, self._organs)
        self._tell_organs()
        more = {"tool": self._edits.tool} if how == "do" else {}
        self._keeper.write(how, edits, **more)

    def _take_change(self) -> None:
        if not self._is_coming_back and can_be_kept(self._layer):
            self.is_given_up = False
            self._rest.start()

    def _compare(self) -> None:
        """Have it looked what has changed, once no stroke is under way."""
        if self._edits.is_in_stroke:
            self._rest.start()
        else:
            self._compare_before(())

    def _compare_before(self, later: Iterable[Edit]) -> None:
        """Have it looked what has changed, before some edits that are known."""
        self._rest.stop()
        self._begin_now(later)
        self._tell_organs()
        self._keeper.compare(self._kept, self._snapshot(later))

    def _go_on_beginning(self) -> None:
        """Copy the voxels for a turn, and begin with them when all are copied."""
        self._copied = self._snapshot_under_way()
        if self._copied.copy_on():
            self._begin(self._snapshot())
        else:
            self._beginning.wait()

    def _begin_now(self, later: Iterable[Edit] = ()) -> None:
        """Begin at once with the voxels as they were before some edits, if that is to come."""
        if self._beginning.is_waiting:
            self._begin(self._snapshot(later))

    def _begin(self, whole: NDArray[Any] | None) -> None:
        self._leave_beginning()
        self._is_begun = True
        self._organs = self._layer.metadata.get("organs", ())
        self._keeper.begin(self._kept, whole)

    def _leave_beginning(self) -> None:
        self._beginning.cancel()
        self._copied = None

    def _tell_organs(self) -> None:
        organs = self._layer.metadata.get("organs", ())
        if organs != self._organs:
            self._organs = organs
            self._keeper.write("organs", organs=[[organ.value, organ.name] for organ in organs])

    @property
    def _is_in_file(self) -> bool:
        """Whether the layer's file is still the one that it was read from, or saved in."""
        return self._stamp is not None and _stamp(self.case.labels) == self._stamp

    def _snapshot(self, later: Iterable[Edit] = ()) -> NDArray[Any]:
        """The voxels as they were before some edits."""
        voxels = self._snapshot_under_way().whole()
        self._copied = None
        for edit in reversed(list(later)):
            voxels[edit.where] = edit.before
        return voxels

    def _snapshot_under_way(self) -> Snapshot:
        """That which was begun, or a new one where the layer has other voxels now."""
        if self._copied is not None and self._copied.voxels is self._layer.data:
            return self._copied
        return Snapshot(self._layer.data)


def _is_copy(viewer: ViewerModel, layer: Labels) -> bool:
    """Whether another layer was read from the same file, so that this one may hold anything."""
    path, others = layer.metadata.get("path"), (each for each in viewer.layers if each is not layer)
    return path is not None and any(each.metadata.get("path") == path for each in others)


def _stamp(path: Path | None) -> Stamp | None:
    if path is None or not path.is_file():
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
