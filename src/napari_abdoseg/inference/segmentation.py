"""The main job: organs of a CT."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import PREVIEW, LabelMap, Volume
from napari_abdoseg.inference.export.label_map import labelling
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.network.prediction import PredictionOnScan
from napari_abdoseg.inference.preflight.scan_checks import warnings_for
from napari_abdoseg.inference.preprocessing.preprocessing import Preprocessed
from napari_abdoseg.inference.preset import DEFAULT, find_preset
from napari_abdoseg.inference.result import Segmentation
from napari_abdoseg.inference.review.disagreement import Disagreement
from napari_abdoseg.inference.run_configuration import (
    ASKING,
    PREPROCESSING,
    Answer,
    predicting,
    prepare_first,
)
from napari_abdoseg.progress import Progress, Work, as_part, drain, relay

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
    """
    return drain(segmenting(volume, ensemble, preset)).labels


def segmenting(
    volume: Volume, ensemble: Ensemble, preset: str = DEFAULT, preview: bool = False
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

    Yields
    ------
    Progress
        Share of the whole that is done, which never falls: the networks' passes over all
        tiles, mirrors and folds, where several configurations have an equal share each, and
        then the labels' way to the scan. The preview, a LabelMap, is
        the interim result of one of them. Closing the generator stops the work at once
        and frees its memory.
    """
    answers = yield from asking(volume, ensemble, preset, preview)
    return (yield from concluding(answers))


@dataclass(frozen=True, eq=False)
class Answers:
    """What the networks of an ensemble say of a scan.

    Parameters
    ----------
    volume : Volume
    organs : tuple of Organ
        What they look for.
    answers : tuple of Answer
        One a configuration.
    notices : tuple of str
        What a user should know of the result.
    """

    volume: Volume
    organs: tuple[Organ, ...]
    answers: tuple[Answer, ...]
    notices: tuple[str, ...]


def preparing(volume: Volume, ensemble: Ensemble) -> Work[tuple[Preprocessed, ...]]:
    """Images that the networks of an ensemble take, one a configuration, for `asking`.

    Another thread can make them while networks work on another scan.
    """
    images = []
    for trained in ensemble.configurations:
        yield Progress(PREPROCESSING, 0, 0)
        images.append(prepare_first(volume, trained))
    return tuple(images)


def asking(
    volume: Volume,
    ensemble: Ensemble,
    preset: str = DEFAULT,
    preview: bool = False,
    prepared: Sequence[Preprocessed] = (),
) -> Work[Answers]:
    """Let the networks work on a scan, the first part of `segmenting`.

    Parameters
    ----------
    prepared : sequence of Preprocessed, optional
        What `preparing` gave; it is done now by default.
    """
    chosen, configurations = find_preset(preset), ensemble.configurations
    folds = sum(len(trained.folds) for trained in configurations)
    notices = list(warnings_for(volume, configurations))
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
        labels = LabelMap(found, volume.grid, ensemble.organs, stamp=stamp)
        return replace(progress, interim=labels)

    answers: list[Answer] = []
    for number, trained in enumerate(configurations):
        image = prepared[number] if prepared else None
        work = relay(predicting(volume, trained, chosen, image), pass_on)
        begin, end = (ASKING * each / len(configurations) for each in (number, number + 1))
        answers.append((yield from relay(work, as_part(begin, end))))
    return Answers(volume, ensemble.organs, tuple(answers), tuple(notices))


def concluding(answers: Answers) -> Work[Segmentation]:
    """Organs on the scan's grid from what networks say, the last part of `segmenting`.

    Another thread can do it while networks work on another scan.
    """
    grid, all_of_them = answers.volume.grid, answers.answers
    predictions = [answer.on_scan for answer in all_of_them]
    found = yield from relay(labelling(predictions, grid), as_part(ASKING, 1))
    return Segmentation(
        LabelMap(found, grid, answers.organs, notices=answers.notices),
        tuple(share for answer in all_of_them for share in answer.shares),
        Disagreement.between_folds(predictions, grid),
    )


def preview_stamp(worked: int, folds: int) -> str:
    """What a label map of some of the folds says of itself."""
    done = f"{worked} of {folds} folds" if folds > 1 else "1 fold without mirroring"
    return f"{PREVIEW}{done}"
