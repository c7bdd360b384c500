"""Organs of the cases of a cohort as the rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from napari_abdoseg.batch.organ_table import OrganRow
from napari_abdoseg.plugin.widgets.table_model import Column
from napari_abdoseg.plugin.widgets.tables import volume_text

CASE, ORGAN, EXPECTED, DSC, VOLUME, HU = range(6)
UNKNOWN = 2.0
"""What rows without a DSC are sorted by: behind all others, the worst being first."""
NO_CALIBRATION = "No DSC is expected: the model has no calibration that fits."
EXPECTS = "Expected DSC {}, of what the model found before any correction"
NOTHING_TOLD = "Nothing is told of how good it is expected to be."


@dataclass(frozen=True)
class CohortRow:
    """An organ of a case, and its DSC where the case was evaluated.

    Parameters
    ----------
    organ : OrganRow
    dsc : float, optional
    """

    organ: OrganRow
    dsc: float | None = None

    @property
    def expected(self) -> float | None:
        """DSC that was expected of what the model found."""
        return None if self.organ.quality is None else self.organ.quality.dsc

    @property
    def expected_words(self) -> str:
        """The same with its interval, or why there is none."""
        quality = self.organ.quality
        if quality is None:
            return NOTHING_TOLD
        if quality.dsc is None:
            return f"{NO_CALIBRATION} Folds agree with a DSC of {quality.agreement:.3f}."
        return EXPECTS.format(quality.words)


def _volume(row: CohortRow) -> str:
    return "≥ " * row.organ.touches_edge + volume_text(row.organ.volume_ml)


def _size(header: str, axis: int, between: str) -> Column[CohortRow]:
    return Column(
        header,
        lambda row: f"{row.organ.size_mm[axis]:.0f}",
        f"Size of the bounding box from {between}, in millimetres",
        key=lambda row: row.organ.size_mm[axis],
        is_figure=True,
    )


def _score(
    header: str,
    dsc: Callable[[CohortRow], float | None],
    tip: str,
    row_tip: Callable[[CohortRow], str] | None = None,
) -> Column[CohortRow]:
    def text(row: CohortRow) -> str:
        return "" if (score := dsc(row)) is None else f"{score:.3f}"

    def key(row: CohortRow) -> float:
        return UNKNOWN if (score := dsc(row)) is None else score

    return Column(header, text, tip, key=key, is_figure=True, row_tip=row_tip)


COHORT_COLUMNS: tuple[Column[CohortRow], ...] = (
    Column("Case", lambda row: row.organ.case, "Double click a row to open the case at the organ"),
    Column("Organ", lambda row: row.organ.organ, "Organ"),
    _score(
        "≈ DSC",
        lambda row: row.expected,
        "DSC that was expected of what the model found, without a reference",
        lambda row: row.expected_words,
    ),
    _score("DSC", lambda row: row.dsc, "DSC to the reference, as `abdoseg evaluate` measured it"),
    Column(
        "ml",
        _volume,
        "Volume in millilitres; ≥ where the organ reaches the edge of the scan",
        key=lambda row: row.organ.volume_ml,
        is_figure=True,
    ),
    Column(
        "HU",
        lambda row: f"{row.organ.mean_hu:.0f}",
        "Mean of the CT in Hounsfield units",
        key=lambda row: row.organ.mean_hu,
        is_figure=True,
    ),
    _size("L–R", 0, "left to right"),
    _size("F–B", 1, "front to back"),
    _size("H–F", 2, "head to foot"),
)
