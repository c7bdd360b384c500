"""A tool that lets a fold learn from the slices that were corrected, and offers what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from napari.layers import Labels
from napari.utils.notifications import show_info
from numpy.typing import NDArray

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.answers import Knowledge
from napari_abdoseg.correction.hints.changed_mind import changed_mind
from napari_abdoseg.correction.hints.places import Places
from napari_abdoseg.correction.hints.slice_agreement import dice_in_slices
from napari_abdoseg.correction.hints.sparing import Sparing
from napari_abdoseg.correction.hints.standing import LEARN_FROM_CASE, Standing
from napari_abdoseg.errors import AbdosegError, CorrectionError
from napari_abdoseg.image.organ import capitalized
from napari_abdoseg.inference.learning.learning import require_of_ensemble
from napari_abdoseg.inference.learning.slices import ScanSlice
from napari_abdoseg.plugin.correct.bench import COMPUTING, Bench
from napari_abdoseg.plugin.correct.hint_knowledge import knowledge_of
from napari_abdoseg.plugin.correct.lessons import Learnt, Lesson, Lessons
from napari_abdoseg.plugin.correct.question import Answer, NotChosenError, Question
from napari_abdoseg.plugin.correct.seeds import seeds_of
from napari_abdoseg.plugin.correct.slice_tools import FEW, mark_slice
from napari_abdoseg.plugin.correct.target import Target
from napari_abdoseg.plugin.correct.tool import Action, EachPlace, Tool
from napari_abdoseg.plugin.jobs.job import Job
from napari_abdoseg.plugin.layers.conversion import label_map_of, volume_of
from napari_abdoseg.plugin.layers.kept_logits import logits_of
from napari_abdoseg.plugin.saving.logits_beside import networks_of
from napari_abdoseg.plugin.viewing.focus import focus_on
from napari_abdoseg.plugin.viewing.slice_in_hand import NAMES
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.certain import sure
from napari_abdoseg.progress import counted

FAIR = 0.8
"""DSC of an ensemble in slices from which a fold learns little more; `benchmarks/README.md`."""
AROUND_MM = 60.0
"""So much is shown around a place at least."""
MEANWHILE = "Other tools work meanwhile."

Step = Callable[[Places, EditableLabels, NDArray[Any]], tuple[Places, Edit]]


@dataclass(frozen=True)
class LearnFromCase(Tool):
    """Tells what could be learnt, lets a fold learn it, and shows what would change, in turn."""

    def begin(self, bench: Bench) -> None:
        learnt = self.learnt(bench)
        if learnt is not None:
            learnt.shown = -1
        self.renew(bench)

    def renew(self, bench: Bench) -> None:
        lessons = _lessons(bench)
        lessons.look_no_more()
        if lessons.job is not None:
            bench.forget_preview()
            self._tell_progress(bench)
            return
        try:
            target = bench.target()
            target.require_organ()
            learnt = self.learnt(bench)
            if learnt is None or (_is_over(learnt) and self.can_learn_more(bench)):
                self._look(bench, target, _corrected(target))
                return
        except AbdosegError as error:
            bench.refuse(error)
            return
        self._offer(bench, Places.ahead)

    def taken(self, bench: Bench) -> None:
        """Go on to the next place; hints on the organ go by what was learnt until it is undone."""
        learnt = self.learnt(bench)
        if learnt is not None and learnt.places is not None:
            learnt.places = learnt.places.passed()
            standing = bench.target().scene.painting.standing
            standing.give(learnt.lesson.value, (), learnt.logits)
        bench.follow_again()
        self.renew(bench)

    def end(self, bench: Bench) -> None:
        _lessons(bench).look_no_more()

    def stop(self, bench: Bench) -> None:
        """Stop the lesson that is under way."""
        _lessons(bench).stop()
        self.renew(bench)

    def learn_again(self, bench: Bench) -> None:
        """Offer another lesson on the organ instead of what is left of the last one's places."""
        _lessons(bench).forget(bench.target().layer)
        self.renew(bench)

    def leave_place(self, bench: Bench) -> None:
        """Leave the place in view as it is, and go on to the next."""
        learnt = self.learnt(bench)
        if learnt is not None and learnt.places is not None and bench.is_ready:
            learnt.places = learnt.places.passed()
            self.renew(bench)

    def go_back(self, bench: Bench) -> None:
        """Go back to the last place that was left as it is."""
        self._offer(bench, Places.back)

    def take_all(self, bench: Bench) -> None:
        """Take this place and all after it, as one step of undo."""
        self._offer(bench, Places.rest)
        bench.take_soon()

    def learnt(self, bench: Bench) -> Learnt | None:
        """What came of the last lesson on the organ that is chosen, if there was one."""
        try:
            target = bench.target()
        except AbdosegError:
            return None
        return _lessons(bench).learnt_of(target, logits_of(target.layer))

    def can_learn_more(self, bench: Bench) -> bool:
        """Whether slices have been corrected since the last lesson on the organ."""
        learnt = self.learnt(bench)
        return learnt is not None and bool({*_corrected(bench.target())} - {*learnt.lesson.slices})

    def _look(self, bench: Bench, target: Target, slices: tuple[ScanSlice, ...]) -> None:
        """Find out what could be learnt, and offer that."""
        if target.scan is None:
            raise CorrectionError(
                f"No CT is open on the grid of {target.layer.name}: open its CT, so that a fold "
                "can learn from it."
            )
        if not slices:
            raise NotChosenError(
                f"A fold learns from slices of {target.the_organ} that you have corrected, all "
                "that is wrong in each, or marked as right: correct a few first, here and there in "
                "the organ."
            )
        if not target.scene.is_current:
            bench.wait_for_boxes(partial(self.renew, bench))
            return
        labels = target.editable()
        labels.require_unlocked(target.value)
        bench.forget_preview()
        bench.say(COMPUTING)
        look = partial(_lesson, labels, target.value, slices, knowledge_of(target), target.layer)
        _lessons(bench).look(look, partial(self._propose, bench, target))

    def _propose(self, bench: Bench, target: Target, found: Lesson | AbdosegError) -> None:
        if bench.tool is not self:
            return
        if isinstance(found, AbdosegError):
            bench.refuse(found)
            return
        bench.offer(_told(found), partial(self._start, bench, target, found))

    def _start(self, bench: Bench, target: Target, lesson: Lesson) -> None:
        bench.forget_preview()
        try:
            scan, labels = volume_of(sure(target.scan)), label_map_of(target.layer)
        except AbdosegError as error:
            bench.refuse(error)
            return
        told = partial(self._tell_progress, bench)
        ended = partial(self._ended, bench, lesson)
        _lessons(bench).begin(lesson, target.layer, scan, labels, told, ended)
        self._tell_progress(bench)

    def _tell_progress(self, bench: Bench) -> None:
        lessons = _lessons(bench)
        lesson, progress = lessons.lesson, lessons.progress
        if bench.tool is not self or lesson is None:
            return
        doing = "starting" if progress is None else progress.words[:1].lower() + progress.words[1:]
        told = filter(None, (f"{capitalized(lesson.organ)}: {doing}", lessons.time_left))
        bench.say(f"{' · '.join(told)}. {MEANWHILE}")

    def _ended(self, bench: Bench, lesson: Lesson, job: Job, has_learnt: bool) -> None:
        is_in_view = bench.tool is self
        if is_in_view:
            self.renew(bench)
        if is_in_view and job.failed:
            bench.refuse(CorrectionError(job.problem))
        if has_learnt and not (is_in_view and self.learnt(bench)):
            show_info(
                f"A fold has learnt from {lesson.organ}: choose {self.title} with "
                f"{lesson.organ} to see what would change."
            )

    def _offer(self, bench: Bench, step: Step) -> None:
        """Show a place, or all of them."""
        learnt = self.learnt(bench)
        if learnt is None:
            return
        found = _Found(learnt, step, bench.target().scene.painting.standing)
        bench.ask(found.look, shown=partial(self._show, bench, learnt, found))

    def _show(self, bench: Bench, learnt: Learnt, found: _Found) -> None:
        places, proposal = sure(found.places), bench.proposal
        learnt.places = places
        if proposal is None:
            return
        if proposal.changes is None:
            bench.say(_told_at_end(places, found.left_out))
            return
        bench.say(f"{_number(places)}: {proposal.words}")
        if learnt.shown != places.at and found.step is not Places.rest:
            learnt.shown = places.at
            changes, grid = proposal.changes, bench.target().scene.table.grid
            focus_on(bench.viewer, changes.box, sure(grid), changes.busiest, AROUND_MM)


