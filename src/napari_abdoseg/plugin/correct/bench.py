"""Where tools are used: the one that is chosen, what it would change, and what is taken of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol

from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import Signal

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.hints.standing import HINTS
from napari_abdoseg.errors import NO_MEMORY, AbdosegError, CorrectionError
from napari_abdoseg.image.grid import Shape
from napari_abdoseg.plugin.correct.clicks import Clicks, Hear
from napari_abdoseg.plugin.correct.preview import Preview
from napari_abdoseg.plugin.correct.proposal import Changes, Proposal
from napari_abdoseg.plugin.correct.question import Answer, NotChosenError, Question, Work
from napari_abdoseg.plugin.correct.seeds import seeds_of
from napari_abdoseg.plugin.correct.target import Target
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.organs.scene import OrganScene
from napari_abdoseg.plugin.paint_events.label_edits import LabelEdits
from napari_abdoseg.plugin.paint_events.shared_labels import shared_labels
from napari_abdoseg.plugin.paint_events.tool_edits import apply_edits
from napari_abdoseg.plugin.viewing.cases_in_view import cases_in_view
from napari_abdoseg.plugin.viewing.panels import panels_of
from napari_abdoseg.plugin.viewing.slice_in_hand import follow_slices
from napari_abdoseg.plugin.viewing.viewer_state import state_of, unwrapped
from napari_abdoseg.plugin.widgets.certain import sure

SETTLE_MS = 30
"""Rest after the last change of a setting before a preview is computed."""
COMPUTING = "Computing…"
NOT_ASKED = -1


def _rest() -> None:
    """Do nothing."""


class Usable(Protocol):
    """What the bench asks of a tool; see `Tool`."""

    @property
    def name(self) -> str: ...

    @property
    def title(self) -> str: ...

    def values_after(self, before: Mapping[str, Any]) -> dict[str, Any]: ...

    def begin(self, bench: Bench) -> None: ...

    def renew(self, bench: Bench) -> None: ...

    def taken(self, bench: Bench) -> None: ...

    def end(self, bench: Bench) -> None: ...


def bench(viewer: ViewerModel) -> Bench:
    """The bench of a viewer."""
    return state_of(unwrapped(viewer), Bench)


class Bench:
    """Computes what the chosen tool would change, shows it in all panels, and applies it.

    Nothing is changed before `take`, and nothing by a preview of what the label map was before:
    each edit of it, of another organ's choice or of a setting lets the tool look again.

    Parameters
    ----------
    viewer : ViewerModel
    """

    changed = Signal()
    """Another tool, another preview, or other words."""

    def __init__(self, viewer: ViewerModel) -> None:
        self.viewer = viewer
        self.tool: Usable | None = None
        self.values: dict[str, Any] = {}
        self.words = ""
        self.is_problem = False
        self.proposal: Proposal | None = None
        self._offer: Callable[[], None] | None = None
        self.place: Shape | None = None
        self._about = ""
        self._shown: Callable[[], None] = _rest
        self._kept: dict[str, dict[str, Any]] = {}
        self._asked = 0
        self._takes_next = False
        self._waiting: Callable[[], None] | None = None
        self._preview = Preview(viewer)
        self._clicks = Clicks(viewer)
        follow_slices(viewer)
        cases_in_view(viewer).changed.connect(self._follow_layer)  # it hears of layers first
        viewer.layers.selection.events.active.connect(self._follow_layer)
        viewer.layers.events.removed.connect(self._forget_layer)
        self._following: _Following | None = None
        self._work = LatestWork(_compute, SETTLE_MS)
        self._work.yielded.connect(lambda result: self._show(*result))

    def target(self) -> Target:
        """What tools act on now.

        Raises
        ------
        CorrectionError
            Nothing: the sentence says why.
        """
        return Target.of(self.viewer)

    def choose(self, tool: Usable | None) -> None:
        """Take up a tool instead of another, or none."""
        before, self.tool = self.tool, None
        self.place = None
        self.forget_preview()
        self._follow(None)
        self.say("")
        if before is not None:
            before.end(self)
        self.tool = tool
        self.values = {}
        if tool is not None:
            self.values = tool.values_after(self._kept.get(tool.name, {}))
            self._kept[tool.name] = self.values
            try:
                self._follow(self.target())
            except AbdosegError as error:
                self.refuse(error)
            else:
                tool.begin(self)
        self.changed.emit()

    def set(self, **values: Any) -> None:
        """Give the chosen tool other settings."""
        if self.tool is not None and any(self.values.get(n) != v for n, v in values.items()):
            self.values.update(values)
            self.tool.renew(self)

    def act(self, action: Callable[[Bench], None]) -> None:
        """Do what a button of the chosen tool does, and let the tool look again."""
        try:
            action(self)
        except AbdosegError as error:
            self.refuse(error)
            return
        self._renew()
        self.changed.emit()

    def ask(
        self,
        work: Work,
        place: Shape | None = None,
        about: str = "",
        shown: Callable[[], None] = _rest,
    ) -> None:
        """Compute what a tool would change, and show it.

        Parameters
        ----------
        work : callable
            See `Work`.
        place : tuple of int, optional
            The voxel (z, y, x) that was clicked.
        about : str, optional
            What is told before what would change.
        shown : callable, optional
            Called once it is shown, before it is taken.
        """
        self._forget_proposal()
        self.place, self._about, self._shown = place, about, shown
        self._ask(work)

    def _ask(self, work: Work) -> None:
        """Compute it as soon as the boxes of organs are right."""
        self._waiting = None
        try:
            target = self.target()
            target.require_organ()
            self.say(COMPUTING)
            if not target.scene.is_current:
                self._waiting = partial(self._ask, work)
                return
            labels = target.editable()
        except AbdosegError as error:
            self.refuse(error)
            return
        question = Question(labels, target.value, sure(target.scene.table.grid), self.place)
        self._work.start_soon(self._asked, work, question, dict(self.values))

    def prepare(self, work: Work) -> None:
        """Let a tool find in the thread what it will need, if it can; nothing of it is shown."""
        try:
            target = self.target()
            target.require_organ()
            labels = target.editable()
        except AbdosegError:
            return
        if target.scene.is_current:
            question = Question(labels, target.value, sure(target.scene.table.grid))
            self._work.start_soon(NOT_ASKED, work, question, {})

    @property
    def is_ready(self) -> bool:
        """Whether there is something to take."""
        has_changes = self.proposal is not None and self.proposal.changes is not None
        return has_changes or self._offer is not None

    def offer(self, words: str, do: Callable[[], None]) -> None:
        """Let the user take something that is no change of voxels."""
        self.forget_preview()
        self._offer = do
        self.say(words)

    def wait_for_boxes(self, do: Callable[[], None]) -> None:
        """Do something as soon as the boxes of organs are right, which they are not now."""
        self.forget_preview()
        self._waiting = do
        self.say(COMPUTING)

    def take(self) -> None:
        """Change what the preview shows, as one step of undo; or do what is offered."""
        if self._offer is not None:
            self._offer()
            return
        self._follow_layer()  # another one may be in view since layers were hidden or shown
        proposal, tool = self.proposal, self.tool
        if proposal is None or tool is None or proposal.changes is None:
            return
        layer = self.target().layer
        if shared_labels(layer).is_in_stroke:
            return
        if proposal.fits(layer.data):
            self.apply(proposal.edit)
        else:
            tool.renew(self)

    def take_soon(self) -> None:
        """Take what is shown, or what is being computed as soon as that is shown."""
        self._takes_next = self.proposal is None
        self.take()

    def apply(self, edit: Edit) -> None:
        """Change the label map at once, as one step of undo of the chosen tool."""
        tool, layer = self.tool, self.target().layer
        if tool is None:
            return
        self.place = None
        self.forget_preview()
        self._follow(None)  # what the tool changes itself is nothing to look at again
        apply_edits(layer, [edit], tool.name)
        if tool.name in HINTS and not edit.is_nothing:
            seeds_of(layer).leave_out_last()
        tool.taken(self)

    def go_to_change(self) -> None:
        """Bring all panels to where most would change."""
        if self.proposal is not None and self.proposal.changes is not None:
            self.go_to(self.proposal.changes.busiest)

    def go_to(self, voxel: Shape) -> None:
        """Bring all panels to a voxel (z, y, x)."""
        place = self.target().layer.data_to_world(voxel)
        for panel in panels_of(self.viewer):
            panel.dims.set_point(range(panel.dims.ndim - 3, panel.dims.ndim), place)

    def leave(self) -> None:
        """Put the tool away, and leave all as it is."""
        self.choose(None)

    def say(self, words: str) -> None:
        """Tell of the chosen tool."""
        if self.is_problem and self.viewer.status == self.words:
            self.viewer.status = ""
        self.words, self.is_problem = words, False
        self.changed.emit()

    def refuse(self, error: AbdosegError) -> None:
        """Tell why a tool can't do what was asked."""
        self.forget_preview()
        if isinstance(error, NotChosenError):
            self.say(str(error))
            return
        self.words, self.is_problem = str(error), True
        self.viewer.status = self.words
        self.changed.emit()

    def forget_preview(self) -> None:
        """Show no preview, and nothing that is being computed."""
        self._forget_proposal()
        self._preview.clear()

    def mark(self, strokes: Changes | None) -> None:
        """Show strokes that were drawn, over all slices, until others are; None for none."""
        self._preview.mark(None if strokes is None else (self.target().layer, strokes))

    def follow_clicks(self, hear: Hear | None, hover: Hear | None = None) -> None:
        """Call ``hear`` with each voxel (z, y, x) that is clicked in a slice; None for no more.

        ``hover`` is called with each that the mouse moves over in between.
        """
        self._clicks.follow(None if hear is None else self.target().layer, hear, hover)

    def follow_again(self) -> None:
        """Follow the label map in view, and the organ that is chosen in it."""
        try:
            self._follow(self.target())
        except AbdosegError as error:
            self.refuse(error)

    def _forget_layer(self, event: Any) -> None:
        """A layer that is gone is no setting any more."""
        for values in self._kept.values():
            for name, value in values.items():
                if value is event.value:
                    values[name] = None
        self._follow_layer()

    def _follow_layer(self, event: object = None) -> None:
        """Take up the chosen tool anew where another label map, or another CT, is in view now."""
        tool, following = self.tool, self._following
        if tool is None:
            return
        try:
            target = self.target()
        except AbdosegError as error:
            self.choose(None)
            self.refuse(error)
            return
        if following is None:
            return
        if not following.is_of(target):
            self.choose(None)
            self.choose(tool)
        elif following.scan is not target.scan:
            self._follow(target)
            self._renew()

    def _forget_proposal(self) -> None:
        """What is being computed is no answer any more."""
        self._asked += 1
        self._takes_next = False
        self.proposal = self._waiting = self._offer = None

    def _follow(self, target: Target | None) -> None:
        if self._following is not None:
            self._following.close()
        self._following = None if target is None else _Following(target, self._renew, self._go_on)

    def _renew(self) -> None:
        if self.tool is not None:
            self.tool.renew(self)

    def _go_on(self) -> None:
        """Compute what has waited for the boxes of organs, if these are right now."""
        waiting = self._waiting
        if waiting is not None and self.target().scene.is_current:
            waiting()

    def _show(self, asked: int, answer: Proposal | AbdosegError) -> None:
        if asked != self._asked:
            return
        if isinstance(answer, AbdosegError):
            self.refuse(answer)
            return
        self.proposal = answer
        self._preview.show(self.target().layer, answer.changes)
        self.say(f"{self._about}{answer.words}")
        self._shown()
        if self._takes_next:
            self.take()


