"""nnU-Net's cascade: a second stage at full resolution that is given the labels of a first.

Isensee, F., Jaeger, P. F., Kohl, S. A. A., Petersen, J., & Maier-Hein, K. H.
(2021). nnU-Net. Nature Methods, 18(2), 203-211.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.inference.model.trained_configuration import TrainedConfiguration


def label_channels(
    labels: NDArray[Any],
    data: NDArray[Any],
    new_shape: Sequence[int],
    spacings: tuple[Sequence[float], Sequence[float]],
    trained: TrainedConfiguration,
) -> NDArray[np.float32]:
    """A first stage's labels as the second one takes them, cropped and resampled by nnU-Net.

    Parameters
    ----------
    labels : ndarray, shape (z, y, x)
    data : ndarray, shape (channel, z, y, x)
        The scan; both are in the axis order of the second stage's networks.
    new_shape : sequence of int
        (z, y, x) of the preprocessed image.
    spacings : tuple of sequence of float
        mm along (z, y, x) of the scan and of the preprocessed image.
    trained : TrainedConfiguration
        The second stage.

    Returns
    -------
    ndarray of float32, shape (label, z, y, x)
        1 where a label is.
    """
    from nnunetv2.preprocessing.cropping.cropping import crop_to_nonzero

    _, cropped, _ = crop_to_nonzero(data, labels[None].astype(np.float32))
    resampled = trained.configured.resampling_fn_seg(cropped, new_shape, *spacings)
    return one_hot(np.asarray(resampled[0]), trained)


def one_hot(labels: NDArray[Any], trained: TrainedConfiguration) -> NDArray[np.float32]:
    """A channel for each label but background."""
    from nnunetv2.utilities.label_handling.label_handling import convert_labelmap_to_one_hot

    wanted = trained.model.described.foreground_labels
    channels: NDArray[np.float32] = convert_labelmap_to_one_hot(labels, wanted, np.float32)
    return channels
