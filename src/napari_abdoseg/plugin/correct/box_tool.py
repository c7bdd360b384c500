"""The tool that lets the model segment again, in a box alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from napari.components import ViewerModel
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.from_model import replace_organ, replace_organs, same_organs
from napari_abdoseg.errors import AbdosegError, CorrectionError
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.box_segmentation import segmenting_box
from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.box_shown import BoxShown
from napari_abdoseg.plugin.correct.question import Question
from napari_abdoseg.plugin.correct.target import Target
from napari_abdoseg.plugin.correct.tool import Amount, Choice, Tool
from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.plugin.layers.conversion import volume_of
from napari_abdoseg.plugin.segment.chosen_model import (
    ChosenModel,
    ChosenSettings,
    chosen_model,
)
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.progress import Progress, Work

AROUND, CORNERS = "around the organ", "between two clicks"
THIS, ALL = "this organ", "all it knows"
FIRST_CORNER = "Click a corner of the box in any slice."
SECOND_CORNER = "Click the opposite corner, in any slice."
MM_PER_CM = 10.0


Asked = tuple[Box, ChosenSettings]
"""Where the model is to look, and how it is to work."""


@dataclass(frozen=True, eq=False)
class Found:
    """What the model finds in a box of a label map's scan.

    Parameters
    ----------
    target : Target
    box : Box
    settings : ChosenSettings
    labels : ndarray, of the box's shape
    organs : tuple of Organ
        The model's.
    """

    target: Target
    box: Box
    settings: ChosenSettings
    labels: NDArray[Any]
    organs: tuple[Organ, ...]


class BoxRun:
    """The corners of a viewer's box, the run in it, and what that found.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self.chosen = chosen_model(viewer)
        self.shown = BoxShown(viewer)
        self.corners: list[Shape] = []
        self.asked: Asked | None = None
        self.job: Job | None = None
        self.found: Found | None = None
        self._living: set[Job] = set()
        self._follow_no_more: Callable[[], None] | None = None

    def forget(self) -> None:
        """Stop the run, and forget what it found."""
        if self.job is not None:
            self.job.cancel()
        self.job = self.found = self.asked = None

    def show(self, target: Target, corners: Sequence[Shape], values: dict[str, Any]) -> None:
        """Draw the box of two corners; none as long as there are none.

        Raises
        ------
        CorrectionError
            It lies outside the scan.
        """
        box = _box(target, corners, values)
        if box is None:
            self.shown.clear()
        else:
            self.shown.show(target.layer, box)

    def follow_choice(self, renew: Callable[[], None] | None) -> None:
        """Call ``renew`` when something else is chosen in the panel Segment; None for no more."""
        if self._follow_no_more is not None:
            self._follow_no_more()
        self._follow_no_more = None if renew is None else self.chosen.follow(renew)

    def begin(self, job: Job, asked: Asked) -> None:
        """Start a run, which lives until its thread is free again."""
        self.job, self.asked = job, asked
        self._living.add(job)
        job.ended.connect(lambda: self._living.discard(job))
        job.start()

    def fitting(self, target: Target, asked: Asked) -> Found | None:
        """What was found, if that is what is asked for."""
        found = self.found
        if found is None or found.target.layer is not target.layer:
            return None
        return found if (found.box, found.settings) == asked else None