class _Following:
    """Hears of all that a preview depends on, until `close`."""

    def __init__(
        self, target: Target, renew: Callable[[], None], go_on: Callable[[], None]
    ) -> None:
        self.layer: Labels = target.layer
        self.scan = target.scan
        self._scene: OrganScene = target.scene
        self._renew, self._go_on = renew, go_on
        self._edits = LabelEdits(target.viewer, target.layer)
        self._edits.edited.connect(self._hear)
        self._edits.changed.connect(self._hear)
        self.layer.events.selected_label.connect(self._hear)
        self._scene.painting.locked.connect(self._hear)
        self._scene.changed.connect(self._go_on)

    def is_of(self, target: Target) -> bool:
        """Whether it hears of a label map, and of the boxes of its organs."""
        return self.layer is target.layer and self._scene is target.scene

    def close(self) -> None:
        self._edits.close()
        self.layer.events.selected_label.disconnect(self._hear)
        self._scene.painting.locked.disconnect(self._hear)
        self._scene.changed.disconnect(self._go_on)

    def _hear(self, event: object = None) -> None:
        self._renew()


def _compute(
    asked: int, work: Work, question: Question, values: dict[str, Any]
) -> Iterator[tuple[int, Proposal | AbdosegError]]:
    try:
        found = work(question, **values)
        answer: Proposal | AbdosegError = Proposal.of(
            found if isinstance(found, Answer) else Answer(found), question.labels
        )
    except AbdosegError as error:
        answer = error
    except MemoryError:
        answer = CorrectionError(NO_MEMORY)
    yield asked, answer
