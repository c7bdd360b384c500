"""Errors of a prediction as the rows of a table."""

from __future__ import annotations

from math import isinf

from napari_abdoseg.evaluation.agreement import COLORS, Agreement
from napari_abdoseg.evaluation.error_regions import ErrorKind, ErrorRegion
from napari_abdoseg.plugin.widgets.table_model import Column

KIND_COLORS = {
    ErrorKind.FALSE_POSITIVE: COLORS[Agreement.FALSE_POSITIVE],
    ErrorKind.FALSE_NEGATIVE: COLORS[Agreement.FALSE_NEGATIVE],
}
NOWHERE = "no organ"
VOLUME = 2


def _volume(error: ErrorRegion) -> str:
    return f"{error.volume_ml:.2f}" if error.volume_ml >= 0.01 else "< 0.01"


def _depth(error: ErrorRegion) -> str:
    return NOWHERE if isinf(error.depth_mm) else f"{error.depth_mm:.1f}"


ERROR_COLUMNS: tuple[Column[ErrorRegion], ...] = (
    Column(
        "Organ",
        lambda error: error.organ.name,
        "Click an error to bring all panels there",
        key=lambda error: error.organ.value,
    ),
    Column(
        "Error",
        lambda error: str(error.kind),
        "False positive: in the prediction alone; false negative: in the reference alone",
        square=lambda error: KIND_COLORS[error.kind],
    ),
    Column(
        "ml", _volume, "Volume in millilitres", key=lambda error: error.volume_ml, is_figure=True
    ),
    Column(
        "mm deep",
        _depth,
        "How far its deepest voxel is from the organ in the other label map",
        key=lambda error: error.depth_mm,
        is_figure=True,
    ),
)