class _Found:
    """Looks for a place in a thread, and where that lies among all.

    Parameters
    ----------
    learnt : Learnt
    step : callable
        Which of the places.
    standing : Standing
    """

    def __init__(self, learnt: Learnt, step: Step, standing: Standing) -> None:
        self._learnt, self._standing = learnt, standing
        self.step = step
        self.places: Places | None = None
        self.left_out = 0

    def look(self, question: Question) -> Answer:
        """For the bench."""
        labels, learnt = question.labels, self._learnt
        labels.require_unlocked(question.value)
        by_hand = self._standing.by_hand()
        places = learnt.places
        if places is None:
            places = self._all(labels, by_hand)
        self.places, edit = self.step(places, labels, by_hand)
        if edit.is_nothing:
            self.left_out = self.places.left_out(labels, by_hand)
        return Answer(edit)

    def _all(self, labels: EditableLabels, by_hand: NDArray[Any]) -> Places:
        """All places, those of locked organs too, which may be unlocked before they are seen."""
        lesson = self._learnt.lesson
        clicks = self._standing.clicks(lesson.value)
        free, sparing = replace(labels, locked=frozenset()), Sparing(by_hand=by_hand)
        logits = lesson.kept, self._learnt.logits
        edits = changed_mind(free, *logits, lesson.value, clicks, sparing)
        return Places.of(edits, labels, lesson.kept.spacing)


