"""Looking at trainings again and again."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from napari_abdoseg.training.watching.divergence import find_divergence
from napari_abdoseg.training.watching.finding import WatchedFold
from napari_abdoseg.training.watching.fold_folder import find_folds, log_files, read_fold
from napari_abdoseg.training.watching.growing_logs import GrowingLogs
from napari_abdoseg.training.watching.overfitting import find_overfitting
from napari_abdoseg.training.watching.silence import Silence, find_stop


class Watch:
    """Follows all folds below some folders, reading only what has changed.

    Parameters
    ----------
    *folders : Path
        A fold, a model folder, nnU-Net's results or a folder that holds them. They may be on
        another machine, and may come and go.
    """

    def __init__(self, *folders: Path) -> None:
        self.folders = folders
        self._silence = Silence()
        self._read: dict[Path, tuple[object, WatchedFold]] = {}
        self._growing: defaultdict[Path, GrowingLogs] = defaultdict(GrowingLogs)

    def look(self, now: float | None = None) -> tuple[WatchedFold, ...]:
        """Look at all folds once.

        Parameters
        ----------
        now : float, optional
            Seconds since the epoch, when it is not now.

        Returns
        -------
        tuple of WatchedFold
            None of folders that are not there or have no training.
        """
        now = time.time() if now is None else now
        folds = [self._look_at(fold, now) for each in self.folders for fold in _folds_in(each)]
        return tuple(fold for fold in folds if fold is not None)

    def _look_at(self, folder: Path, now: float) -> WatchedFold | None:
        """A fold; None if it vanished meanwhile."""
        try:
            states = {log: log.stat() for log in log_files(folder)}
            fold = self._judged(folder, states)
        except OSError:
            return None
        silent = min(self._silence.seconds(log, state, now) for log, state in states.items())
        stop = find_stop(fold.curves, silent)
        return WatchedFold(fold.curves, (stop, *fold.findings)) if stop else fold

    def _judged(self, folder: Path, states: dict[Path, os.stat_result]) -> WatchedFold:
        """A fold and what its curves tell, anew if its logs have changed."""
        stamp = [(log, state.st_size, state.st_mtime) for log, state in states.items()]
        known, fold = self._read.get(folder, (None, None))
        if fold is None or known != stamp:
            curves = read_fold(folder, self._growing[folder])
            findings = find_divergence(curves), find_overfitting(curves)
            fold = WatchedFold(curves, tuple(found for found in findings if found))
            self._read[folder] = stamp, fold
        return fold


def _folds_in(folder: Path) -> Sequence[Path]:
    try:
        return find_folds(folder)
    except OSError:
        return ()
