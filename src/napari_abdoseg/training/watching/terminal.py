"""Trainings in the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from napari_abdoseg.training.watching import words
from napari_abdoseg.training.watching.curves import Values
from napari_abdoseg.training.watching.finding import WatchedFold

BLOCKS = "▁▂▃▄▅▆▇█"
LETTERS = 14
"""Width of a curve."""
WELL, ILL, QUIET = "green", "bold red", "bright_black"


def folds_view(folds: Sequence[WatchedFold]) -> Group:
    """What trainings are doing, for `rich.live.Live` or for a console to print.

    Parameters
    ----------
    folds : sequence of WatchedFold
        Folds of one model after the other, as `Watch.look` gives them.
    """
    parts: list[RenderableType] = []
    for model, group in groupby(folds, key=lambda fold: fold.curves.model):
        of_model = list(group)
        parts += [Text()] if parts else []
        parts.append(Text(f"{model.parent.name} / {model.name}", style="bold"))
        parts += [_states(of_model), _losses(of_model), _dice(of_model), *_reasons(of_model)]
    return Group(*parts)


def _states(folds: Sequence[WatchedFold]) -> Table:
    table = _table("epoch", "left", "epoch time", "learning rate", "", "state")
    for fold in folds:
        curves = fold.curves
        last = curves.epochs[-1] if curves.epochs else None
        table.add_row(
            _name(fold),
            words.epochs_done(curves),
            words.time_left(fold),
            words.epoch_time(last.seconds) if last else "",
            f"{last.learning_rate:g}" if last else "",
            "",
            Text(words.state(fold), style=ILL if fold.findings else WELL),
        )
    return table


def _losses(folds: Sequence[WatchedFold]) -> Table:
    table = _table("training loss", "", "validation loss", "")
    for fold in folds:
        train, val = fold.curves.train_loss, fold.curves.val_loss
        ends = [words.loss(values[-1]) if len(values) else "" for values in (train, val)]
        table.add_row(_name(fold), ends[0], _curve(train), ends[1], _curve(val))
    return table


def _dice(folds: Sequence[WatchedFold]) -> Table:
    organs = tuple(dict.fromkeys(organ.name for fold in folds for organ in fold.curves.organs))
    table = _table("EMA pseudo Dice", "", *organs)
    for fold in folds:
        curves = fold.curves
        mean = curves.mean_dice_ema
        names = [organ.name for organ in curves.organs]
        latest = dict(zip(names, curves.dice_ema[-1])) if curves.epochs else {}
        cells = [words.dice(latest[organ]) if organ in latest else "" for organ in organs]
        table.add_row(
            _name(fold), words.dice(mean[-1]) if len(mean) else "", _curve(mean, (0, 1)), *cells
        )
    return table


def _reasons(folds: Sequence[WatchedFold]) -> Iterator[Text]:
    for fold in folds:
        for found in fold.findings:
            trouble = Text(f"{fold.curves.name} {found.trouble}: ", style=ILL)
            yield trouble + Text(found.reason, style="default")


def _table(*columns: str) -> Table:
    """A table whose numbers stand at the right, curves and states, with no header, do not."""
    table = Table("fold", box=None, padding=(0, 2, 0, 0), header_style=QUIET)
    for column in columns:
        ragged = column in ("", "state")
        table.add_column(column, justify="left" if ragged else "right", no_wrap=not ragged)
    return table


def _name(fold: WatchedFold) -> str:
    return fold.curves.name.removeprefix("fold ")


def _curve(values: Values, limits: tuple[float, float] | None = None) -> str:
    """The means of equal parts of a curve as bars; a part without numbers is left empty."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return ""
    low, high = limits or (finite.min(), finite.max())
    parts = np.array_split(values, min(LETTERS, len(values)))
    return "".join(_bar(part[np.isfinite(part)], low, high) for part in parts)


def _bar(values: Values, low: float, high: float) -> str:
    if not len(values):
        return " "
    share = (values.mean() - low) / ((high - low) or 1.0)
    return BLOCKS[min(len(BLOCKS) - 1, int(share * len(BLOCKS)))]
