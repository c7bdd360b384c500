"""Folds of a training as the rows of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from napari_abdoseg.plugin.widgets.table_model import Column
from napari_abdoseg.training.watching import words
from napari_abdoseg.training.watching.finding import WatchedFold

ALL = "all folds"
TROUBLE = "#d55e00"


@dataclass(frozen=True)
class FoldRow:
    """A fold, and the colour of its curves; with no fold the row stands for all of them."""

    fold: WatchedFold | None = None
    color: str | None = None


def fold_rows(folds: Sequence[WatchedFold], colors: Sequence[str]) -> list[FoldRow]:
    """A row for all folds, where there are several, and one for each."""
    return [FoldRow()] * (len(folds) > 1) + list(map(FoldRow, folds, colors))


def fold_columns(foreground: str, trouble: str) -> tuple[Column[FoldRow], ...]:
    """Columns in colours of a theme: of its text, and of trouble."""
    return (
        Column(
            "Fold",
            lambda row: row.fold.curves.name.removeprefix("fold ") if row.fold else ALL,
            square=lambda row: row.color,
        ),
        Column("Epoch", lambda row: words.epochs_done(row.fold.curves) if row.fold else ""),
        Column(
            "State",
            lambda row: words.state(row.fold) if row.fold else "",
            color=lambda row: trouble if row.fold and row.fold.findings else foreground,
        ),
        Column("Left", lambda row: words.time_left(row.fold) if row.fold else "", is_figure=True),
    )
