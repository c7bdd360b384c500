"""A prediction and its reference, compared again where either is edited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.anatomy.surface import SurfaceError, in_space, organ_surface
from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.evaluation.agreement import agreement_map, agreement_of
from napari_abdoseg.evaluation.centre_lines import DUCTS, is_named
from napari_abdoseg.evaluation.distance_surface import DistanceSurface, distance_surface
from napari_abdoseg.evaluation.error_regions import ErrorRegion, organ_errors
from napari_abdoseg.evaluation.organ_masks import NOWHERE, organ_boxes
from napari_abdoseg.evaluation.organ_scores import score_organ, with_centre_lines
from napari_abdoseg.evaluation.score import Score
from napari_abdoseg.evaluation.tolerance import FLARE21, Tolerances
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.progress import Progress, Work

STAGE = "Comparing"


@dataclass(frozen=True)
class Findings:
    """What a comparison says of each organ.

    Parameters
    ----------
    comparison : Comparison
    scores : dict of Organ to Score
    errors : dict of Organ to tuple of ErrorRegion
    """

    comparison: Comparison
    scores: dict[Organ, Score]
    errors: dict[Organ, tuple[ErrorRegion, ...]]


def comparing(
    prediction: LabelMap, reference: LabelMap, tolerances: Tolerances = FLARE21
) -> Work[Findings]:
    """Compare all organs, step by step; the parameters are those of `Comparison`."""
    yield Progress(STAGE, 0, 0)
    comparison = Comparison(prediction, reference, tolerances)
    scores, errors = {}, {}
    for done, organ in enumerate(comparison.organs):
        yield Progress(STAGE, done, len(comparison.organs))
        scores[organ] = comparison.score(organ)
        errors[organ] = comparison.errors(organ)
    return Findings(comparison, scores, errors)


class Comparison:
    """What can be said of a prediction and its reference, organ by organ.

    Each answer is of the voxels as they are when it is asked for. A box that holds
    the organ in both label maps is kept for each, so that no answer needs a look at
    the whole volume.

    Parameters
    ----------
    prediction, reference : LabelMap
        Of shape (z, y, x), on one grid; a value means the same organ in both.
    tolerances : Tolerances, optional
        Of the NSD.

    Attributes
    ----------
    agreement : ndarray of uint8, shape (z, y, x)
        As `agreement_map` makes it; right again after `take`.

    Raises
    ------
    ImageError
        The two are not on one grid.
    """

    def __init__(
        self, prediction: LabelMap, reference: LabelMap, tolerances: Tolerances = FLARE21
    ) -> None:
        self.prediction = prediction
        self.reference = reference
        self.tolerances = tolerances
        self._boxes = dict(organ_boxes(prediction, reference))
        self.agreement = agreement_map(prediction, reference)

    @property
    def organs(self) -> tuple[Organ, ...]:
        """Organs of the reference's scheme."""
        return self.reference.organs

    def box(self, organ: Organ) -> Box | None:
        """A box that holds an organ in both; None if neither has it."""
        box = self._boxes[organ]
        return None if box is NOWHERE else box

    def take(self, edits: Iterable[Edit], of: LabelMap) -> tuple[Organ, ...]:
        """Follow edits of one of the two label maps, painted already or about to be.

        Parameters
        ----------
        edits : iterable of Edit
        of : LabelMap
            `prediction` or `reference`.

        Returns
        -------
        tuple of Organ
            Those that have won or lost voxels.
        """
        touched: set[int] = set()
        for edit in edits:
            if len(edit.before):
                touched.update(self._take(edit, of))
        return tuple(organ for organ in self.organs if organ.value in touched)

    def _take(self, edit: Edit, of: LabelMap) -> set[int]:
        values = {int(value) for part in (edit.before, edit.after) for value in np.unique(part)}
        place = _box_around(edit)
        for organ in self.organs:
            if organ.value in values:
                box = self.box(organ)
                self._boxes[organ] = box.union(place) if box else place
        predicted, real = (
            edit.after if labels is of else labels.data[edit.where]
            for labels in (self.prediction, self.reference)
        )
        self.agreement[edit.where] = agreement_of(predicted, real, self.organs)
        return values

    def score(self, organ: Organ, with_distances: bool = True) -> Score:
        """Scores of an organ, of ducts with their centre lines.

        Without distances, which take longest, those and the centre lines' scores are NaN.
        """
        masks, lattice = self._masks(organ, self._boxes[organ]), self.reference.grid.lattice
        score = score_organ(organ, *masks, lattice, self.tolerances.of(organ), with_distances)
        if with_distances and is_named(organ.name, DUCTS):
            return with_centre_lines(score, *masks, lattice)
        return score

    def errors(self, organ: Organ) -> tuple[ErrorRegion, ...]:
        """Where an organ is wrong, the largest region first."""
        box, lattice = self._boxes[organ], self.reference.grid.lattice
        return organ_errors(organ, box, *self._masks(organ, box), lattice)

    def surface(self, organ: Organ) -> DistanceSurface | None:
        """The predicted surface with its distances; None if either does not have the organ."""
        box, grid = self._boxes[organ], self.reference.grid
        predicted, real = self._masks(organ, box)
        try:
            shown, other = (organ_surface(mask, box, grid) for mask in (predicted, real))
        except SurfaceError:
            return None
        measured = distance_surface(in_space(shown, grid), in_space(other, grid))
        return replace(measured, vertices=shown.vertices)

    def _masks(self, organ: Organ, box: Box) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Within a box: of the prediction, and of the reference."""
        predicted, real = (labels.data[box.slices] for labels in (self.prediction, self.reference))
        return predicted == organ.value, real == organ.value


def _box_around(edit: Edit) -> Box:
    z, y, x = ((int(axis.min()), int(axis.max()) + 1) for axis in edit.where)
    return Box(*zip(z, y, x, strict=True))
