"""How long a file has not been written to, by whosever clock."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from napari_abdoseg.training.watching.curves import FoldCurves, Stage
from napari_abdoseg.training.watching.finding import Finding, Trouble
from napari_abdoseg.training.watching.words import epoch_time, silence

LEAST_SECONDS = 5 * 60
EPOCHS = 3
SECONDS_WITHOUT_EPOCHS = 3600
"""For stages in which nothing tells how long a step takes: before the first epoch has ended,
and while whole cases are predicted."""


@dataclass
class Silence:
    """Times since files have changed, which are all in one folder.

    Times of files in a shared folder come from another machine, whose clock may be ahead of
    ours or behind. Each change that happens before our eyes tells by how much, and the least
    delay of all counts, since a change may have been seen late. Until then clocks are taken to
    agree. A file that has not changed since we first saw it has been silent at least as long.
    """

    _delay: float | None = None
    _seen: dict[Path, tuple[tuple[int, float], float]] = field(default_factory=dict)

    def seconds(self, path: Path, status: os.stat_result, now: float) -> float:
        """Time since the last change of a file.

        Parameters
        ----------
        path : Path
        status : os.stat_result
            Its size and time now.
        now : float
            Our time, seconds since the epoch.
        """
        state = status.st_size, status.st_mtime
        known, since = self._seen.get(path, (state, now))
        if known != state:
            since = now
            delay = now - status.st_mtime
            self._delay = delay if self._delay is None else min(self._delay, delay)
        self._seen[path] = state, since
        return max(now - since, now - status.st_mtime - (self._delay or 0.0))


def find_stop(curves: FoldCurves, silent_seconds: float) -> Finding | None:
    """Tell whether a training that is not finished has stopped writing its log.

    It has where no line came for three epochs' median time, and five minutes at least.
    """
    if curves.stage is Stage.FINISHED or silent_seconds <= _patience(curves):
        return None
    pace = f", where an epoch takes {epoch_time(curves.pace)}" if curves.epochs else ""
    return Finding(
        Trouble.STOPPED,
        f"its log has had no new line for {silence(silent_seconds)}{pace}. See whether "
        "its process is alive; if not, train on from its last checkpoint.",
    )


def _patience(curves: FoldCurves) -> float:
    if curves.stage is not Stage.TRAINING or not curves.epochs:
        return SECONDS_WITHOUT_EPOCHS
    return max(LEAST_SECONDS, EPOCHS * curves.pace)
