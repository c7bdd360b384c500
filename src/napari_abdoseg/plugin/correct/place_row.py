"""How far a lesson is, and buttons for the places that it would change."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_abdoseg.plugin.correct.bench import Bench
from napari_abdoseg.plugin.correct.learning_tool import LEARN
from napari_abdoseg.plugin.correct.lessons import Lessons
from napari_abdoseg.plugin.viewing.viewer_state import state_of
from napari_abdoseg.plugin.widgets.napari_window import own_canvas
from napari_abdoseg.plugin.widgets.window_key import window_key

LEAVE_KEYS = ("Delete", "Backspace")
"""That leave a place as it is."""
BAR_HEIGHT = 14


class PlaceRow(QWidget):
    """Progress of the lesson that is under way, or the places of the one that is over.

    Parameters
    ----------
    bench : Bench
    """

    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        self._lessons = state_of(bench.viewer, Lessons)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(BAR_HEIGHT)
        self.stop = _button("Stop", "Stop learning; nothing is changed", LEARN.stop, bench)
        self.back = _button("Back", "Back to the last place that was left", LEARN.go_back, bench)
        self.leave = _button("Not this  (Del)", "Leave this place", LEARN.leave_place, bench)
        self.all = _button(
            "Take all", "Take this place and all after it, as one step", LEARN.take_all, bench
        )
        self.again = _button(
            "Learn again", "Learn from all slices that are corrected now", LEARN.learn_again, bench
        )
        self._lesson, self._places = QWidget(), QWidget()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for row, widgets in (
            (self._lesson, (self.bar, self.stop)),
            (self._places, (self.back, self.leave, self.all)),
        ):
            inside = QHBoxLayout(row)
            inside.setContentsMargins(0, 0, 0, 0)
            for widget in widgets:
                inside.addWidget(widget)
            layout.addWidget(row)
        layout.addWidget(self.again, alignment=Qt.AlignmentFlag.AlignRight)
        window = own_canvas(bench.viewer).window()
        self._keys = [window_key(window, key, self.leave.click) for key in LEAVE_KEYS]
        self.follow()

    def end(self) -> None:
        """Hear of keys no longer."""
        for key in self._keys:
            key.deleteLater()

    def follow(self) -> None:
        """Show what there is now."""
        learnt = LEARN.learnt(self._bench)
        is_learning = self._lessons.job is not None
        places = None if learnt is None or is_learning else learnt.places
        self._lesson.setVisible(is_learning)
        self._places.setVisible(places is not None and bool(places.edits))
        self.again.setVisible(places is not None and LEARN.can_learn_more(self._bench))
        is_shown = places is not None and self._bench.is_ready
        self.back.setEnabled(places is not None and places.at > 0)
        for button in (self.leave, self.all):
            button.setEnabled(is_shown)
        for key in self._keys:
            key.setEnabled(is_shown)
        progress = self._lessons.progress
        self.bar.setRange(0, 0 if progress is None else progress.total)
        self.bar.setValue(0 if progress is None else progress.done)


def _button(words: str, tip: str, act: Callable[[Bench], None], bench: Bench) -> QPushButton:
    button = QPushButton(words)
    button.setToolTip(tip)
    button.clicked.connect(lambda: act(bench))
    return button
