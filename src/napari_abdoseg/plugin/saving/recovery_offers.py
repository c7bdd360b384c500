"""Offers what a crash has left of a label map, with a picture of what changed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from html import escape
from weakref import ref

import numpy as np
from napari import Viewer
from napari.layers import Image
from numpy.typing import NDArray
from qtpy.QtCore import QObject, Qt
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from napari_abdoseg.correction.journal.changes_picture import (
    ADDED,
    REMOVED,
    Picture,
    changes_picture,
)
from napari_abdoseg.correction.journal.places import DAYS_ASIDE
from napari_abdoseg.correction.journal.recovery import Recovery
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.saving.journals import Journals, Offer, journals
from napari_abdoseg.plugin.widgets.certain import sure, sure_of

HEIGHT = 260
"""Pixels of a picture."""
MOST_ORGANS = 6
TITLE = "Corrections that were not saved"
OF_FILE = "The program ended before <b>{name}</b> was saved. Last change: {when}, by {user}."
UNSAVED = "The program ended before the organs <b>{name}</b> were saved. Last change: {when}."
OTHER = (
    "The file has been replaced since, so they come as a layer of their own; the file and its "
    "layer stay as they are."
)
OWN = "They come as a layer of their own."
NAMED = "Organs that were renamed or added: {}."
STEPS = "With {} step{} that can be undone."
AND_MORE = "… and {} more organs"
BRING_BACK, DECLINE, LATER = "Bring back", "Don't bring back", "Ask again later"
DECLINE_TIP = f"Keep the journal for {DAYS_ASIDE} days, but offer it no more"
LATER_TIP = "Offer it when the case is opened the next time (Esc)"


class RecoveryOffers(QObject):
    """Asks about one label map after the other.

    Parameters
    ----------
    viewer : Viewer
    window : QWidget
        The viewer's.
    """

    def __init__(self, viewer: Viewer, window: QWidget) -> None:
        super().__init__(window)
        self.question: RecoveryQuestion | None = None
        self._viewer = ref(viewer)
        self._journals: Journals = journals(viewer)
        self._waiting: deque[Offer] = deque()
        self._drawn: Offer | None = None
        self._drawing = LatestWork(_pictures, settle_ms=0)
        self._drawing.yielded.connect(self._open)
        self._drawing.rested.connect(self._ask)
        self._journals.offered.connect(self._take)
        self.destroyed.connect(self._journals.close)
        self.destroyed.connect(self._drawing.close)
        self.destroyed.connect(partial(_leave_all, self._waiting))

    def _take(self, offer: Offer) -> None:
        if not sure_of(QWidget, self.parent()).isVisible():
            self._journals.leave(offer)
            return
        self._waiting.append(offer)
        self._ask()

    def _ask(self) -> None:
        """Have the first that waits drawn and asked about; it waits until it has its answer."""
        if self.question is not None or self._drawing.is_busy:
            return
        if self._waiting and self._waiting[0] is self._drawn:  # it has left, or can't be drawn
            self._journals.leave(self._waiting.popleft())
        if self._waiting:
            self._drawn = self._waiting[0]
            self._drawing.start_now(self._drawn, self._scan_of(self._drawn))

    def _open(self, drawn: tuple[Offer, Sequence[Picture]]) -> None:
        offer, pictures = drawn
        if not self._is_in_view(offer):
            return
        self.question = RecoveryQuestion(offer, pictures, sure_of(QWidget, self.parent()))
        self.question.finished.connect(self._follow)
        self.question.open()

    def _follow(self) -> None:
        question, self.question = sure(self.question), None
        offer = self._waiting.popleft()
        if question.answer == BRING_BACK and self._is_in_view(offer):
            self._journals.bring_back(offer)
        elif question.answer == DECLINE:
            self._journals.decline(offer)
        else:
            self._journals.leave(offer)
        self._ask()
        question.deleteLater()  # the last thing: its button may still be being pressed

    def _is_in_view(self, offer: Offer) -> bool:
        return offer.layer in sure(self._viewer()).layers

    def _scan_of(self, offer: Offer) -> NDArray[np.generic] | None:
        """Voxels of the CT in view that an offer is about."""
        if isinstance(offer.layer, Image):
            return np.asarray(offer.layer.data)
        grid = offer.layer.metadata["grid"]
        scans = (each for each in sure(self._viewer()).layers if isinstance(each, Image))
        fitting = (each for each in scans if _is_on(each, grid))
        return next((np.asarray(each.data) for each in fitting), None)


class RecoveryQuestion(QDialog):
    """Whether to bring back what was not saved.

    Parameters
    ----------
    offer : Offer
    pictures : sequence of ndarray of uint8, each of shape (height, width, 3)
        Of what changed.
    parent : QWidget
    """

    def __init__(self, offer: Offer, pictures: Sequence[Picture], parent: QWidget) -> None:
        super().__init__(parent)
        self.answer = LATER
        self.setWindowTitle(TITLE)
        recovery = offer.recovery
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        words = QLabel(_words(offer))
        words.setWordWrap(True)
        layout.addWidget(words)
        grid: Grid = offer.layer.metadata["grid"]
        row = QHBoxLayout()
        for picture in pictures:
            row.addWidget(_shown(picture))
        layout.addLayout(row)
        layout.addLayout(_figures(recovery, grid))
        layout.addWidget(self._buttons())

    def _buttons(self) -> QDialogButtonBox:
        buttons = QDialogButtonBox()
        role = QDialogButtonBox.ButtonRole
        for text, place, tip in (
            (BRING_BACK, role.AcceptRole, ""),
            (DECLINE, role.DestructiveRole, DECLINE_TIP),
            (LATER, role.RejectRole, LATER_TIP),
        ):
            button = sure(buttons.addButton(text, place))
            button.setToolTip(tip)
            button.clicked.connect(partial(self._give, text))
            button.setDefault(text == BRING_BACK)
        return buttons

    def _give(self, answer: str) -> None:
        self.answer = answer
        self.accept()


def _leave_all(waiting: deque[Offer], *_: object) -> None:
    """Let what has no answer yet be offered again, the one that is asked about, too."""
    while waiting:
        waiting.popleft().recovery.leave()


def _pictures(
    offer: Offer, scan: NDArray[np.generic] | None
) -> Iterator[tuple[Offer, Sequence[Picture]]]:
    """An offer, and pictures of what changes; none of nothing but names."""
    recovery, grid = offer.recovery, offer.layer.metadata["grid"]
    if recovery.change.is_nothing:
        yield offer, ()
    else:
        yield offer, changes_picture(recovery.change, recovery.labels, scan, grid, HEIGHT)


def _words(offer: Offer) -> str:
    recovery = offer.recovery
    subject = recovery.content.subject
    words = OF_FILE if subject.labels else UNSAVED
    name, user = escape(subject.name), escape(subject.user or "somebody")
    told = [words.format(name=name, when=recovery.when, user=user)]
    if subject.labels and not recovery.is_of_this_version:
        told.append(OTHER)
    elif not subject.labels:
        told.append(OWN)
    if (names := recovery.content.history.unsaved_names) is not None:
        before = set(names.organs_before)
        others = [organ.name for organ in names.organs_after if organ not in before]
        told.append(NAMED.format(escape(", ".join(others))))
    if steps := len(recovery.content.history.done):
        told.append(STEPS.format(steps, "s" * (steps != 1)))
    return " ".join(told)


def _figures(recovery: Recovery, grid: Grid) -> QGridLayout:
    """How much each organ wins and loses."""
    table = QGridLayout()
    table.setHorizontalSpacing(18)
    ml = grid.voxel_volume
    organs = sorted(recovery.won_and_lost.items(), key=lambda each: -sum(each[1]))
    for row, (name, (won, lost)) in enumerate(organs[:MOST_ORGANS]):
        organ = QLabel(name)
        organ.setTextFormat(Qt.TextFormat.PlainText)
        table.addWidget(organ, row, 0)
        for column, (sign, voxels, color) in enumerate(
            (("+", won, ADDED), ("−", lost, REMOVED)), start=1
        ):
            label = QLabel(f"{sign}{voxels * ml:,.1f} ml" if voxels else "")
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
            table.addWidget(
                _swatch(color, striped=sign == "−") if voxels else QLabel(), row, 2 * column - 1
            )
            table.addWidget(label, row, 2 * column)
    if len(organs) > MOST_ORGANS:
        table.addWidget(QLabel(AND_MORE.format(len(organs) - MOST_ORGANS)), MOST_ORGANS, 0)
    table.setColumnStretch(5, 1)
    return table


def _swatch(color: tuple[int, int, int], striped: bool) -> QLabel:
    rows, columns = np.indices((12, 12))
    picture = np.full((12, 12, 3), color, np.uint8)
    if striped:
        picture[(rows + columns) % 6 >= 3] //= 3
    return _shown(picture)


def _shown(picture: NDArray[np.uint8]) -> QLabel:
    picture = np.ascontiguousarray(picture)
    height, width, _ = picture.shape
    image = QImage(picture.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    label = QLabel()
    label.setPixmap(QPixmap.fromImage(image.copy()))
    return label


def _is_on(layer: Image, grid: Grid) -> bool:
    own = layer.metadata.get("grid")
    return isinstance(own, Grid) and own.shape == grid.shape and own.matches(grid)
