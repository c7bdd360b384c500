"""Asks before label maps that are not saved leave with their layer or their window."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any
from weakref import ref

from napari import Viewer
from napari.components import LayerList, ViewerModel
from napari.layers import Labels, Layer
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QMessageBox, QWidget
from superqt.utils import QSignalDebouncer

from napari_abdoseg.plugin.saving.journals import journals
from napari_abdoseg.plugin.saving.label_maps import saving
from napari_abdoseg.plugin.saving.layer_marks import mark_layers
from napari_abdoseg.plugin.saving.menu import take_over_saving
from napari_abdoseg.plugin.saving.recovery_offers import RecoveryOffers
from napari_abdoseg.plugin.saving.unsaved import unsaved_labels
from napari_abdoseg.plugin.viewing.viewer_state import unwrapped
from napari_abdoseg.plugin.widgets.certain import sure, sure_of

NAME = "abdoseg unsaved label maps"
LEAVING = "{} {} changes that are not saved."
REMOVED = "{} {} removed with changes that are not saved."
Button = QMessageBox.StandardButton


def guard_unsaved(viewer: ViewerModel) -> None:
    """Keep edited and new label maps of a viewer from being lost, from now on.

    Of a viewer without a window it is only noted which they are. Journals of what is painted
    are kept in both, and what a crash has left of one is offered in a window.
    """
    viewer = unwrapped(viewer)
    unsaved_labels(viewer)
    journals(viewer)
    if isinstance(viewer, Viewer):
        window = viewer.window.main_menu.window()
        if window.findChild(Leaving, NAME) is None:
            Leaving(viewer, window)
            RecoveryOffers(viewer, window)
            mark_layers(viewer, window)
            take_over_saving(viewer, window)


def leave_saved(
    viewer: ViewerModel,
    layers: Collection[Layer],
    leave: Callable[[], None],
    stay: Callable[[], None] = lambda: None,
) -> None:
    """Call ``leave``, which removes layers, once what they hold is saved or given up.

    ``stay`` is called instead if the user stays, or it can't be saved. Without a window nothing
    is asked: what is not saved stays in its journal.
    """
    viewer = unwrapped(viewer)
    guard_unsaved(viewer)
    window = viewer.window.main_menu.window() if isinstance(viewer, Viewer) else None
    leaving = None if window is None else window.findChild(Leaving, NAME)
    if leaving is None:
        leave()
    else:
        leaving.let_go(layers, leave, stay)


class Leaving(QObject):
    """Asks once for all label maps that are leaving.

    Layers that the user deletes stay until there is an answer, and so does the window.
    What code removes is gone from the viewer, but can still be saved. No question stops
    code that runs, and none is asked of a window that is not shown.

    Parameters
    ----------
    viewer : Viewer
    window : QWidget
        The viewer's.
    """

    def __init__(self, viewer: Viewer, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName(NAME)
        self.question: QMessageBox | None = None
        self._layers_ref = ref(viewer.layers)  # they hold this object, which must not hold them
        self._unsaved = unsaved_labels(viewer)
        self._saving = saving(viewer)
        self._journals = journals(viewer)
        self._removed: list[Labels] = []
        self._awaited: Sequence[Labels] = ()
        self._leave: Callable[[], None] = lambda: None
        self._stay: Callable[[], None] = lambda: None
        self._is_closing = False
        self._removals = QSignalDebouncer(parent=self)
        self._removals.triggered.connect(self._ask_about_removed)
        self._saving.ended.connect(self._leave_when_saved)
        # napari tells of removals but can't be stopped there; keys and buttons all call this.
        viewer.layers.remove_selected = self._ask_to_delete
        viewer.layers.events.removing.connect(self._note_removal)
        window.installEventFilter(self)

    def let_go(
        self,
        layers: Collection[Layer],
        leave: Callable[[], None],
        stay: Callable[[], None] = lambda: None,
    ) -> None:
        """Call ``leave``, which removes layers, once they are saved or given up, or ``stay``."""
        unsaved = [each for each in self._unsaved.layers if each in layers and self._is_dear(each)]
        if unsaved and self._window.isVisible():
            self._ask(unsaved, partial(self._leave_unasked, leave), stay)
        else:
            self._leave_unasked(leave)

    def _is_dear(self, layer: Labels) -> bool:
        """Whether the user has not given it up since the last stroke."""
        journal = self._journals.of(layer)
        return journal is None or not journal.is_given_up

    def _leave_unasked(self, leave: Callable[[], None]) -> None:
        leave()
        self._removed.clear()

    @property
    def _layers(self) -> LayerList:
        return sure(self._layers_ref())

    @property
    def _window(self) -> QWidget:
        return sure_of(QWidget, self.parent())

    def eventFilter(self, watched: Any, event: QEvent | None) -> bool:  # noqa: N802
        event = sure(event)
        if event.type() != QEvent.Type.Close or self._is_closing:
            return False
        unsaved = self._unsaved.layers
        if not unsaved or not self._window.isVisible():
            return False
        event.ignore()
        self._ask(unsaved, partial(self._close, event.spontaneous()))
        return True

    def _close(self, by_its_frame: bool) -> None:
        """Close the window as the user did: napari may still ask whether to stop work."""
        self._is_closing = True
        if by_its_frame:
            sure(self._window.windowHandle()).close()
        else:
            QWidget.close(self._window)
        self._is_closing = False

    def _ask_to_delete(self) -> None:
        layers = self._layers
        selected = set(layers.selection)
        self.let_go(selected, partial(self._delete, selected))

    def _delete(self, selected: set[Layer]) -> None:
        layers = self._layers
        layers.selection = selected & set(layers)
        LayerList.remove_selected(layers)

    def _note_removal(self, event: Any) -> None:
        layer = self._layers[event.index]
        if layer in self._unsaved.layers:
            self._removed.append(layer)
            self._removals.throttle()

    def _ask_about_removed(self) -> None:
        removed, self._removed = self._removed, []
        gone = [layer for layer in removed if layer not in self._layers]
        if gone and self._window.isVisible() and self.question is None:
            self._open_question(_ask_for(gone, REMOVED, ("was", "were")), gone, lambda: None)

    def _ask(
        self,
        layers: Sequence[Labels],
        leave: Callable[[], None],
        stay: Callable[[], None] = lambda: None,
    ) -> None:
        if self.question is not None:
            stay()
            return
        question = _ask_for(layers, LEAVING, ("has", "have"))
        question.setEscapeButton(question.addButton(Button.Cancel))
        self._open_question(question, layers, leave, stay)

    def _open_question(
        self,
        question: QMessageBox,
        layers: Sequence[Labels],
        leave: Callable[[], None],
        stay: Callable[[], None] = lambda: None,
    ) -> None:
        self.question = question
        question.setParent(self._window, question.windowFlags())
        question.finished.connect(partial(self._follow, layers, leave, stay))
        question.open()

    def _follow(
        self,
        layers: Sequence[Labels],
        leave: Callable[[], None],
        stay: Callable[[], None],
        answer: int,
    ) -> None:
        question, self.question = sure(self.question), None
        if answer == Button.Discard:
            self._journals.give_up(layers)
            leave()
        elif answer == Button.Save:
            self._awaited, self._leave, self._stay = layers, leave, stay
            for layer in layers:
                self._saving.save(layer, self._window)
        else:
            stay()
        question.deleteLater()  # the last thing: its button may still be being pressed

    def _leave_when_saved(self, layer: Labels, problem: str) -> None:
        """Let layers leave when the last of them is saved; one that can't be keeps them all."""
        if layer not in self._awaited:
            return
        if problem:
            self._awaited = ()
            self._stay()
        elif not any(map(self._saving.is_saving, self._awaited)):
            self._awaited = ()
            self._leave()


def _ask_for(layers: Sequence[Labels], words: str, verbs: tuple[str, str]) -> QMessageBox:
    names, verb = [f"“{layer.name}”" for layer in layers], verbs[len(layers) > 1]
    question = QMessageBox()
    question.setIcon(QMessageBox.Icon.Warning)
    question.setWindowTitle("Save the changes?")
    question.setText(words.format(" and ".join(names), verb))
    question.setDefaultButton(question.addButton(Button.Save))
    sure(question.addButton(Button.Discard)).setText("Don't save")
    return question