def _lessons(bench: Bench) -> Lessons:
    return state_of(bench.viewer, Lessons)


def _is_over(learnt: Learnt) -> bool:
    return learnt.places is not None and learnt.places.is_over


def _corrected(target: Target) -> tuple[ScanSlice, ...]:
    """Slices of the organ that a person has painted, across all axes."""
    seeds = seeds_of(target.layer)
    return tuple(
        ScanSlice(axis, number)
        for axis in range(3)
        for number in seeds.across(axis, [target.value])
    )


def _lesson(
    labels: EditableLabels,
    value: int,
    slices: tuple[ScanSlice, ...],
    knowledge: Knowledge,
    layer: Labels,
) -> Lesson:
    kept = knowledge.kept()
    require_of_ensemble(kept, value, labels.name_of(value))
    kept = sure(kept)
    dice = dice_in_slices(labels, kept, value, [(each.axis, each.number) for each in slices])
    return Lesson(value, labels.the(value), slices, kept, networks_of(layer), dice)


def _told(lesson: Lesson) -> str:
    """What would be done, and whether it is worth its time."""
    worth = (
        f"The ensemble was fair there, with a DSC of {lesson.dice:.2f}: Follow slices brings as "
        "much, and sooner."
        if lesson.dice >= FAIR
        else f"The ensemble's DSC is {lesson.dice:.2f} there."
    )
    return (
        f"A fold learns how {lesson.organ} looks from {_spoken(lesson.slices)}, in the background. "
        f"Then you see what it would change, place by place. {worth} Press Enter to start."
    )


def _spoken(slices: Sequence[ScanSlice]) -> str:
    """Such as ``"axial slices 12, 30 and coronal slice 41"``."""
    words = []
    for axis, name in enumerate(NAMES):
        numbers = [each.number for each in slices if each.axis == axis]
        if len(numbers) > FEW:
            words.append(f"{len(numbers)} {name} slices")
        elif numbers:
            words.append(f"{name} slice{'s' * (len(numbers) > 1)} {', '.join(map(str, numbers))}")
    return " and ".join(words)


def _number(places: Places) -> str:
    """Such as ``"Place 3 of 12"``."""
    count = len(places.edits)
    are_joined = places.small > 1 and places.at == count - 1
    together = f", {places.small} small ones together" if are_joined else ""
    return f"Place {places.at + 1} of {count}{together}"


def _told_at_end(places: Places, left_out: int) -> str:
    if not places.edits:
        return "What was learnt changes nothing elsewhere: correct other slices, and learn again."
    left = f", {left_out} left: Back shows what was left" if left_out else ""
    return (
        f"All {counted(len(places.edits), 'place')} seen{left}. Slices that you correct now can be "
        "learnt from, too."
    )


LEARN = LearnFromCase(
    LEARN_FROM_CASE,
    "Learn from this case",
    "Lets a fold of the ensemble learn from the slices that you have corrected, and offers what "
    "it would change elsewhere, place by place",
    "learn_from_this_case",
    "Shift+L",
    (Action("mark", "Slice in view", "Mark, or unmark", mark_slice), EachPlace("places")),
)
