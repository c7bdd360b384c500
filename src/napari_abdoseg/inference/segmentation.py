"""The main job: organs of a CT."""

from __future__ import annotations

from dataclasses import replace

from napari_abdoseg.image.volume import PREVIEW, LabelMap, Volume
from napari_abdoseg.inference.disagreement import Disagreement
from napari_abdoseg.inference.ensemble import Ensemble
from napari_abdoseg.inference.labelling import Labels, labelling
from napari_abdoseg.inference.predicting import Answer, predicting
from napari_abdoseg.inference.preset import DEFAULT, find_preset
from napari_abdoseg.inference.segmented import Segmentation
from napari_abdoseg.inference.suitability import warnings_for
from napari_abdoseg.progress import Progress, Work, as_part, drain, relay


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
        Passes of the networks done, counted over all tiles, mirrors and folds; several
        configurations have an equal share of the whole each. The preview, a LabelMap, is
        the interim result of one of them. Closing the generator stops the work at once
        and frees its memory.
    """
    chosen, configurations = find_preset(preset), ensemble.configurations
    folds = sum(len(trained.folds) for trained in configurations)
    notices = list(warnings_for(volume, configurations))

    def label_map(found: Labels, notices: tuple[str, ...] = (), stamp: str = "") -> LabelMap:
        return LabelMap(found, volume.grid, ensemble.organs, notices=notices, stamp=stamp)

    def pass_on(progress: Progress) -> Progress:
        if progress.notice:
            notices.append(progress.notice)
        placed = progress.interim
        if placed is None or not preview or placed[0].trained is not configurations[0]:
            return replace(progress, interim=None)
        stamp = preview_stamp(len(placed[0].fold_winners), folds)
        labels = label_map(drain(labelling([placed], volume.grid)), stamp=stamp)
        return replace(progress, interim=labels)

    answers: list[Answer] = []
    for number, trained in enumerate(configurations):
        work = relay(predicting(volume, trained, chosen), pass_on)
        if len(configurations) > 1:
            work = relay(work, as_part(number, len(configurations)))
        answers.append((yield from work))
    predictions = [answer.placed for answer in answers]
    found = yield from labelling(predictions, volume.grid)
    return Segmentation(
        label_map(found, tuple(notices)),
        tuple(share for answer in answers for share in answer.shares),
        Disagreement.between_folds(predictions, volume.grid),
    )


def preview_stamp(worked: int, folds: int) -> str:
    """What a label map of some of the folds says of itself."""
    done = f"{worked} of {folds} folds" if folds > 1 else "1 fold without mirroring"
    return f"{PREVIEW}{done}"
