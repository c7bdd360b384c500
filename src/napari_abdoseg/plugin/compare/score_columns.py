"""Scores of organs as the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np

from napari_abdoseg.evaluation.score import Emptiness, Score
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.plugin.widgets.readable import readable
from napari_abdoseg.plugin.widgets.table_model import Column
from napari_abdoseg.plugin.widgets.tables import volume_text

NAME, DISTANCE, DSC, NSD, HD95 = range(5)
MEAN = "mean"
ABSENT, LATER = "–", "…"
BETTER, WORSE = "#2ca982", "#e8837e"
LEAST_CHANGE = 5e-5


@dataclass(frozen=True)
class Metric:
    """A score now, and when the comparison began."""

    now: float
    at_start: float

    @property
    def change(self) -> float:
        """What it has gained; 0 where that is too little to be seen."""
        change = self.now - self.at_start
        return change if abs(change) >= LEAST_CHANGE else 0.0

    def __str__(self) -> str:
        change = f"\n{self.change:+.4f}".replace("-", "−") if self.change else ""
        return f"{self.now:.4f}{change}"


@dataclass(frozen=True)
class ScoreRow:
    """An organ, or the mean of all.

    Parameters
    ----------
    dsc, nsd : Metric or None
        None where there is nothing to score.
    score : Score or None
        Of the organ; None for the mean.
    in_3d : bool or None
        Whether the organ's surface is shown; None for the mean.
    """

    dsc: Metric | None
    nsd: Metric | None
    score: Score | None = None
    in_3d: bool | None = None

    @property
    def organ(self) -> Organ | None:
        """None for the mean."""
        return self.score.organ if self.score is not None else None


def score_rows(
    scores: Mapping[Organ, Score], at_start: Mapping[Organ, Score], in_3d: Mapping[str, bool]
) -> list[ScoreRow]:
    """Scores, how they have changed, and the mean of the organs that a side has now.

    Parameters
    ----------
    scores, at_start : mapping of Organ to Score
        Of the same organs; an HD95 of NaN, where both masks have voxels, comes later.
    in_3d : mapping of str to bool
        Names of organs, and whether their surfaces are shown.
    """
    rows = []
    for organ, score in scores.items():
        is_scored, shown = score.emptiness is not Emptiness.BOTH, in_3d.get(organ.name, False)
        dsc = Metric(score.dsc, at_start[organ].dsc) if is_scored else None
        nsd = Metric(score.nsd, at_start[organ].nsd) if is_scored else None
        rows.append(ScoreRow(dsc, nsd, score, shown))
    return [*rows, ScoreRow(_mean([row.dsc for row in rows]), _mean([row.nsd for row in rows]))]


def score_columns(tolerances: str, theme: str) -> tuple[Column[ScoreRow], ...]:
    """Columns for an NSD with some tolerances, in words, that can be read in a theme of napari."""
    better, worse = readable(BETTER, theme), readable(WORSE, theme)

    def color(metric: Metric | None) -> str | None:
        if metric is None or not metric.change:
            return None
        return better if metric.change > 0 else worse

    return (
        Column(
            "Organ",
            lambda row: row.organ.name if row.organ else MEAN,
            "Select an organ to list its errors alone, the mean for all; double click to go to it",
            square=lambda row: row.organ.color if row.organ else None,
            row_tip=lambda row: row.score.emptiness.capitalize() if row.score else "",
        ),
        Column(
            "3D",
            lambda _: "",
            "Show the predicted surface in 3D, coloured by its distance to the reference",
            is_checked=lambda row: row.in_3d,
        ),
        Column(
            "DSC",
            lambda row: str(row.dsc or ABSENT),
            "Dice similarity coefficient, and its change since the comparison began",
            is_figure=True,
            color=lambda row: color(row.dsc),
        ),
        Column(
            "NSD",
            lambda row: str(row.nsd or ABSENT),
            f"Normalized surface Dice at {tolerances}, and its change since the comparison began",
            is_figure=True,
            color=lambda row: color(row.nsd),
        ),
        Column(
            "HD95",
            lambda row: _distance(row.score) if row.score else "",
            "95th percentile of the Hausdorff distance in mm; on that of a duct: its centre line",
            is_figure=True,
            row_tip=lambda row: _centre_lines(row.score) if row.score else "",
        ),
        Column(
            "ml",
            lambda row: volume_text(row.score.volume_prediction_ml) if row.score else "",
            "Volume in the prediction, in millilitres",
            is_figure=True,
        ),
        Column(
            "ref. ml",
            lambda row: volume_text(row.score.volume_reference_ml) if row.score else "",
            "Volume in the reference, in millilitres",
            is_figure=True,
        ),
    )


def _mean(metrics: Sequence[Metric | None]) -> Metric | None:
    there = [(metric.now, metric.at_start) for metric in metrics if metric is not None]
    return Metric(*np.mean(there, axis=0).tolist()) if there else None


def _distance(score: Score) -> str:
    if not isnan(score.hd95_mm):
        return f"{score.hd95_mm:.1f}"
    return LATER if score.emptiness is Emptiness.NEITHER else ABSENT


def _centre_lines(score: Score) -> str:
    if isnan(score.cldice):
        return ""
    apart = "" if isnan(score.centre_line_mm) else f", {score.centre_line_mm:.1f} mm apart"
    return f"Centre lines: clDice {score.cldice:.4f}{apart}"
