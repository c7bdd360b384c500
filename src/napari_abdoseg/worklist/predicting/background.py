"""Cases predicted while people work on others, by a process of its own.

It has the lowest priority, so that a window stays as quick as without it, and is ended at once
when this is closed: what it has not finished is begun anew the next time.
"""

from __future__ import annotations

import json
import queue
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from napari_abdoseg.child_process import ChildProcess
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.processes import available_cores
from napari_abdoseg.progress import Progress, Work
from napari_abdoseg.worklist.predicting.predicting import Predicted, PredictionSettings
from napari_abdoseg.worklist.records.work_folder import WorkFolder

PROGRESS, PREDICTED, ERROR = "progress", "predicted", "error"
"""What a line can be about."""
PATIENCE = 0.05
"""Seconds in which closing this is noticed."""
STARTING = "Starting"
LEFT_FREE = 1
"""Core that networks leave to the window."""


def predicting_in_background(
    folder: WorkFolder, settings: PredictionSettings, first: Sequence[str] = ()
) -> Work[Predicted]:
    """The same as `predicting_missing`, in a process with the lowest priority.

    Raises
    ------
    AbdosegError
        See `predicting_missing`; or the process was killed.
    """
    threads = str(max(1, available_cores() - LEFT_FREE))
    with tempfile.TemporaryFile() as errors:
        process = ChildProcess(
            "napari_abdoseg.worklist.predicting.background_process",
            (),
            dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), threads),
            subprocess.PIPE,
            errors,
        )
        try:
            process.tell(dump_order(folder, settings, first))
            predicted = yield from _following(process)
            if predicted is None:
                words = process.last_words(errors)
                raise AbdosegError(f"What predicts cases in the background {words}.")
            return predicted
        finally:
            process.kill()


def dump_order(folder: WorkFolder, settings: PredictionSettings, first: Sequence[str]) -> str:
    """What the process is to do, as a line."""
    places = [str(place.absolute()) for place in (folder.scans, folder.masks)]
    return json.dumps([places, asdict(settings), list(first)])


def load_order(line: str) -> tuple[WorkFolder, PredictionSettings, tuple[str, ...]]:
    """What the process is to do, from a line."""
    (scans, masks), told, first = json.loads(line)
    folds = told["folds"] and tuple(told["folds"])
    settings = PredictionSettings(**{**told, "models": tuple(told["models"]), "folds": folds})
    return WorkFolder(Path(scans), Path(masks)), settings, tuple(first)


def _following(process: ChildProcess) -> Work[Predicted | None]:
    """Pass on what a process says, and give what came of it; None if it died."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(process, lines), daemon=True).start()
    last = Progress(STARTING, 0, 0)
    while True:
        yield last
        try:
            line = lines.get(timeout=PATIENCE)
        except queue.Empty:
            continue
        if not line:
            return None
        (about, said), *_ = json.loads(line).items()
        if about == ERROR:
            raise AbdosegError(said)
        if about == PREDICTED:
            return _predicted(said)
        progress = Progress(**said)
        last = Progress(progress.stage, progress.done, progress.total, part=progress.part)
        if progress != last:
            yield progress


def _listen(process: ChildProcess, lines: queue.SimpleQueue[bytes]) -> None:
    for line in process.printed:
        lines.put(line)
    lines.put(b"")


def _predicted(said: dict[str, Any]) -> Predicted:
    failed = tuple((case, reason) for case, reason in said["failed"])
    return Predicted(tuple(said["made"]), failed)
