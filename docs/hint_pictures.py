"""Make the picture of what each hint does, on phantoms that are unlike those of the training.

    python docs/hint_pictures.py

The cases, the errors that are clicked and the gestures are those of `benchmarks/interaction.py`.
Look at the picture before it is committed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image as Picture

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "benchmarks"))

import interaction as robot  # noqa: E402

from napari_abdoseg import load_ensemble  # noqa: E402
from napari_abdoseg.anatomy.tally import Edit  # noqa: E402
from napari_abdoseg.inference.segmentation import segmenting  # noqa: E402
from napari_abdoseg.progress import drain  # noqa: E402

NOW, SHOULD, GAIN, LOSS, FOR = "#56b4e9", "white", "#56b4e9", "#ff8a1f", "#f0e442"
"""Outlines as they are and should be, what comes and goes as in the window, and the hint."""
WINDOW_HU = (-110, 190)
WIDE, HIGH, DOTS, COLORS = 6.3, 7.4, 110, 128
AWAY = -2
"""Slices from the one that is drawn to the one that follows it."""


@dataclass(frozen=True)
class Row:
    """A hint on an organ of a case."""

    title: str
    case: int
    organ: int
    gesture: Callable[[robot.Work, robot.Click], Edit]
    half_mm: float
    """From the middle of the organ to the sides of the picture."""


ROWS = (
    Row("Too small or large", 2, robot.SPLEEN, robot.by_hints, 45.0),
    Row("Wrong here", 3, robot.SPLEEN, robot.by_hints, 55.0),
    Row("Scribble", 3, robot.PANCREAS, robot.by_scribble, 36.0),
    Row("Follow slices", 0, robot.PANCREAS, robot.by_propagating, 50.0),
)


def main() -> None:
    """Make the picture."""
    ensemble = load_ensemble("demo", device="cpu")
    figure = Figure((WIDE, HIGH), DOTS, layout="constrained")
    places = figure.subplots(len(ROWS), 3)
    for axes, row in zip(places, ROWS, strict=True):
        scan, truth, _ = robot.spoilt(row.case)
        found = drain(segmenting(scan, ensemble, "fast", keep_logits=True))
        assert found.logits is not None
        rng = np.random.default_rng(row.case)
        work = robot.Work(scan, truth, found.labels, found.logits, ensemble, rng)
        _draw(axes, row, work)
    for axis, words in zip(places[0], ("before", "the hint", "after"), strict=True):
        axis.set_title(words, fontsize=9)
    _save(figure)


def _draw(axes: Any, row: Row, work: robot.Work) -> None:
    """Before, the hint, and after, in axial slices."""
    radius, place = work.depths[row.organ]
    click = robot.Click(place, row.organ, radius)
    before, score = work.labels.data.copy(), work.scored[row.organ][0]
    work.apply(row.gesture(work, click), click)
    follows = row.gesture is robot.by_propagating
    z = place[0] + (AWAY if follows else 0)
    for axis, labels in ((axes[0], before), (axes[2], work.labels.data)):
        _slice(axis, row, work, z, labels)
    hinted = work.labels.data if follows else before
    _slice(axes[1], row, work, place[0], hinted)
    if not follows:
        _changes(axes[1], before[z] == row.organ, work.labels.data[z] == row.organ)
    if row.gesture is robot.by_hints:
        axes[1].plot(place[2], place[1], "+", color=FOR, markersize=11, markeredgewidth=2)
    if row.gesture is robot.by_scribble:
        radius_mm = max(robot.PEN_MM, robot.PEN_SHARE * min(radius, robot.MOST_MM))
        dab = robot._ball(work, click, radius_mm)[place[0]]
        axes[1].contourf(dab, (0.5, 1.5), colors=[FOR], alpha=0.7)
    axes[0].set_ylabel(row.title, fontsize=9)
    axes[1].set_xlabel(_told(follows, work), fontsize=8)
    dsc = work.scored[row.organ][0]
    axes[2].set_xlabel(f"DSC {score:.3f} → {dsc:.3f}", fontsize=8)


def _told(follows: bool, work: robot.Work) -> str:
    return f"drawn {abs(AWAY) * work.spacing[0]:.0f} mm from the others" if follows else ""


def _slice(axis: Any, row: Row, work: robot.Work, z: int, labels: NDArray[Any]) -> None:
    """A slice around an organ, with its outline as it is and as it should be."""
    _, down, right = work.spacing
    rows, columns = np.nonzero(work.should_be(row.organ)[z])
    axis.imshow(work.scan.data[z], cmap="gray", vmin=WINDOW_HU[0], vmax=WINDOW_HU[1])
    axis.contour(work.should_be(row.organ)[z], (0.5,), colors=SHOULD, linewidths=0.7)
    axis.contour(labels[z] == row.organ, (0.5,), colors=NOW, linewidths=1.6)
    axis.set_xlim(columns.mean() - row.half_mm / right, columns.mean() + row.half_mm / right)
    axis.set_ylim(rows.mean() + 0.8 * row.half_mm / down, rows.mean() - 0.8 * row.half_mm / down)
    axis.set_xticks([])
    axis.set_yticks([])


def _changes(axis: Any, was: NDArray[np.bool_], now: NDArray[np.bool_]) -> None:
    """What an organ gains and loses in a slice."""
    for mask, color in ((now & ~was, GAIN), (was & ~now, LOSS)):
        axis.contourf(mask, (0.5, 1.5), colors=[color], alpha=0.45)


def _save(figure: Figure) -> None:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Picture.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    few = picture.quantize(COLORS, Picture.Quantize.MAXCOVERAGE, kmeans=3)
    path = HERE / "images" / "hint_gestures.png"
    few.save(path, optimize=True)
    print(f"{path.name}: {few.width} x {few.height}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
