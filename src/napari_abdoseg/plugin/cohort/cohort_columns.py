"""Organs of the cases of a cohort as the rows of a table."""

from __future__ import annotations

from napari_abdoseg.batch.organ_table import OrganRow
from napari_abdoseg.plugin.widgets.table_model import Column
from napari_abdoseg.plugin.widgets.tables import volume_text

CASE, ORGAN, VOLUME, HU = range(4)


def _volume(row: OrganRow) -> str:
    return "≥ " * row.touches_edge + volume_text(row.volume_ml)


def _size(header: str, axis: int, between: str) -> Column[OrganRow]:
    return Column(
        header,
        lambda row: f"{row.size_mm[axis]:.0f}",
        f"Size of the bounding box from {between}, in millimetres",
        key=lambda row: row.size_mm[axis],
        is_figure=True,
    )


COHORT_COLUMNS: tuple[Column[OrganRow], ...] = (
    Column("Case", lambda row: row.case, "Double click a row to open the case at the organ"),
    Column("Organ", lambda row: row.organ, "Organ"),
    Column(
        "ml",
        _volume,
        "Volume in millilitres; ≥ where the organ reaches the edge of the scan",
        key=lambda row: row.volume_ml,
        is_figure=True,
    ),
    Column(
        "HU",
        lambda row: f"{row.mean_hu:.0f}",
        "Mean of the CT in Hounsfield units",
        key=lambda row: row.mean_hu,
        is_figure=True,
    ),
    _size("L–R", 0, "left to right"),
    _size("F–B", 1, "front to back"),
    _size("H–F", 2, "head to foot"),
)
