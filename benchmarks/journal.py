"""What a journal costs: time on the GUI thread, until a stroke is on the disk, and bytes.

Needs a screen, such as that of `xvfb-run`:

    xvfb-run -a -s "-screen 0 1400x900x24" python benchmarks/journal.py
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import napari
import numpy as np
from large_scan import large_scan
from napari.layers import Labels, Layer
from qtpy.QtTest import QTest

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.journal.places import journals_of
from napari_abdoseg.correction.journal.recorded_labels import labels_of
from napari_abdoseg.correction.journal.records import read_journal
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels
from napari_abdoseg.plugin.layers.conversion import labels_layer
from napari_abdoseg.plugin.paint_events.tool_edits import apply_edits
from napari_abdoseg.plugin.saving.journals import journals
from napari_abdoseg.plugin.saving.layer_journal import LayerJournal
from napari_abdoseg.plugin.saving.leaving import guard_unsaved

LENGTH_MM, RADIUS_MM, DABS = 60, 10, 30


def main() -> None:
    """Paint strokes in a window and print what their journal takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", default="600,512,512", help="z,y,x")
    parser.add_argument("--rounds", type=int, default=100)
    arguments = parser.parse_args()
    shape = tuple(int(size) for size in arguments.shape.split(","))
    _, labels = large_scan(shape)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "masks.nii.gz"
        write_labels(path, labels)
        viewer = napari.Viewer()
        guard_unsaved(viewer)
        layer = viewer.add_layer(Layer.create(*labels_layer(read_labels(path))))
        QTest.qWait(2000)
        costs = Costs(viewer, layer)
        print(f"{shape} voxels, {layer.data.nbytes / 1e6:.0f} MB")
        names = (
            f"{'voxels':>10}{'on the GUI thread':>20}{'95 %':>8}{'on the disk':>14}{'bytes':>10}"
        )
        print(f"{'':34}{names}{'of it':>8}")
        rng = np.random.default_rng(0)
        for name, dimensions in (("disc in a slice", 2), ("ball", 3)):
            costs.measure(
                f"{LENGTH_MM} mm stroke, {name}",
                lambda dimensions=dimensions: stroke(layer, rng, dimensions),
                arguments.rounds,
            )
        costs.measure("undo of a ball", layer.undo, arguments.rounds)
        costs.measure("liver becomes another organ", lambda: swap(layer), 4)
        costs.close()
        viewer.close()


class Costs:
    """Measures what is done in a layer, with its journal."""

    def __init__(self, viewer: napari.Viewer, layer: Labels) -> None:
        self._layer = layer
        self._journal = journals(viewer).of(layer)
        self._on_gui: list[float] = []
        take = self._journal._take

        def timed(edits: list[Edit], how: str) -> None:
            self._voxels = sum(edit.before.size for edit in edits)
            begin = time.perf_counter()
            take(edits, how)
            self._on_gui.append(time.perf_counter() - begin)

        self._journal._edits.edited.disconnect(take)
        self._journal._edits.edited.connect(timed)
        self._timed = timed

    def measure(self, name: str, work: Callable[[], object], rounds: int) -> None:
        """Do some work again and again."""
        until_written, sizes, voxels = [], [], []
        self._on_gui.clear()
        for _ in range(rounds):
            before = self._size
            work()
            begin = time.perf_counter()
            _wait(self._journal)
            until_written.append(time.perf_counter() - begin)
            sizes.append(self._size - before)
            voxels.append(self._voxels)
            QTest.qWait(20)
        bytes_ = np.median([size for size in sizes if size > 0])
        print(
            f"{name:34}{np.median(voxels):10,.0f}{1000 * np.median(self._on_gui):17.2f} ms"
            f"{1000 * np.percentile(self._on_gui, 95):8.2f}"
            f"{1000 * np.median(until_written):11.0f} ms"
            f"{bytes_:10,.0f}{bytes_ / self._layer.data.nbytes:8.2%}"
        )

    def close(self) -> None:
        """Have it begin anew, and read what it leads to."""
        (path,) = journals_of(self._journal.case)
        begin = time.perf_counter()
        content = read_journal(path)
        read = time.perf_counter() - begin
        same = np.array_equal(labels_of(content), self._layer.data)
        print(
            f"{len(content.history.done)} steps in {path.stat().st_size / 1e6:.1f} MB: read in "
            f"{read:.1f} s; {'no voxel differs' if same else 'IT DIFFERS'}"
        )

    @property
    def _size(self) -> int:
        return sum(path.stat().st_size for path in journals_of(self._journal.case))


def _wait(journal: LayerJournal) -> None:
    """Wait until all is on the disk that was handed over."""
    done = journal._keeper._asked
    while not done.empty() or journal._keeper._waiting:
        time.sleep(0.001)


def stroke(layer: Labels, rng: np.random.Generator, dimensions: int) -> None:
    """Drag the brush along a line."""
    spacing = np.array(layer.scale)
    layer.brush_size = 2 * RADIUS_MM / spacing[1]
    layer.n_edit_dimensions = dimensions
    start = rng.integers(100, np.array(layer.data.shape) - 100)
    step = np.array((0, 0, LENGTH_MM / DABS / spacing[2]))
    with layer.block_history():
        for dab in range(DABS):
            layer.paint(tuple(np.rint(start + dab * step).astype(int)), int(rng.integers(1, 5)))


def swap(layer: Labels) -> None:
    """Give a whole liver another label, or take it back."""
    value = 1 if (layer.data[::8] == 1).any() else 7
    where = np.nonzero(layer.data == value)
    after = np.full(where[0].size, 8 - value, layer.data.dtype)
    apply_edits(layer, [Edit(where, layer.data[where], after)], "swap")


if __name__ == "__main__":
    main()
