"""What `abdoseg cases raters` prints."""

from __future__ import annotations

from rich.table import Table

from napari_abdoseg.evaluation.raters import Agreement, statistics_of
from napari_abdoseg.evaluation.report.words import fixed
from napari_abdoseg.evaluation.summary import METRICS


def agreement_table(agreement: Agreement) -> Table:
    """A row an organ and two people."""
    table = Table("organ", "who")
    for column in ("cases", *(f"{m} {part}" for m in METRICS for part in ("mean", "SD", "median"))):
        table.add_column(column, justify="right")
    for organ in agreement.cohort.organs:
        for people in agreement.people:
            scores = [*agreement.between(people, organ).values()]
            values = (fixed(value) for value in statistics_of(scores).values())
            table.add_row(organ, " and ".join(people), str(len(scores)), *values)
    return table
