"""Brush and eraser: round in millimetres, in every panel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_abdoseg.correction.brush import dabs, swept
from napari_abdoseg.correction.editable_labels import BACKGROUND, EditableLabels
from napari_abdoseg.correction.painted_area import Area, Paintable, paint
from napari_abdoseg.correction.region_growing import scan_of
from napari_abdoseg.correction.tissue_edge import within_edges
from napari_abdoseg.errors import AbdosegError, CorrectionError
from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.pointer import (
    LEFT_BUTTON,
    PAN_ZOOM,
    RIGHT_BUTTON,
    Drag,
    IdleHand,
    Pointer,
    Spot,
    pointer,
)
from napari_abdoseg.plugin.correct.range_shown import range_shown
from napari_abdoseg.plugin.correct.sight import first_on_sight
from napari_abdoseg.plugin.correct.target import Target
from napari_abdoseg.plugin.correct.tool import Amount, Choice, HuChoice, Switch, Tool
from napari_abdoseg.plugin.paint_events.shared_labels import shared_labels
from napari_abdoseg.plugin.paint_events.tool_edits import write

DISC, BALL = "disc", "ball"
ANYTHING, ONLY_BACKGROUND, BEGUN_ON = "anything unlocked", "background", "what it begins on"
THIS_ORGAN = "this organ"
DABS_A_RADIUS = 2
"""A brush that stops at edges looks for them so often on its way."""

SIZE = Amount("size", "Diameter", 10.0, 0.5, 200.0, 1.0, "mm")
SHAPE = Choice("shape", "Shape", (DISC, BALL))
HU = HuChoice("hu", "Only within")
EDGE = Switch("edge", "Stop at the edges of the tissue")


def over_of(over: str, value: int, begun_on: int) -> frozenset[int] | None:
    """Labels that may be painted over.

    Parameters
    ----------
    over : str
        What was chosen.
    value : int
        Label of the organ.
    begun_on : int
        Label that the stroke began on.
    """
    chosen = {ONLY_BACKGROUND: BACKGROUND, BEGUN_ON: begun_on, THIS_ORGAN: value}
    return None if over == ANYTHING else frozenset({chosen[over]})


def paintable_labels(target: Target) -> EditableLabels:
    """The label map for tools that need no boxes, also while these are being measured."""
    scene = target.scene
    organs = scene.table.organs
    z, y, x = (float(step) for step in target.layer.scale)
    return EditableLabels(
        target.layer.data,
        (z, y, x),
        {},
        frozenset(each.value for each in organs if scene.painting.is_locked(each)),
        {each.value: each.name for each in organs},
    )


def hu_of(target: Target) -> NDArray[Any] | None:
    """The scan's voxels, if there is a scan."""
    return None if target.scan is None else np.asarray(target.scan.data)


@dataclass(frozen=True)
class BrushTool(Tool):
    """Paints the chosen organ with the left button, erases with the right; an eraser erases.

    Parameters
    ----------
    mode : str
        Of napari, which its own keys and buttons choose too.
    """

    mode: str = "paint"

    def begin(self, bench: Bench) -> None:
        mouse = pointer(bench.viewer)
        layer = bench.target().layer
        mouse.take_up(layer, self.mode, _BrushHand(bench, self))
        follow_napari_size(bench, layer)
        self.renew(bench)

    def renew(self, bench: Bench) -> None:
        mouse = pointer(bench.viewer)
        try:
            target = bench.target()
        except CorrectionError as error:  # another case comes into view
            bench.refuse(error)
            return
        if target.layer is not mouse.layer:
            mouse.take_up(target.layer, self.mode, _BrushHand(bench, self))
        show_size(mouse, target.layer, float(bench.values["size"]))
        range_shown(bench.viewer).show(target.scan, bench.values["hu"])
        bench.say(self.words(bench, target))

    def words(self, bench: Bench, target: Target) -> str:
        """What the mouse does now."""
        if str(target.layer.mode) == PAN_ZOOM:
            return "Resting: the mouse moves the picture."
        if self.mode == "erase":
            return f"Drag to erase{'' if bench.values['over'] == ANYTHING else f' {target.name}'}."
        return f"Drag to paint {target.name}; with the right button to erase it."

    def end(self, bench: Bench) -> None:
        range_shown(bench.viewer).clear()
        pointer(bench.viewer).put_down()


BRUSH = BrushTool(
    "brush",
    "Brush",
    "Paints the organ, round in mm",
    "brush",
    "P",
    (SIZE, SHAPE, Choice("over", "Paint over", (ANYTHING, ONLY_BACKGROUND, BEGUN_ON)), HU, EDGE),
)
ERASER = BrushTool(
    "eraser",
    "Eraser",
    "Erases, round in mm",
    "eraser",
    "E",
    (SIZE, SHAPE, Choice("over", "Erase", (THIS_ORGAN, ANYTHING)), HU, EDGE),
    "erase",
)


def show_size(mouse: Pointer, layer: Labels, mm: float) -> None:
    """Let the cursor of all panels be as large as the brush."""
    size = _in_voxels(mm, float(min(layer.scale)))
    if layer.brush_size != size:
        layer.brush_size = size  # napari's own, which its keys and Alt change
    for copy in mouse.copies:
        copy.cursor_size = mm