@dataclass(frozen=True)
class SegmentInBox(Tool):
    """Segments a box of the scan again, by the model that is chosen in the panel `Segment`."""

    def begin(self, bench: Bench) -> None:
        run = state_of(bench.viewer, BoxRun)
        run.corners = []
        bench.follow_clicks(partial(self._hear, bench), partial(self._hover, bench))
        run.follow_choice(partial(self.renew, bench))
        self.renew(bench)

    def renew(self, bench: Bench) -> None:
        run = state_of(bench.viewer, BoxRun)
        try:
            target = bench.target()
            target.require_organ()
            if not target.scene.is_current:
                bench.wait_for_boxes(partial(self.renew, bench))
                return
            box = _box(target, run.corners, bench.values)
            if box is None:
                run.show(target, run.corners * 2, bench.values)
                run.forget()
                bench.forget_preview()
                bench.say(SECOND_CORNER if run.corners else FIRST_CORNER)
                return
            run.shown.show(target.layer, box)
            settings = run.chosen.settings
            if (found := run.fitting(target, (box, settings))) is not None:
                bench.ask(partial(_edit, found=found))
                return
            if run.job is not None and run.asked == (box, settings):
                return
            run.forget()
            scan, model = _scan(target), run.chosen.model()
            words = settings.words(model)
        except AbdosegError as error:
            run.forget()
            bench.refuse(error)
            return
        start = partial(self._start, bench, target, scan, model, (box, settings))
        bench.offer(f"{words}, looks at {_size(box, target)}: press Enter to start.", start)

    def end(self, bench: Bench) -> None:
        run = state_of(bench.viewer, BoxRun)
        run.forget()
        run.shown.clear()
        run.follow_choice(None)
        bench.follow_clicks(None)

    def _hear(self, bench: Bench, place: Shape) -> None:
        if bench.values["box"] != CORNERS:
            return
        run = state_of(bench.viewer, BoxRun)
        run.corners = [*run.corners, place] if len(run.corners) == 1 else [place]
        self.renew(bench)

    def _hover(self, bench: Bench, place: Shape) -> None:
        """Draw the box that a click would end here."""
        run = state_of(bench.viewer, BoxRun)
        if bench.values["box"] == CORNERS and len(run.corners) == 1:
            with suppress(AbdosegError):
                run.show(bench.target(), [*run.corners, place], bench.values)

    def _start(
        self, bench: Bench, target: Target, scan: Volume, model: Model, asked: Asked
    ) -> None:
        run = state_of(bench.viewer, BoxRun)
        bench.forget_preview()
        job = Job(_working(run.chosen, model, scan, *asked), f"{model.name} in a box")
        job.progressed.connect(lambda progress, left: bench.say(_told(progress, left)))
        job.returned.connect(lambda result: self._take(bench, job, Found(target, *asked, *result)))
        job.ended.connect(lambda: self._rest(bench, job))
        bench.say("Starting. Esc stops it.")
        run.begin(job, asked)

    def _take(self, bench: Bench, job: Job, found: Found) -> None:
        run = state_of(bench.viewer, BoxRun)
        if run.job is job and bench.tool is self:
            run.found = found
            self.renew(bench)

    def _rest(self, bench: Bench, job: Job) -> None:
        run = state_of(bench.viewer, BoxRun)
        if run.job is job:
            run.job = None
            if job.failed and bench.tool is self:
                bench.refuse(CorrectionError(job.problem))


def _box(target: Target, corners: Sequence[Shape], values: dict[str, Any]) -> Box | None:
    """The box that is chosen, within the scan; None as long as a corner is missing."""
    labels = target.editable()
    if values["box"] == AROUND:
        return labels.around([target.value], values["mm"])
    if len(corners) < 2:
        return None
    low, high = np.min(corners, axis=0), np.max(corners, axis=0) + 1
    return labels.grown(Box(tuple(low.tolist()), tuple(high.tolist())), values["mm"])


def _scan(target: Target) -> Volume:
    if target.scan is None:
        raise CorrectionError(
            f"No CT is open on the grid of {target.layer.name}: open its CT to segment it again."
        )
    return volume_of(target.scan)


def _working(
    chosen: ChosenModel, model: Model, scan: Volume, box: Box, settings: ChosenSettings
) -> Work[tuple[NDArray[Any], tuple[Organ, ...]]]:
    ensemble = yield from chosen.loading(model, settings)
    labels = yield from segmenting_box(scan, ensemble, box, settings.preset)
    return labels, ensemble.organs


def _edit(question: Question, box: str, organs: str, mm: float, found: Found) -> Edit:
    here = [organ for organ, _ in found.target.organs]
    same = same_organs(here, found.organs)
    if organs == ALL:
        return replace_organs(question.labels, found.box, found.labels, same)
    return replace_organ(question.labels, found.box, found.labels, same, question.value)


def _size(box: Box, target: Target) -> str:
    """Such as ``"12 × 8 × 15 cm"``, left to right, front to back and foot to head."""
    z, y, x = (
        (stop - start) * step / MM_PER_CM
        for start, stop, step in zip(box.start, box.stop, target.layer.scale, strict=True)
    )
    return f"{x:.0f} × {y:.0f} × {z:.0f} cm"


def _told(progress: Progress, left: str) -> str:
    return " · ".join(filter(None, (progress.words, left, "Esc stops it")))


SEGMENT_IN_BOX = SegmentInBox(
    "segment in box",
    "Segment in a box",
    "Lets the model of the panel Segment look again, in a box alone",
    "segment_in_box",
    "Shift+B",
    (
        Choice("box", "Box", (AROUND, CORNERS)),
        Amount("mm", "Margin", 10.0, 0.0, 100.0, 5.0, "mm"),
        Choice("organs", "Changes", (THIS, ALL)),
    ),
)
