"""Labels on a scan's grid by nnU-Net's own functions, with all probabilities in full size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.inference.network.prediction import Placed
from napari_abdoseg.inference.preprocessing.axis_order import from_network_order


def labels_by_nnunet(predictions: Sequence[Placed], grid: Grid) -> NDArray[np.unsignedinteger[Any]]:
    """Labels of one prediction, or of the mean of several, on a grid; see `labelling`."""
    if len(predictions) == 1:
        prediction, _ = predictions[0]
        return from_network_order(np.asarray(_export(*predictions)), grid, prediction.trained)
    mean = sum(_probabilities(placed, grid) for placed in predictions) / len(predictions)
    manager = predictions[0][0].trained.label_manager
    dtype = np.uint8 if len(manager.foreground_labels) < 255 else np.uint16
    return np.asarray(manager.convert_probabilities_to_segmentation(mean)).astype(dtype)


def _probabilities(placed: Placed, grid: Grid) -> NDArray[np.float32]:
    """Shape (class, z, y, x)."""
    _, probabilities = _export(placed, return_probabilities=True)
    trained = placed[0].trained
    return np.stack([from_network_order(one, grid, trained) for one in probabilities])


def _export(placed: Placed, **wish: bool) -> Any:
    from nnunetv2.inference.export_prediction import (
        convert_predicted_logits_to_segmentation_with_correct_shape as export,
    )

    prediction, properties = placed
    trained = prediction.trained
    return export(
        prediction.whole_logits(),
        trained.plans,
        trained.configured,
        trained.label_manager,
        properties,
        **wish,
    )
