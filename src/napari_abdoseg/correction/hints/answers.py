"""What a hint changes in a label map that is being corrected."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.boundary import follow, move_boundary
from napari_abdoseg.correction.hints.clicks import Across, Click
from napari_abdoseg.correction.hints.propagation import clicks_of_slice
from napari_abdoseg.correction.hints.scribble import Stroke, scribble
from napari_abdoseg.correction.hints.sparing import Sparing
from napari_abdoseg.correction.hints.standing import Standing
from napari_abdoseg.correction.hints.where import Where, box_of
from napari_abdoseg.correction.hints.without_ensemble import presumed_logits
from napari_abdoseg.errors import AbdosegError, CorrectionError
from napari_abdoseg.logits.kept import KeptLogits
from napari_abdoseg.side_by_side import matrices_by_one_thread, side_by_side

Value = TypeVar("Value")

NO_LOGITS = "No logits are kept: this goes by outline and CT."
UNKNOWN = "The ensemble knows no {}: this goes by outline and CT."
OTHER_GRID = "The logits are of another grid: this goes by outline and CT."


@dataclass(frozen=True, eq=False)
class Hinted:
    """An edit by a hint, and what it goes by.

    Parameters
    ----------
    edit : Edit
    clicks : tuple of Click
        What the hint is remembered by; see `Standing.give`.
    less : str
        Why it goes by less than an ensemble's logits; empty where it goes by these.
    """

    edit: Edit
    clicks: tuple[Click, ...]
    less: str


class Last(Generic[Value]):
    """The last thing that was made, for as long as it is asked for by the same key."""

    def __init__(self) -> None:
        self._made: tuple[Hashable, Value] | None = None

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """What was made by that key, or is made now."""
        if self._made is None or self._made[0] != key:
            self._made = None
            self._made = key, make()
        return self._made[1]


class Knowledge:
    """What hints on a label map go by: logits that an ensemble has kept, or what stands in.

    Where there are none, or the model does not know an organ, logits are presumed by the label map
    as it is, and anew when a person has changed it.

    Parameters
    ----------
    find : callable
        Gives the logits that were kept, None where there are none; called once, in a thread. It may
        raise an AbdosegError where they don't fit.
    """

    def __init__(self, find: Callable[[], KeptLogits | None]) -> None:
        self._find: Callable[[], KeptLogits | None] | None = find
        self._kept: KeptLogits | None = None
        self._problem = ""
        self.presumed: Last[KeptLogits] = Last()
        """What stands in for logits."""
        self.read: Last[tuple[Click, ...]] = Last()
        """What slices were read as."""

    def kept(self) -> KeptLogits | None:
        """Logits that were kept, of whichever organs; None where there are none.

        Raises
        ------
        CorrectionError
            They don't fit: why.
        """
        self._look()
        if self._problem:
            raise CorrectionError(self._problem)
        return self._kept

    def of_ensemble(self, labels: EditableLabels, value: int) -> tuple[KeptLogits | None, str]:
        """Logits of an ensemble that knows an organ, if they fit; or why there are none."""
        self._look()
        kept = self._kept
        if kept is None:
            return None, self._problem or NO_LOGITS
        if not kept.classes(value):
            return None, UNKNOWN.format(labels.name_of(value))
        sizes = zip(kept.box.stop, labels.data.shape, strict=True)
        if any(stop > size for stop, size in sizes):
            return None, OTHER_GRID
        return kept, ""

    def _look(self) -> None:
        find, self._find = self._find, None
        if find is None:
            return
        try:
            self._kept = find()
        except AbdosegError as error:
            self._problem = str(error)


@dataclass(frozen=True, eq=False)
class CorrectedOrgan:
    """An organ that hints are given on.

    Parameters
    ----------
    labels : EditableLabels
    value : int
        Its label.
    hu : ndarray, shape (z, y, x), or None
        Of the CT on the same grid.
    standing : Standing
        What a person has changed stays.
    knowledge : Knowledge
    """

    labels: EditableLabels
    value: int
    hu: NDArray[Any] | None
    standing: Standing
    knowledge: Knowledge

    @property
    def sparing(self) -> Sparing:
        """What stays as it is."""
        return Sparing(by_hand=self.standing.by_hand())

    def goes_by(
        self, suggesting: Callable[[], EditableLabels], key: Hashable
    ) -> tuple[KeptLogits, str, tuple[Click, ...]]:
        """Logits, why they are less than an ensemble's, and clicks that were given on them.

        Parameters
        ----------
        suggesting : callable
            Gives the label map that suggests logits where an ensemble has kept none.
        key : hashable
            Of that.

        Raises
        ------
        CorrectionError
            The organ is locked; or it isn't there, and no ensemble has worked.
        """
        self.labels.require_unlocked(self.value)
        kept, less = self.knowledge.of_ensemble(self.labels, self.value)
        if kept is not None:
            logits = self.standing.learnt(self.value) or kept
            return logits, "", _known(self.standing.clicks(self.value), logits)
        self.labels.around([self.value])
        kept = self.knowledge.presumed.get(key, lambda: presumed_logits(suggesting(), self.hu))
        return kept, less, _known(self.standing.clicks(self.value, self.standing.age), kept)


@dataclass(frozen=True, eq=False)
class Corrected:
    """Slices of an organ that a person has corrected.

    Parameters
    ----------
    axis : int
        Of (z, y, x), across them.
    numbers : tuple of int
        One at least.
    strokes : callable
        Gives the edits by which they were corrected, in their order; called in a thread.
    """

    axis: int
    numbers: tuple[int, ...]
    strokes: Callable[[], Sequence[Edit]]

    def before(self, labels: EditableLabels) -> EditableLabels:
        """The label map without the strokes."""
        data = labels.data.copy()
        for edit in reversed(self.strokes()):
            data[edit.where] = edit.before
        return replace(labels, data=data)


@matrices_by_one_thread()
def made_ready(organ: CorrectedOrgan) -> Hinted:
    """Find what clicks and strokes on an organ go by before there are any; it changes nothing.

    Parameters
    ----------
    organ : CorrectedOrgan

    Raises
    ------
    CorrectionError
        See `CorrectedOrgan.goes_by`.
    """
    _, less, _ = organ.goes_by(lambda: organ.labels, organ.standing.age)
    none = np.zeros(0, np.intp)
    return Hinted(organ.labels.edit_at((none, none, none), organ.value), (), less)


@matrices_by_one_thread()
def boundary_moved(
    organ: CorrectedOrgan,
    click: Click,
    where: Where = Where.ALL,
    axis: int | None = None,
    view: Box | None = None,
) -> Hinted:
    """Let an organ grow or shrink to a click; see `move_boundary`.

    Parameters
    ----------
    organ : CorrectedOrgan
    click : Click
    where, axis, view : optional
        See `box_of`.

    Raises
    ------
    CorrectionError
        See `move_boundary` and `box_of`; or the place is not in the scan.
    """
    labels, value = organ.labels, organ.value
    if not all(0 <= at < size for at, size in zip(click.place, labels.data.shape, strict=True)):
        raise CorrectionError("That place is not in the scan: click in the scan.")
    kept, less, before = organ.goes_by(lambda: labels, organ.standing.age)
    within = box_of(where, labels, value, click.place, axis, view)
    sparing = replace(organ.sparing, within=within)
    edit = move_boundary(labels, kept, value, click, before, sparing)
    return Hinted(edit, (click,), less)


@matrices_by_one_thread()
def slices_followed(organ: CorrectedOrgan, corrected: Corrected, reach_mm: float) -> Hinted:
    """Let an organ follow slices that were corrected; see `clicks_of_slice` and `follow`.

    Where no ensemble has worked, slices are compared with the label map as it was before.

    Parameters
    ----------
    organ : CorrectedOrgan
    corrected : Corrected
    reach_mm : float
        How far from the slices.

    Raises
    ------
    CorrectionError
        See `clicks_of_slice` and `follow`.
    """
    labels, value, axis = organ.labels, organ.value, corrected.axis
    key = organ.standing.age, axis, corrected.numbers
    kept, less, before = organ.goes_by(lambda: corrected.before(labels), key)
    read = organ.knowledge.read.get(
        (value, kept, organ.standing.moves, *key),
        lambda: _all_clicks(labels, kept, value, corrected, before),
    )
    across = Across(axis, reach_mm)
    clicks = tuple(Click(each.place, each.inside, more=each.more, across=across) for each in read)
    edit = follow(labels, kept, value, clicks, before, organ.sparing)
    return Hinted(edit, clicks, less)


@matrices_by_one_thread()
def scribbled(organ: CorrectedOrgan, strokes: Sequence[Stroke]) -> Hinted:
    """Let an organ follow strokes for it and against it; see `scribble`.

    What comes of them counts as a person's once it is taken, as it hangs together with what was
    drawn: it is no hint that later ones would go by.

    Parameters
    ----------
    organ : CorrectedOrgan
    strokes : sequence of Stroke

    Raises
    ------
    CorrectionError
        See `scribble`.
    """
    labels = organ.labels
    kept, less, before = organ.goes_by(lambda: labels, organ.standing.age)
    edit = scribble(labels, kept, organ.hu, organ.value, strokes, before, organ.sparing)
    return Hinted(edit, (), less)


def _known(clicks: Sequence[Click], kept: KeptLogits) -> tuple[Click, ...]:
    """Those where something is known; they may have been given on other logits."""
    return tuple(click for click in clicks if kept.box.holds(click.place))


def _all_clicks(
    labels: EditableLabels,
    kept: KeptLogits,
    value: int,
    corrected: Corrected,
    before: tuple[Click, ...],
) -> tuple[Click, ...]:
    """What slices say, one by one, that say anything.

    Raises
    ------
    CorrectionError
        None does: why not the last.
    """

    def read(number: int) -> tuple[Click, ...] | CorrectionError:
        try:
            return clicks_of_slice(labels, kept, value, corrected.axis, number, before)
        except CorrectionError as error:
            return error

    found: tuple[Click, ...] = ()
    problem: CorrectionError | None = None
    for each in side_by_side(read, corrected.numbers):
        if isinstance(each, CorrectionError):
            problem = each
        else:
            found += each
    if not found and problem is not None:
        raise problem
    return found
