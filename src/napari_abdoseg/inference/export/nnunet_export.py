"""Labels on a scan's grid by nnU-Net's own functions, with all probabilities in full size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.inference.network.prediction import PredictionOnScan
from napari_abdoseg.inference.preprocessing.axis_order import from_network_order


def labels_by_nnunet(
    predictions: Sequence[PredictionOnScan], grid: Grid
) -> NDArray[np.unsignedinteger[Any]]:
    """Labels of one prediction, or of the mean of several, on a grid; see `labelling`."""
    trained, manager = predictions[0].trained, predictions[0].trained.label_manager
    if len(predictions) == 1:
        return from_network_order(np.asarray(_export(*predictions)), grid, trained)
    mean = sum(_probabilities(on_scan, grid) for on_scan in predictions) / len(predictions)
    dtype = np.uint8 if len(manager.foreground_labels) < 255 else np.uint16
    return np.asarray(manager.convert_probabilities_to_segmentation(mean)).astype(dtype)


def _probabilities(on_scan: PredictionOnScan, grid: Grid) -> NDArray[np.float32]:
    """Shape (class, z, y, x)."""
    _, probabilities = _export(on_scan, return_probabilities=True)
    return np.stack([from_network_order(one, grid, on_scan.trained) for one in probabilities])


def _export(on_scan: PredictionOnScan, **wish: bool) -> Any:
    from nnunetv2.inference.export_prediction import (
        convert_predicted_logits_to_segmentation_with_correct_shape as export,
    )

    trained = on_scan.trained
    return export(
        on_scan.prediction.whole_logits(),
        trained.plans,
        trained.configured,
        trained.label_manager,
        on_scan.crop.for_nnunet(),
        **wish,
    )
