"""Places to review as the rows of a table."""

from __future__ import annotations

from napari_abdoseg.inference.review.places import Place
from napari_abdoseg.plugin.widgets.table_model import Column

ORGAN = 0


def place_columns(folds: int) -> tuple[Column[Place], ...]:
    """Columns for places that an ensemble of so many folds contests."""
    return (
        Column(
            "Organ",
            lambda place: place.organ.name,
            "Click a place to bring all panels there",
            square=lambda place: place.organ.color,
        ),
        Column(
            "Dissenting folds",
            lambda place: f"{place.folds:.1f} of {folds}",
            "How many folds find something else than all of them together, in the mean over the "
            "place",
            is_figure=True,
        ),
        Column(
            "ml",
            lambda place: f"{place.volume_ml:.2f}",
            "Volume in millilitres",
            is_figure=True,
        ),
    )
