"""How far folds agree on a labelled case, how right they are, and the one that has not seen it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean

import numpy as np

from napari_abdoseg.anatomy.plausibility.check import check_plausibility
from napari_abdoseg.evaluation.dice import dice
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap
from napari_abdoseg.inference.export.merging import merge_organs
from napari_abdoseg.inference.export.scan_axes import inner_axes
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.inference.preprocessing.axis_order import from_network_order
from napari_abdoseg.inference.review.expected_quality import organs_in_doubt
from napari_abdoseg.inference.scan import PredictedScan, PreparedScan
from napari_abdoseg.inference.segmentation import asking, concluding
from napari_abdoseg.progress import Progress, Work, relay
from napari_abdoseg.training.calibrating.shifts import SHIFTS, UNSHIFTED

STAGE = "Calibrating expected DSC"
SHIFTS_OF_A_CASE = 2


@dataclass(frozen=True)
class HeldOut:
    """A labelled case that one fold alone has not seen.

    Parameters
    ----------
    name : str
    image, labels : Path
    fold : str
    """

    name: str
    image: Path
    labels: Path
    fold: str


@dataclass(frozen=True)
class Observation:
    """How far folds agree on an organ of a case, and how right they are.

    Parameters
    ----------
    case, shift, organ : str
    in_doubt : bool
        Whether anatomy speaks against what all folds together find.
    agreement : float
        Mean DSC between two folds.
    agreement_unseen, agreement_seen : float
        The same of pairs with the fold that has not seen the case, and of those without it.
    dsc : float
        Of what all folds together find and the truth.
    dsc_unseen, dsc_seen : float
        The same of the fold that has not seen the case alone, and the mean of the others.
    """

    case: str
    shift: str
    organ: str
    in_doubt: bool
    agreement: float
    agreement_unseen: float
    agreement_seen: float
    dsc: float
    dsc_unseen: float
    dsc_seen: float


def shifts_of(case: str) -> tuple[str, ...]:
    """How a case is looked at: as it is, and made worse in ways that its name decides."""
    kinds = [kind for kind in SHIFTS if kind != UNSHIFTED]
    drawn = _chance(case).choice(kinds, SHIFTS_OF_A_CASE, replace=False)
    return UNSHIFTED, *map(str, drawn)


def observing(
    case: HeldOut, shift: str, ensemble: Ensemble, preset: str
) -> Work[tuple[Observation, ...]]:
    """Look at a case as folds see it.

    Parameters
    ----------
    case : HeldOut
    shift : str
        One of `SHIFTS`.
    ensemble : Ensemble
        All folds of one configuration.
    preset : str

    Raises
    ------
    AbdosegError
        The case can't be read.
    """
    yield Progress(STAGE, 0, 0)
    (trained,) = ensemble.configurations
    volume, labels = read_volume(case.image), read_labels(case.labels)
    rng = _chance(f"{case.name} {shift}")
    volume, labels = SHIFTS[shift](volume, labels, density_spread(trained.model), rng)
    predicted = yield from relay(asking(PreparedScan(volume), ensemble, preset), _quietly)
    found = yield from relay(concluding(predicted), _quietly)
    doubted = organs_in_doubt(check_plausibility(found.labels, volume))
    together = _dice(found.labels, labels)
    alone = [_dice(each, labels) for each in found_by_folds(predicted, found.labels)]
    number = trained.folds.index(case.fold)
    agreements = [found.disagreement.agreement(fold) for fold in range(len(alone))]
    return tuple(
        Observation(
            *(case.name, shift, organ.name, organ.value in doubted),
            *(agreement, agreements[number][organ], _between_others(agreements, number, organ)),
            *(together[organ], alone[number][organ], _mean_of_others(alone, number, organ)),
        )
        for organ, agreement in found.disagreement.agreement().items()
    )


def found_by_folds(predicted: PredictedScan, labels: LabelMap) -> Iterator[LabelMap]:
    """What each fold alone finds in a scan, at the networks' voxels that are nearest.

    Parameters
    ----------
    predicted : PredictedScan
        By one configuration.
    labels : LabelMap
        Of all folds together.
    """
    (on_scan,) = predicted.predictions
    trained = on_scan.trained
    values = np.array(trained.class_values, labels.data.dtype)
    inside, axes = zip(*inner_axes(on_scan), strict=True)
    for winners in on_scan.prediction.fold_winners:
        for number, axis in enumerate(axes):
            winners = winners.index_select(number, axis.nearest)
        whole = np.zeros(on_scan.crop.scan_shape, labels.data.dtype)
        whole[inside] = values[winners.numpy()]
        turned = whole.transpose(trained.model.planned.transpose_backward)
        data = np.ascontiguousarray(from_network_order(turned, labels.grid, trained))
        merge_organs(data, trained.model)
        yield replace(labels, data=data)


def _dice(found: LabelMap, truth: LabelMap) -> dict[Organ, float]:
    if truth.ignored is not None:
        data = np.where(truth.data == truth.ignored, 0, found.data)
        found = replace(found, data=data.astype(found.data.dtype))
    return dice(found, LabelMap(truth.data, truth.grid, found.organs))


def _mean_of_others(scores: Sequence[Mapping[Organ, float]], number: int, organ: Organ) -> float:
    return fmean(score[organ] for other, score in enumerate(scores) if other != number)


def _between_others(
    agreements: Sequence[Mapping[Organ, float]], number: int, organ: Organ
) -> float:
    """Mean of the pairs without one fold, from the means of those with each."""
    folds = len(agreements)
    if folds < 3:  # there is none
        return agreements[number][organ]
    pairs = sum(each[organ] for each in agreements) * (folds - 1) / 2
    return (pairs - agreements[number][organ] * (folds - 1)) / ((folds - 1) * (folds - 2) / 2)


def density_spread(model: Model) -> float:
    """Standard deviation of the organs' densities in the scans that a model was trained on."""
    told = next(iter(model.planned.intensities.values()))
    return float(told.std)


def _chance(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def _quietly(_: Progress) -> Progress:
    return Progress(STAGE, 0, 0)
