"""The main job: organs of a CT."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.ensemble import Ensemble
from napari_abdoseg.inference.labelling import labelling
from napari_abdoseg.inference.preprocessing import preprocess
from napari_abdoseg.inference.preset import find_preset
from napari_abdoseg.inference.sliding_window import predict_logits
from napari_abdoseg.progress import Progress, Work, drain, relay

PREPROCESSING = "Preprocessing"


def segment(volume: Volume, ensemble: Ensemble, preset: str = "exact") -> LabelMap:
    """Find the organs of a CT.

    Parameters
    ----------
    volume : Volume
        A CT in Hounsfield units.
    ensemble : Ensemble
    preset : str, optional
        ``"exact"``: all folds and mirroring, the voxels that ``nnUNetv2_predict``
        gives; ``"fast"``: the first fold alone, without mirroring.

    Returns
    -------
    LabelMap
        On the grid of the CT; uint8, uint16 above 255 labels.
    """
    return drain(segmenting(volume, ensemble, preset))


def segmenting(volume: Volume, ensemble: Ensemble, preset: str = "exact") -> Work[LabelMap]:
    """Find the organs of a CT, step by step; see `segment`.

    Yields
    ------
    Progress
        Passes of the networks done, counted over all tiles, mirrors and folds.
        Closing the generator stops the work at once and frees its memory.
    """
    import torch

    chosen = find_preset(preset)
    notices: list[str] = []
    yield Progress(PREPROCESSING, 0, 0)
    image, properties = _preprocess(volume, ensemble)

    def keep_notice(progress: Progress) -> Progress:
        if progress.notice:
            notices.append(progress.notice)
        return progress

    work = predict_logits(torch.from_numpy(image), ensemble, chosen)
    logits = yield from relay(work, keep_notice)
    found = yield from labelling(logits, properties, ensemble)
    data = _from_network_order(found, volume.grid, ensemble)
    return LabelMap(data, volume.grid, ensemble.model.organs, notices=tuple(notices))


def _preprocess(volume: Volume, ensemble: Ensemble) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Image at the network's spacing and intensity, shape (channel, z, y, x)."""
    data = _to_network_order(volume.data, volume.grid, ensemble)
    spacing = _to_network_order_spacing(volume.grid, ensemble)
    return preprocess(data[None], spacing, ensemble)


def _reoriented(ensemble: Ensemble) -> bool:
    """Whether the model's reader turned scans to RAS+; nnU-Net's others keep the stored order."""
    return bool(ensemble.model.plans.get("image_reader_writer") == "NibabelIOWithReorient")


def _to_network_order(data: NDArray[Any], grid: Grid, ensemble: Ensemble) -> NDArray[Any]:
    if _reoriented(ensemble):
        return data[:, ::-1, ::-1]
    return grid.to_stored(data).transpose(2, 1, 0)


def _to_network_order_spacing(grid: Grid, ensemble: Ensemble) -> list[float]:
    return list(grid.spacing if _reoriented(ensemble) else grid.stored_spacing[::-1])


def _from_network_order(data: NDArray[Any], grid: Grid, ensemble: Ensemble) -> NDArray[Any]:
    if _reoriented(ensemble):
        return data[:, ::-1, ::-1]
    return grid.to_screen(data.transpose(2, 1, 0))
