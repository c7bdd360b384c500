"""What folds agree on, and how near the truth a fold is that has not seen the case."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from napari_abdoseg.anatomy.plausibility.check import check_plausibility
from napari_abdoseg.evaluation.dice import dice
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.model.model_folder import Model
from napari_abdoseg.inference.review.expected_quality import organs_in_doubt
from napari_abdoseg.inference.segmentation import segmenting
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
    """How far folds agree on an organ with the one that has not seen it, and how right that is.

    Parameters
    ----------
    case, shift, organ : str
    agreement : float
        Mean DSC of that fold with each other one.
    in_doubt : bool
        Whether anatomy speaks against what it finds.
    dsc : float
        Of what it finds and the truth.
    """

    case: str
    shift: str
    organ: str
    agreement: float
    in_doubt: bool
    dsc: float


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
    number = trained.folds.index(case.fold)
    alone = replace(trained, folds=(case.fold,), members=(trained.members[number],))
    everybody = yield from relay(segmenting(volume, ensemble, preset), _quietly)
    own = yield from relay(segmenting(volume, Ensemble((alone,)), preset), _quietly)
    agreements = everybody.disagreement.agreement(number)
    return tuple(_observations(case.name, shift, volume, own.labels, labels, agreements))


def _observations(
    case: str,
    shift: str,
    volume: Volume,
    found: LabelMap,
    truth: LabelMap,
    agreements: dict[Organ, float],
) -> Iterator[Observation]:
    if truth.ignored is not None:
        data = np.where(truth.data == truth.ignored, 0, found.data)
        found = replace(found, data=data.astype(found.data.dtype))
    doubted = organs_in_doubt(check_plausibility(found, volume))
    real = LabelMap(truth.data, truth.grid, found.organs)
    for organ, dsc in dice(found, real).items():
        if organ in agreements:
            in_doubt = organ.value in doubted
            yield Observation(case, shift, organ.name, agreements[organ], in_doubt, float(dsc))


def density_spread(model: Model) -> float:
    """Standard deviation of the organs' densities in the scans that a model was trained on."""
    told = next(iter(model.planned.intensities.values()))
    return float(told.std)


def _chance(name: str) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(name.encode()))


def _quietly(_: Progress) -> Progress:
    return Progress(STAGE, 0, 0)
