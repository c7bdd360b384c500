"""Lessons in a viewer: the one that a fold takes now, and what came of the last of a label map."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from napari.components import ViewerModel
from napari.layers import Labels

from napari_abdoseg.correction.hints.places import Places
from napari_abdoseg.errors import NO_MEMORY, AbdosegError, CorrectionError
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.learning.learning import learning
from napari_abdoseg.inference.learning.slices import ScanSlice
from napari_abdoseg.inference.model.networks import Networks, loading_first_fold
from napari_abdoseg.logits.kept import KeptLogits
from napari_abdoseg.plugin.correct.target import Target
from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.segment.chosen_model import chosen_model
from napari_abdoseg.progress import Progress, Work


@dataclass(frozen=True, eq=False)
class Lesson:
    """What a fold can learn of an organ.

    Parameters
    ----------
    value : int
        Label of the organ.
    organ : str
        The organ within a sentence.
    slices : tuple of ScanSlice
        That are right.
    kept : KeptLogits
        What the ensemble has said.
    networks : Networks
        That have said it.
    dice : float
        The ensemble's DSC in the slices.
    """

    value: int
    organ: str
    slices: tuple[ScanSlice, ...]
    kept: KeptLogits
    networks: Networks
    dice: float


@dataclass(eq=False)
class Learnt:
    """What came of a lesson.

    Parameters
    ----------
    lesson : Lesson
    shape : tuple of int
        (z, y, x) of the label map.
    logits : KeptLogits
        What the ensemble says now.
    places : Places or None
        That would change; None until they are looked for.
    shown : int
        Number of the place that the panels were brought to.
    """

    lesson: Lesson
    shape: Shape
    logits: KeptLogits
    places: Places | None = None
    shown: int = -1


class Lessons:
    """One lesson at a time; what came of it stays with the label map until the next.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self.job: Job | None = None
        self.lesson: Lesson | None = None
        """That the job is on."""
        self.progress: Progress | None = None
        self.time_left = ""
        self._chosen = chosen_model(viewer)
        self._layer: Labels | None = None
        self._learnt: WeakKeyDictionary[Labels, Learnt] = WeakKeyDictionary()
        self._living: set[Job] = set()
        self._asked = 0
        self._look = LatestWork(_looked)
        self._look.yielded.connect(self._tell)
        viewer.layers.events.removed.connect(self._forget_layer)

    def look(self, look: Callable[[], Lesson], tell: Callable[[Any], None]) -> None:
        """Find out in a thread what could be learnt, and tell it, or the AbdosegError, once.

        Parameters
        ----------
        look : callable
        tell : callable
            Called with what was found, unless something else is asked for by then.
        """
        self.look_no_more()
        self._look.start_soon(self._asked, look, tell)

    def look_no_more(self) -> None:
        """What is being looked for is asked for no more."""
        self._asked += 1

    def learnt_of(self, target: Target, kept: KeptLogits | None) -> Learnt | None:
        """What was learnt last of an organ, if its label map and logits still are the same."""
        found = self._learnt.get(target.layer)
        if found is None or found.lesson.value != target.value:
            return None
        same = found.shape == target.layer.data.shape and kept in (None, found.lesson.kept)
        return found if same else None

    def forget(self, layer: Labels) -> None:
        """Forget what came of the last lesson on a label map."""
        self._learnt.pop(layer, None)

    def begin(
        self,
        lesson: Lesson,
        layer: Labels,
        scan: Volume,
        labels: LabelMap,
        told: Callable[[], None],
        ended: Callable[[Job, bool], None],
    ) -> None:
        """Let a fold learn in a thread.

        Parameters
        ----------
        lesson : Lesson
        layer : Labels
        scan : Volume
        labels : LabelMap
            The layer's.
        told : callable
            Called after each report.
        ended : callable
            Called with the job, and whether anything was learnt, unless it was stopped.
        """
        self.stop()
        self.forget(layer)
        chosen = self._chosen.settings
        work = _learning(lesson, scan, labels, (chosen.model,), chosen.device)
        job = Job(work, f"Learn from {lesson.organ}")

        def report(progress: Progress, left: str) -> None:
            if self.job is job:
                self.progress, self.time_left = progress, left
                told()

        def keep(logits: KeptLogits) -> None:
            if self.job is job:
                self._learnt[layer] = Learnt(lesson, labels.data.shape, logits)

        def end() -> None:
            self._living.discard(job)
            if self.job is job:
                self._rest()
                ended(job, layer in self._learnt)

        job.progressed.connect(report)
        job.returned.connect(keep)
        job.ended.connect(end)
        self.job, self.lesson, self._layer = job, lesson, layer
        self._living.add(job)
        job.start()

    def stop(self) -> None:
        """Stop the lesson that is under way, if one is; its thread ends at its next step."""
        if self.job is not None:
            self.job.cancel()
        self._rest()

    def _rest(self) -> None:
        self.job = self.lesson = self.progress = self._layer = None
        self.time_left = ""

    def _tell(self, found: tuple[int, Callable[[Any], None], Any]) -> None:
        asked, tell, answer = found
        if asked == self._asked:
            tell(answer)

    def _forget_layer(self, event: Any) -> None:
        self._learnt.pop(event.value, None)
        if event.value is self._layer:
            self.stop()


def _looked(
    asked: int, look: Callable[[], Lesson], tell: Callable[[Any], None]
) -> Iterator[tuple[int, Callable[[Any], None], Lesson | AbdosegError]]:
    try:
        answer: Lesson | AbdosegError = look()
    except AbdosegError as error:
        answer = error
    except MemoryError:
        answer = CorrectionError(NO_MEMORY)
    yield asked, tell, answer


def _learning(
    lesson: Lesson, scan: Volume, labels: LabelMap, others: tuple[str, ...], device: str
) -> Work[KeptLogits]:
    """Let the first fold learn from slices as they are at the start."""
    try:
        now = replace(labels, data=labels.data.copy())
        ensemble = yield from loading_first_fold(lesson.networks, others, device)
        work = learning(scan, now, lesson.kept, ensemble, lesson.value, lesson.slices)
        return (yield from work)
    except MemoryError as error:
        raise CorrectionError(NO_MEMORY) from error
