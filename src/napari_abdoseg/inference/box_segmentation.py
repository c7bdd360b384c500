"""Organs of a scan in a box of it alone, as a run over all of it finds them there."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.image.volume import Volume
from napari_abdoseg.inference.model.ensemble import Ensemble
from napari_abdoseg.inference.preset import DEFAULT
from napari_abdoseg.inference.scan import PreparedScan
from napari_abdoseg.inference.segmentation import asking, concluding
from napari_abdoseg.progress import Work


def segmenting_box(
    volume: Volume, ensemble: Ensemble, box: Box, preset: str = DEFAULT
) -> Work[NDArray[np.unsignedinteger[Any]]]:
    """Labels of a box of a scan.

    Networks are shown the scan around the box as far as it changes anything in it: all tiles of
    the whole scan that look at some of the box. With the presets ``"exact"`` and ``"fast"`` each
    voxel of the box gets what a run over the whole scan gives it. With ``"balanced"``, which in a
    whole scan leaves off where organs no longer change, all folds and mirrorings work in the box.

    Parameters
    ----------
    volume : Volume
    ensemble : Ensemble
    box : Box
        Within the scan.
    preset : str, optional
        See `segment`.

    Yields
    ------
    Progress
        See `segmenting`.

    Returns
    -------
    ndarray of uint8 or uint16, of the box's shape
        Values of `Ensemble.organs`.

    Examples
    --------
    >>> from napari_abdoseg import Box, load_ensemble, make_phantom
    >>> from napari_abdoseg.inference.box_segmentation import segmenting_box
    >>> from napari_abdoseg.progress import drain
    >>> volume, _ = make_phantom(1, (12.0, 10.0, 10.0))
    >>> ensemble = load_ensemble("demo", [0], "cpu")
    >>> drain(segmenting_box(volume, ensemble, Box((9, 8, 8), (20, 18, 20)), "fast")).shape
    (11, 10, 12)
    """
    predicted = yield from asking(PreparedScan(volume), ensemble, preset, within=box)
    found = yield from concluding(predicted)
    return np.ascontiguousarray(found.labels.data[box.slices])
