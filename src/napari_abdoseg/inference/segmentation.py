"""The main job: organs of a CT."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.axis_order import (
    from_network_order,
)
from napari_abdoseg.inference.balanced import predict_balanced
from napari_abdoseg.inference.disagreement import Disagreement
from napari_abdoseg.inference.ensemble import Ensemble
from napari_abdoseg.inference.labelling import labelling
from napari_abdoseg.inference.prediction import Prediction
from napari_abdoseg.inference.preprocessing import Properties, preprocess_volume
from napari_abdoseg.inference.preset import DEFAULT, Preset, find_preset
from napari_abdoseg.inference.segmented import Segmentation, Share
from napari_abdoseg.inference.sliding_window import predict_everywhere
from napari_abdoseg.inference.trained_configuration import TrainedConfiguration
from napari_abdoseg.progress import Progress, Work, drain, relay

PREPROCESSING = "Preprocessing"


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
        ``nnUNetv2_predict`` gives; ``"fast"``: the first fold alone, without mirroring.

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
        Make a label map of the first fold alone as soon as it is there.

    Yields
    ------
    Progress
        Passes of the networks done, counted over all tiles, mirrors and folds. The
        preview, a LabelMap, is the interim result of one of them. Closing the generator
        stops the work at once and frees its memory.
    """
    chosen = find_preset(preset)
    (trained,) = ensemble.configurations
    notices: list[str] = []
    yield Progress(PREPROCESSING, 0, 0)
    image, properties = preprocess_volume(volume, trained)

    def label_map(found: NDArray[Any], notices: tuple[str, ...]) -> LabelMap:
        data = from_network_order(found, volume.grid, trained)
        return LabelMap(data, volume.grid, ensemble.organs, notices=notices)

    def pass_on(progress: Progress) -> Progress:
        if progress.notice:
            notices.append(progress.notice)
        first = progress.interim
        if first is None or not preview:
            return replace(progress, interim=None)
        words = f"Preview: {len(first.fold_winners)} of {len(trained.folds)} folds."
        labels = label_map(drain(labelling(first, properties)), (words,))
        return replace(progress, interim=labels)

    work = _predicting(image, properties, trained, chosen)
    prediction = yield from relay(work, pass_on)
    found = yield from labelling(prediction, properties)
    return Segmentation(
        label_map(found, tuple(notices)),
        (Share.of(prediction, properties, volume.grid),),
        Disagreement.between_folds([(prediction, properties)], volume.grid),
    )


def _predicting(
    image: NDArray[np.float32],
    properties: Properties,
    trained: TrainedConfiguration,
    preset: Preset,
) -> Work[Prediction]:
    import torch

    tensor = torch.from_numpy(image)
    if preset.where_organs_are:
        spacing = trained.image_spacing(properties["spacing"])
        return predict_balanced(tensor, trained, preset, spacing)
    return predict_everywhere(tensor, trained, preset)
