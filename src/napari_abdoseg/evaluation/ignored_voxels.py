"""Voxels that a reference leaves unlabelled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_abdoseg.image.volume import LabelMap


def leave_out_ignored(prediction: LabelMap, reference: LabelMap) -> LabelMap:
    """The prediction with background where its reference is to be ignored, as nnU-Net does it.

    Parameters
    ----------
    prediction, reference : LabelMap
        Of shape (z, y, x), on one grid.
    """
    if reference.ignored is None:
        return prediction
    ignored = reference.data == reference.ignored
    return replace(
        prediction, data=np.where(ignored, prediction.data.dtype.type(0), prediction.data)
    )
