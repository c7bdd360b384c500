"""Curves as PNG, as CSV, in a narrow place and in the terminal."""

from __future__ import annotations

import csv
import math
import os

import numpy as np
import pytest
from matplotlib.image import imread
from rich.console import Console
from training_logs import copied_model, log_of, made_curves

from napari_abdoseg.errors import SaveError
from napari_abdoseg.training.watching import words
from napari_abdoseg.training.watching.curves import Stage
from napari_abdoseg.training.watching.finding import WatchedFold
from napari_abdoseg.training.watching.look import PAPER, Look
from napari_abdoseg.training.watching.saving import save_curves
from napari_abdoseg.training.watching.strip import draw_strip
from napari_abdoseg.training.watching.terminal import folds_view
from napari_abdoseg.training.watching.watch import Watch

DARK = Look("#23242b", "#f0f1f2")


@pytest.fixture
def folds(tmp_path):
    """Those of two trainings, one of which diverges."""
    for training in ("tiny", "hot"):
        for log in copied_model(training, tmp_path / "results").glob("*/*.txt"):
            os.utime(log)
    return Watch(tmp_path).look()


def printed(folds, width: int = 100) -> str:
    console = Console(width=width)
    with console.capture() as capture:
        console.print(folds_view(folds))
    return capture.get()


def has_color(picture: np.ndarray, color: str) -> bool:
    """Whether a pixel has this colour, as lines have where they are not smoothed."""
    rgb = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    return bool((np.abs(picture[..., :3].astype(int) - rgb).max(axis=-1) <= 2).any())


def test_every_number_is_in_the_table(folds, tmp_path):
    _, path = save_curves(folds, tmp_path / "out")
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(len(fold.curves.epochs) for fold in folds)
    curves = folds[2].curves
    of_fold = [row for row in rows if (row["model"], row["fold"]) == (curves.model.name, "1")]
    for column, values in {
        "epoch": curves.numbers,
        "learning_rate": curves.learning_rate,
        "train_loss": curves.train_loss,
        "val_loss": curves.val_loss,
        "epoch_seconds": curves.seconds,
        "pseudo_dice": curves.mean_dice,
        "pseudo_dice_ema": curves.mean_dice_ema,
        "spleen_pseudo_dice": curves.dice[:, 2],
        "spleen_pseudo_dice_ema": curves.dice_ema[:, 2],
    }.items():
        np.testing.assert_allclose([float(row[column]) for row in of_fold], values, rtol=1e-5)
    assert rows[0]["train_loss"] == "nan"


def test_an_organ_that_a_fold_does_not_have_is_empty(folds, tmp_path):
    other = WatchedFold(made_curves([1.0], dice=[math.nan]))
    _, path = save_curves([folds[0], other], tmp_path)
    last = path.read_text().splitlines()[-1]
    assert last == "model,0,0,0.01,1,1,40,nan,nan,nan,nan,,,,,,"


def test_the_sheet_shows_each_fold_and_organ(folds, tmp_path):
    path, _ = save_curves(folds, tmp_path)
    picture = (imread(path) * 255).round().astype(np.uint8)
    half = len(picture) // 2
    for fold in range(3):
        assert has_color(picture[half:], PAPER.fold(fold))
        assert (fold == 0) == has_color(picture[:half], PAPER.fold(fold))
    for organ in folds[1].curves.organs:
        assert has_color(picture[half:], PAPER.line(organ.color))


def test_a_sheet_of_a_training_that_has_only_begun(tmp_path):
    path, table = save_curves([WatchedFold(made_curves([], stage=Stage.STARTING))], tmp_path)
    assert path.stat().st_size > 1000
    assert len(table.read_text().splitlines()) == 1


def test_a_folder_that_cannot_be_made(folds, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SaveError, match="can't be a folder"):
        save_curves(folds, tmp_path / "file")


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_the_strip_has_the_size_and_colours_it_is_asked_for(folds, ratio):
    curves = [fold.curves for fold in folds[1:]]
    colors = [DARK.fold(place) for place in range(3)]
    picture = draw_strip(curves, colors, DARK, (340, 500), ratio)
    assert picture.shape == (int(500 * ratio), int(340 * ratio), 4)
    assert tuple(picture[0, 0]) == (0x23, 0x24, 0x2B, 255)
    assert all(has_color(picture, color) for color in colors)
    one = draw_strip(curves[:1], colors[:1], DARK, (340, 500), ratio)
    assert all(has_color(one, DARK.line(organ.color)) for organ in curves[0].organs)


def test_losses_that_explode_are_drawn_on_a_logarithmic_scale():
    linear, steep = (
        draw_strip([made_curves([1.0, 0.5, last])], ["#ff0000"], PAPER, (340, 500))
        for last in (0.4, 1e6)
    )
    assert has_color(linear, "#ff0000")
    assert has_color(steep, "#ff0000")
    assert (linear != steep).any()


def test_colours_stand_out_from_light_and_dark():
    assert PAPER.line("#e6c13c") == "#b3972f"
    assert DARK.line("#e6c13c") == "#ebcd63"
    assert PAPER.fold(7) == PAPER.fold(0) != PAPER.fold(1)


def test_the_terminal_shows_states_and_numbers(folds):
    text = printed(folds)
    assert "Dataset001_Phantoms / nnUNetTrainer_tiny__nnUNetPlans__3d_fullres" in text
    assert "10 of 30" in text
    assert "running" in text
    assert "finished, Dice 0.255" in text
    assert "finished, diverges" in text
    assert "fold 0 diverges: its training loss is nan since epoch 0." in text
    assert all(organ in text for organ in ("liver", "kidney", "spleen", "pancreas"))
    assert "−0.098" in text
    last = folds[1].curves
    assert f"{last.mean_dice_ema[-1]:.3f}" in text
    assert "█" in text


def test_the_terminal_may_be_narrow(folds):
    assert max(map(len, printed(folds, 80).splitlines())) <= 80


def test_the_terminal_shows_trainings_that_have_only_begun():
    begun = WatchedFold(made_curves([], planned=30, stage=Stage.STARTING))
    assert "starting" in printed([begun])
    flat = WatchedFold(made_curves([1.0, math.nan], dice=[math.nan, math.nan]))
    assert "–" in printed([flat])


def test_the_terminal_tells_how_long_a_fold_was_silent(tmp_path):
    folder = copied_model("tiny", tmp_path)
    log = log_of(folder / "fold_2")
    (fold,) = Watch(folder / "fold_2").look(log.stat().st_mtime + 7200)
    text = printed([fold])
    assert "stopped writing" in text
    assert "no new line for 2 h 0 min" in text.replace("\n", " ")
    assert "running" not in text
    assert words.time_left(fold) == ""
