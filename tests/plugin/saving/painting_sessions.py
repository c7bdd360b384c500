"""Real napari windows that paint a case until they are killed; each is a fork of one process.

    python painting_sessions.py

Each line of standard input is JSON: a seed, the folder of a case and a file to tell steps in.
It is answered with the number of the new session's process.
"""

from __future__ import annotations

import faulthandler
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

CT, MASKS = "ct_0000.nii.gz", "masks.nii.gz"
KINDS = ("stroke",) * 10 + ("tool",) * 3 + ("undo",) * 4 + ("redo",) * 2 + ("script", "save")
SMALL = 4000
"""Bytes from which a journal is written anew, so that it often is."""


@dataclass
class State:
    """What a session had at a step."""

    at: float
    voxels: str
    pasts: list[str] = field(default_factory=list)
    futures: list[str] = field(default_factory=list)


def digest(voxels: np.ndarray) -> str:
    """What tells voxels from others."""
    return hashlib.sha256(np.ascontiguousarray(voxels).tobytes()).hexdigest()


def states(told: Path) -> list[State]:
    """What a session had, step by step, as far as it has told."""
    found: list[State] = []
    for line in told.read_text().splitlines(keepends=True):
        if not line.endswith("\n"):
            break
        kind, at, voxels = line.split()
        found.append(
            _after(found[-1], kind, float(at), voxels) if found else State(float(at), voxels)
        )
    return found


def _after(before: State, kind: str, at: float, voxels: str) -> State:
    pasts, futures = before.pasts, before.futures
    if voxels == before.voxels:
        return State(at, voxels, pasts, futures)
    if kind in ("stroke", "tool"):
        return State(at, voxels, [*pasts, before.voxels][-100:], [])
    if kind == "undo" and pasts and pasts[-1] == voxels:
        return State(at, voxels, pasts[:-1], [*futures, before.voxels])
    if kind == "redo" and futures and futures[-1] == voxels:
        return State(at, voxels, [*pasts, before.voxels], futures[:-1])
    return State(at, voxels)


class PaintingSessions:
    """The sessions, as seen from a test."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )

    def start(self, seed: int, case: Path, told: Path) -> int:
        """Begin a session that paints; the number of its process."""
        told.touch()
        self._process.stdin.write(json.dumps([seed, str(case), str(told)]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def kill(self, process: int) -> None:
        """End a session as a crash does."""
        os.kill(process, signal.SIGKILL)
        ended = self._process.stdout.readline().split()
        assert ended == [str(process), str(-signal.SIGKILL)]

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()


def main() -> None:
    import napari.qt  # noqa: F401  so that sessions begin soon
    from napari._qt import qt_viewer  # noqa: F401

    import napari_abdoseg.plugin.reader  # noqa: F401

    for line in sys.stdin:
        child = os.fork()
        if not child:
            os._exit(run(*json.loads(line)))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(child, os.waitstatus_to_exitcode(status), flush=True)


def run(seed: int, case: str, told: str) -> int:
    """Paint until this process is killed."""
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whose lines are answers
    faulthandler.enable()
    try:
        paint(seed, Path(case), Path(told))
    except BaseException:
        traceback.print_exc()
    return 1


def paint(seed: int, case: Path, told: Path) -> None:
    import napari
    from qtpy.QtCore import QTimer

    from napari_abdoseg.correction.journal import keeper

    keeper.SMALL, keeper.PAUSE = SMALL, 0.005
    viewer = napari.Viewer(show_welcome_screen=False)
    viewer.open([case / CT, case / MASKS], plugin="napari-abdoseg")
    painter = Painter(viewer, viewer.layers["masks"], seed, told)
    painter.tell("open")
    timer = QTimer()
    timer.timeout.connect(painter.step)
    timer.start(15)
    napari.run()


class Painter:
    """Does at random what annotators do, and tells each step when it is done."""

    def __init__(self, viewer, layer, seed: int, told: Path) -> None:
        self.viewer, self.layer = viewer, layer
        self.rng = np.random.default_rng(seed)
        self.told = told.open("a", buffering=1)

    def tell(self, kind: str) -> None:
        self.told.write(f"{kind} {time.time()} {digest(self.layer.data)}\n")

    def step(self) -> None:
        kind = str(self.rng.choice(KINDS))
        getattr(self, kind)()
        self.tell(kind)

    def stroke(self) -> None:
        layer = self.layer
        layer.brush_size = int(self.rng.integers(2, 12))
        layer.n_edit_dimensions = int(self.rng.choice([2, 3]))
        layer.selected_label = int(self.rng.integers(0, 5))
        last = np.array(layer.data.shape) - 1
        place = self.rng.integers(0, last)
        with layer.block_history():
            for _ in range(self.rng.integers(1, 8)):
                place = np.clip(
                    place + self.rng.integers(-3, 4, 3), 0, np.array(layer.data.shape) - 1
                )
                layer.paint(tuple(place), layer.selected_label)

    def tool(self) -> None:
        from napari_abdoseg.anatomy.tally import Edit
        from napari_abdoseg.plugin.paint_events.tool_edits import apply_edits

        data = self.layer.data
        where = np.nonzero(self.rng.random(data.shape) < 0.01)
        after = self.rng.integers(0, 5, len(where[0])).astype(data.dtype)
        apply_edits(self.layer, [Edit(where, data[where], after)], "grow")

    def undo(self) -> None:
        self.layer.undo()

    def redo(self) -> None:
        self.layer.redo()

    def script(self) -> None:
        if self.rng.random() < 0.5:
            self.layer.data[self.rng.random(self.layer.data.shape) < 0.002] = 2
            self.layer.refresh()

    def save(self) -> None:
        from napari_abdoseg.plugin.saving.label_maps import saving

        saving(self.viewer).save(self.layer)


if __name__ == "__main__":
    main()
