"""The main job: organs of a CT."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TypeVar

import numpy as np

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.volume import PREVIEW, LabelMap, Volume
from napari_abdoseg.inference.export.keeping import NoLogitsError, kept_logits
from napari_abdoseg.inference.export.label_map import STAGE as LABELLING
from napari_abdoseg.inference.export.label_map import Labels, labelling
from napari_abdoseg.inference.export.merging import merge_organs
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.network.prediction import PredictionOnScan
from napari_abdoseg.inference.preflight.scan_checks import warnings_for
from napari_abdoseg.inference.preset import DEFAULT, find_preset
from napari_abdoseg.inference.region import STAGE, finding_region, nothing_found
from napari_abdoseg.inference.result import Segmentation, Share
from napari_abdoseg.inference.review.disagreement import Disagreement
from napari_abdoseg.inference.run_configuration import (
    ASKING,
    PREPROCESSING,
    predicting,
    prepare_first,
)
from napari_abdoseg.inference.scan import PredictedScan, PreparedScan
from napari_abdoseg.progress import Progress, Work, as_part, drain, relay

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


def segment(volume: Volume, ensemble: Ensemble, preset: str = DEFAULT) -> LabelMap:
    """Find the organs of a CT.

    Parameters
    ----------
    volume : Volume
        A CT in Hounsfield units.
    ensemble : Ensemble
    preset : str, optional
        ``"balanced"``: all folds and mirroring where the organs are, until they are
        settled; ``"exact"``: all folds and mirroring everywhere, the voxels that
        ``nnUNetv2_predict`` gives, and ``nnUNetv2_ensemble`` for several configurations;
        ``"fast"``: the first fold of each alone, without mirroring.

    Returns
    -------
    LabelMap
        On the grid of the CT; uint8, uint16 above 255 labels.

    Examples
    --------
    >>> from napari_abdoseg import load_ensemble, make_phantom, segment
    >>> volume, _ = make_phantom(1, (12.0, 10.0, 10.0))
    >>> labels = segment(volume, load_ensemble("demo", [0], "cpu"), preset="fast")
    >>> labels.data.shape == volume.data.shape, labels.data.dtype.name
    (True, 'uint8')
    """
    return drain(segmenting(volume, ensemble, preset)).labels


def segmenting(
    volume: Volume,
    ensemble: Ensemble,
    preset: str = DEFAULT,
    preview: bool = False,
    keep_logits: bool = False,
) -> Work[Segmentation]:
    """Find the organs of a CT, step by step; see `segment`.

    Parameters
    ----------
    volume : Volume
    ensemble : Ensemble
    preset : str, optional
    preview : bool, optional
        Make a label map of the first configuration's first fold alone as soon as it is
        there.
    keep_logits : bool, optional
        Give those around the organs, too, for hints to a correction; see `kept_logits`.

    Yields
    ------
    Progress
        Share of the whole that is done, which never falls: the networks' passes over all
        tiles, mirrors and folds, where several configurations have an equal share each, and
        then the labels' way to the scan. The preview, a LabelMap, is
        the interim result of one of them. Closing the generator stops the work at once
        and frees its memory.

    Examples
    --------
    >>> from napari_abdoseg import load_ensemble, make_phantom, segmenting
    >>> volume, _ = make_phantom(1, (12.0, 10.0, 10.0))
    >>> work = segmenting(volume, load_ensemble("demo", [0], "cpu"), preset="fast")
    >>> next(work).stage
    'Preprocessing'
    >>> work.close()  # cancels it
    """
    predicted = yield from asking(PreparedScan(volume), ensemble, preset, preview)
    return (yield from concluding(predicted, keep_logits))


def preparing(volume: Volume, ensemble: Ensemble) -> Work[PreparedScan]:
    """A scan with the images that the networks of an ensemble take, for `asking`.

    Another thread can make them while networks work on another scan.
    """
    images, finder = [], ensemble.region_finder
    for trained in ensemble.configurations if finder is None else (finder,):
        yield Progress(PREPROCESSING, 0, 0)
        images.append(prepare_first(volume, trained))
    return PreparedScan(volume, tuple(images))


def asking(
    scan: PreparedScan,
    ensemble: Ensemble,
    preset: str = DEFAULT,
    preview: bool = False,
    within: Box | None = None,
) -> Work[PredictedScan]:
    """Let the networks work on a scan, or what of it is wanted, the first part of `segmenting`."""
    chosen, configurations, volume = find_preset(preset), ensemble.configurations, scan.volume
    folds = sum(len(trained.folds) for trained in configurations)
    finder, images = ensemble.region_finder, list(scan.images)
    shown = configurations if finder is None else (finder, *configurations)
    notices = list(warnings_for(volume, shown))
    _log.info("Segmenting %s with the preset %s", volume.path or "a scan without a file", preset)
    for notice in notices:
        _log.warning("%s", notice)

    def pass_on(progress: Progress) -> Progress:
        if progress.notice:
            _log.warning("%s", progress.notice)
            notices.append(progress.notice)
        first: PredictionOnScan | None = progress.interim
        if first is None or not preview or first.trained is not configurations[0]:
            return replace(progress, interim=None)
        stamp = preview_stamp(len(first.prediction.fold_winners), folds)
        found = drain(labelling([first], volume.grid))
        merge_organs(found, first.trained.model)
        labels = LabelMap(found, volume.grid, ensemble.organs, stamp=stamp)
        return replace(progress, interim=labels)

    def turn(work: Work[Result], number: int) -> Work[Result]:
        begin, end = (ASKING * each / len(shown) for each in (number, number + 1))
        return relay(relay(work, pass_on), as_part(begin, end))

    box: Box | None = None
    shares: tuple[Share, ...] = ()
    if finder is not None:
        image = images.pop() if images else None
        work = finding_region(volume, configurations[0], chosen, image)
        box, shares = yield from turn(work, 0)
        if box is None:
            notices.append(nothing_found(configurations[0]))
            shares += tuple(Share.none(each, chosen) for each in ensemble.stages_in_region)
            yield Progress(STAGE, 0, 0, notices[-1])
            return PredictedScan(volume, (), shares, tuple(notices))

    parts: list[PredictedScan] = []
    for number, trained in enumerate(configurations, len(shown) - len(configurations)):
        image = images.pop(0) if images else None
        part = predicting(volume, trained, chosen, image, box, within)
        parts.append((yield from turn(part, number)))
    return PredictedScan(
        volume,
        tuple(on_scan for part in parts for on_scan in part.predictions),
        (*shares, *(share for part in parts for share in part.shares)),
        tuple(notices),
    )


def concluding(predicted: PredictedScan, keep_logits: bool = False) -> Work[Segmentation]:
    """Organs on the scan's grid from what networks find, the last part of `segmenting`.

    Another thread can do it while networks work on another scan.
    """
    grid, predictions = predicted.volume.grid, predicted.predictions
    model = predicted.trained.model
    work = labelling(predictions, grid) if predictions else _labelling_nothing(grid)
    found = yield from relay(work, as_part(ASKING, 1))
    merge_organs(found, model)
    segmentation = Segmentation(
        LabelMap(found, grid, model.organs, notices=predicted.notices),
        predicted.shares,
        Disagreement.between_folds(predictions, grid),
    )
    if not keep_logits:
        return segmentation
    try:
        return replace(segmentation, logits=kept_logits(predictions, grid))
    except NoLogitsError as error:
        return replace(segmentation, no_logits=str(error))


def _labelling_nothing(grid: Grid) -> Work[Labels]:
    yield Progress(LABELLING, 0, 1)
    return np.zeros(grid.shape, np.uint8)


def preview_stamp(worked: int, folds: int) -> str:
    """What a label map of some of the folds says of itself."""
    done = f"{worked} of {folds} folds" if folds > 1 else "1 fold without mirroring"
    return f"{PREVIEW}{done}"