class _BrushHand(IdleHand):
    """Paints where the mouse is dragged."""

    def __init__(self, bench: Bench, tool: BrushTool) -> None:
        self._bench = bench
        self._tool = tool

    def drag(self, spot: Spot, event: Any) -> Drag:
        if event.button not in (LEFT_BUTTON, RIGHT_BUTTON):
            return
        is_erasing = self._tool.mode == "erase" or event.button == RIGHT_BUTTON
        name = ERASER.name if is_erasing else BRUSH.name
        try:
            stroke = _Stroke(self._bench, self._tool, spot, is_erasing)
            with (
                shared_labels(spot.layer).held_by(name),
                stroke.layer.block_history(),
                suppress(GeneratorExit),  # napari records no step that an exception ends
            ):
                stroke.go_to(spot)
                yield
                while event.type == "mouse_move":
                    stroke.go_to(Spot.of(spot.panel, spot.layer, event))
                    yield
                stroke.go_to(Spot.of(spot.panel, spot.layer, event))
        except AbdosegError as error:
            self._bench.refuse(error)

    def double_click(self, spot: Spot, event: Any) -> None:
        """The second of two quick dabs, which is no drag for napari."""
        for _ in self.drag(spot, event):
            pass


class _Stroke:
    """One way of the brush, from the press of a button to its release."""

    def __init__(self, bench: Bench, tool: BrushTool, spot: Spot, is_erasing: bool) -> None:
        target, values = bench.target(), bench.values
        if not is_erasing:
            target.require_organ()
        self._labels = paintable_labels(target)
        self._hu = hu_of(target)
        self._organ = target.value
        self._value = BACKGROUND if is_erasing else target.value
        self._labels.require_unlocked(self._value)
        self.layer = spot.layer if spot.layer.visible else target.layer
        self._radius = float(values["size"]) / 2
        self._axis = None if values["shape"] == BALL else spot.axis
        self._stops_at_edges = bool(values["edge"])
        if self._stops_at_edges:
            scan_of(self._labels, self._hu)
        erases_what_it_paints = is_erasing and tool is BRUSH
        over = THIS_ORGAN if erases_what_it_paints else values["over"]
        self._before: NDArray[np.float64] | None = None
        self._paintable = Paintable(over_of(over, target.value, self._label_at(spot)), values["hu"])

    def go_to(self, spot: Spot) -> None:
        """Paint from the last spot to this one; in 3D at each spot alone, as they lie apart."""
        place = self._place(spot)
        if place is None:
            self._before = None
            return
        before = place if self._before is None or spot.axis is None else self._before
        self._before = place
        for area in self._areas(before, place):
            edit = paint(self._labels, area, self._value, self._paintable, self._hu)
            write(self.layer, edit)

    def _areas(self, before: NDArray[Any], place: NDArray[Any]) -> Iterator[Area]:
        if not self._stops_at_edges or self._hu is None:
            area = self._swept(before, place)
            if area is not None:
                yield area
            return
        step = max(self._radius / DABS_A_RADIUS, min(self._labels.spacing))
        for middle in dabs(before, place, step, self._labels.spacing):
            area = self._swept(middle, middle)
            if area is not None:
                yield within_edges(area, middle, self._hu, self._labels.spacing)

    def _swept(self, before: NDArray[Any], place: NDArray[Any]) -> Area | None:
        shape = self._labels.data.shape
        return swept(before, place, self._radius, self._labels.spacing, shape, self._axis)

    def _place(self, spot: Spot) -> NDArray[np.float64] | None:
        """The voxel that is meant; in 3D the first organ on the line of sight."""
        if spot.axis is not None:
            return spot.place
        return first_on_sight(spot, self._labels.data, self._organ)

    def _label_at(self, spot: Spot) -> int:
        place = self._place(spot)
        if place is None:
            return BACKGROUND
        z, y, x = np.rint(place).astype(int)
        data = self._labels.data
        inside = all(0 <= at < size for at, size in zip((z, y, x), data.shape))
        return int(data[z, y, x]) if inside else BACKGROUND


def follow_napari_size(bench: Bench, layer: Labels) -> None:
    """Take a size that napari's own keys, slider or Alt have given the brush."""
    is_ours = pointer(bench.viewer).layer is layer
    if not is_ours or not isinstance(bench.tool, BrushTool):
        return
    step = float(min(layer.scale))
    if layer.brush_size != _in_voxels(float(bench.values["size"]), step):
        bench.set(size=layer.brush_size * step)


def _in_voxels(mm: float, step: float) -> int:
    """Size of napari's own brush that is next to one in mm."""
    return max(1, round(mm / step))


def follow_napari_mode(bench: Bench, mode: str) -> None:
    """Take up the brush or the eraser as napari's own keys and buttons choose theirs.

    Where the mouse is to move the picture, as while the space bar is held, a tool rests; napari's
    other modes put it away.
    """
    tool = {each.mode: each for each in (BRUSH, ERASER)}.get(mode)
    mouse = pointer(bench.viewer)
    if tool is not None and tool is not bench.tool:
        bench.choose(tool)
    elif mouse.hand is not None and bench.tool is not None:
        if mode not in (mouse.mode, PAN_ZOOM):
            bench.leave()
        elif isinstance(bench.tool, BrushTool):
            bench.tool.renew(bench)
