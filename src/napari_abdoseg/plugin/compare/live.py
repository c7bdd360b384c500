"""Scores of two Labels layers that follow each stroke."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels
from psygnal import Signal

from napari_abdoseg.anatomy.tally import Edit
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.evaluation.comparison import Comparison, Findings
from napari_abdoseg.evaluation.error_regions import ErrorRegion
from napari_abdoseg.evaluation.score import Score
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.plugin.compare.work import match_layers
from napari_abdoseg.plugin.jobs.latest import LatestWork
from napari_abdoseg.plugin.paint_events.label_edits import LabelEdits

Organs = tuple[Organ, ...]


class LiveComparison:
    """Keeps a comparison of two Labels layers right while they are edited.

    DSC and NSD of the organs that a stroke has touched come first; HD95, which is NaN
    meanwhile, and the errors come when that is done.

    Parameters
    ----------
    viewer : ViewerModel
    prediction, reference : Labels
    findings : Findings
        Of these layers.
    """

    scored = Signal()
    """`scores` are new."""
    errors_found = Signal()
    """`errors` are new."""
    agreement_changed = Signal()
    """The comparison, or its agreement map, is no longer what it was."""
    settled = Signal(tuple)
    """Organs that were edited, of which all is known again."""
    failed = Signal(str)
    """The layers can no longer be compared, and why."""

    def __init__(
        self, viewer: ViewerModel, prediction: Labels, reference: Labels, findings: Findings
    ) -> None:
        self.comparison = findings.comparison
        self.scores: dict[Organ, Score] = dict(findings.scores)
        self.errors: dict[Organ, tuple[ErrorRegion, ...]] = dict(findings.errors)
        self.scores_at_start = dict(findings.scores)
        self._layers = prediction, reference
        self._unscored: set[Organ] = set()
        self._unexplained: set[Organ] = set()
        self._scoring = LatestWork(self._score)
        self._explaining = LatestWork(self._explain)
        self._comparing = LatestWork(self._compare)
        self._scoring.yielded.connect(self._take_score)
        self._scoring.rested.connect(self._explain_scored)
        self._explaining.yielded.connect(self._take_explanation)
        self._explaining.rested.connect(self._settle)
        self._comparing.yielded.connect(self._take_comparison)
        self._edits = [LabelEdits(viewer, layer) for layer in self._layers]
        for layer, edits in zip(self._layers, self._edits):
            edits.edited.connect(self._follower(layer))
            edits.changed.connect(self.compare_anew)

    def compare_anew(self) -> None:
        """Look at all voxels again: more has changed than is known."""
        self._comparing.start_soon()

    def close(self) -> None:
        """Follow the layers no longer."""
        for edits in self._edits:
            edits.close()
        for background in (self._scoring, self._explaining, self._comparing):
            background.close()

    def _follower(self, layer: Labels) -> Callable[[list[Edit]], None]:
        def follow(edits: list[Edit]) -> None:
            labels = self._labels_of(layer)
            # What is being compared in a thread may or may not hold the edit.
            if self._comparing.is_busy or not _same_voxels(labels.data, layer.data):
                self.compare_anew()
                return
            touched = self.comparison.take(edits, labels)
            self.agreement_changed.emit()
            self._score_soon(touched)

        return follow

    def _labels_of(self, layer: Labels) -> LabelMap:
        """A layer's label map; a copy of its voxels where values or their type are others."""
        labels = self.comparison.prediction, self.comparison.reference
        return labels[self._layers.index(layer)]

    def _compare(self) -> Iterator[Comparison | AbdosegError]:
        before = self.comparison
        try:
            matched = match_layers(*self._layers)
            if matched.prediction.organs != before.organs:
                raise AbdosegError("The layers have other organs now: compare them again.")
            yield Comparison(matched.prediction, matched.reference, before.tolerances)
        except AbdosegError as error:
            yield error

    def _take_comparison(self, comparison: Comparison | AbdosegError) -> None:
        if isinstance(comparison, AbdosegError):
            self.failed.emit(str(comparison))
            return
        self.comparison = comparison
        self.agreement_changed.emit()
        self._score_soon(comparison.organs)

    def _score_soon(self, organs: Organs) -> None:
        self._unscored.update(organs)
        if self._unscored:
            self._scoring.start_soon(self.comparison, tuple(self._unscored))

    def _score(self, comparison: Comparison, organs: Organs) -> Iterator[Score]:
        for organ in organs:
            yield comparison.score(organ, with_distances=False)

    def _take_score(self, score: Score) -> None:
        if not _is_part_of(score, self.scores[score.organ]):
            self.scores[score.organ] = score
            self.scored.emit()

    def _explain_scored(self) -> None:
        self._unexplained |= self._unscored
        self._unscored.clear()
        self._explaining.start_soon(self.comparison, tuple(self._unexplained))

    def _explain(
        self, comparison: Comparison, organs: Organs
    ) -> Iterator[tuple[Score, tuple[ErrorRegion, ...]]]:
        for organ in organs:
            yield comparison.score(organ), comparison.errors(organ)

    def _take_explanation(self, explanation: tuple[Score, tuple[ErrorRegion, ...]]) -> None:
        score, errors = explanation
        if score.organ in self._unscored:
            return  # edited meanwhile
        self.scores[score.organ] = score
        self.errors[score.organ] = errors
        self.scored.emit()
        self.errors_found.emit()

    def _settle(self) -> None:
        settled, self._unexplained = tuple(self._unexplained), set()
        self.settled.emit(settled)


def _same_voxels(one: object, other: object) -> bool:
    """Whether two arrays are one in memory, axis by axis."""
    return np.asarray(one).__array_interface__ == np.asarray(other).__array_interface__


def _is_part_of(score: Score, whole: Score) -> bool:
    """Whether a score, perhaps without distances, says nothing new."""
    parts = ("dsc", "nsd", "volume_prediction_ml", "volume_reference_ml")
    return all(getattr(score, part) == getattr(whole, part) for part in parts)
