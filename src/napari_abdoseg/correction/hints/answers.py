"""What a hint changes in a label map that is being corrected."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.correction.editable_labels import EditableLabels
from napari_abdoseg.correction.hints.boundary import move_boundary
from napari_abdoseg.correction.hints.clicks import Click
from napari_abdoseg.correction.hints.sparing import Sparing
from napari_abdoseg.correction.hints.standing import Standing
from napari_abdoseg.correction.hints.where import Where, box_of
from napari_abdoseg.correction.hints.without_ensemble import presumed_logits
from napari_abdoseg.errors import CorrectionError
from napari_abdoseg.logits.kept import KeptLogits


@dataclass(frozen=True, eq=False)
class Hinted:
    """An edit by a hint, and what it goes by.

    Parameters
    ----------
    edit : Edit
    clicks : tuple of Click
        What the hint is remembered by; see `Standing.give`.
    by_ensemble : bool
        Whether it goes by an ensemble's logits.
    """

    edit: Edit
    clicks: tuple[Click, ...]
    by_ensemble: bool


class Knowledge:
    """What hints on a label map go by: logits that an ensemble has kept, or what stands in.

    Where there are none, or the model does not know an organ, logits are presumed by the label map
    as it is, and anew when a person has changed it.

    Parameters
    ----------
    kept : KeptLogits or None
    """

    def __init__(self, kept: KeptLogits | None) -> None:
        self.kept = kept
        self._presumed: tuple[Hashable, KeptLogits] | None = None

    def of_ensemble(self, labels: EditableLabels, value: int) -> KeptLogits | None:
        """Logits of an ensemble that knows an organ, if they are of a label map's grid."""
        kept = self.kept
        if kept is None or not kept.classes(value):
            return None
        fits = all(
            stop <= size for stop, size in zip(kept.box.stop, labels.data.shape, strict=True)
        )
        return kept if fits else None

    def presumed(self, key: Hashable, presume: Callable[[], KeptLogits]) -> KeptLogits:
        """What stands in for logits, made once as long as the key is the same."""
        if self._presumed is None or self._presumed[0] != key:
            self._presumed = None
            self._presumed = key, presume()
        return self._presumed[1]


def boundary_moved(
    labels: EditableLabels,
    hu: NDArray[Any] | None,
    value: int,
    click: Click,
    standing: Standing,
    knowledge: Knowledge,
    where: Where = Where.ALL,
    axis: int | None = None,
    view: Box | None = None,
) -> Hinted:
    """Let an organ grow or shrink to a click; see `move_boundary`.

    Parameters
    ----------
    labels : EditableLabels
    hu : ndarray, shape (z, y, x), or None
        Of the CT on the same grid.
    value : int
        Label of the organ.
    click : Click
    standing : Standing
        What a person has changed stays.
    knowledge : Knowledge
    where, axis, view : optional
        See `box_of`.

    Raises
    ------
    CorrectionError
        See `move_boundary` and `box_of`; or the place is not in the scan.
    """
    if not all(0 <= at < size for at, size in zip(click.place, labels.data.shape, strict=True)):
        raise CorrectionError("That place is not in the scan: click in the scan.")
    labels.require_unlocked(value)
    kept, age = knowledge.of_ensemble(labels, value), standing.age
    by_ensemble = kept is not None
    if kept is None:
        labels.around([value])
        kept = knowledge.presumed(age, lambda: presumed_logits(labels, hu))
    before = standing.clicks(value, 0 if by_ensemble else age)
    within = box_of(where, labels, value, click.place, axis, view)
    sparing = Sparing(within, standing.by_hand())
    edit = move_boundary(labels, kept, value, click, before, sparing)
    return Hinted(edit, (click,), by_ensemble)
