"""Logs that grow, and logs and files beside them that are garbled."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
from training_logs import DATASET, model_name
from typer.testing import CliRunner

from napari_abdoseg.cli.app import app
from napari_abdoseg.training.watching import growing_logs
from napari_abdoseg.training.watching.curves import Stage
from napari_abdoseg.training.watching.fold_folder import read_fold
from napari_abdoseg.training.watching.growing_logs import GrowingLogs
from napari_abdoseg.training.watching.log_text import read_logs

TINY = DATASET / model_name("tiny")
NAMES = ("training_log_2025_1_1_10_00_00.txt", "training_log_2025_1_2_10_00_00.txt")
EPOCH = """2025-01-01 10:00:00.1: Epoch {number}
2025-01-01 10:00:00.1: Current learning rate: {rate}
2025-01-01 10:00:01.1: train_loss {loss}
2025-01-01 10:00:01.1: val_loss -0.5
2025-01-01 10:00:01.1: Pseudo dice [{dice}]
2025-01-01 10:00:01.1: Epoch time: {time} s
"""
GOOD = {"number": 1, "rate": "0.01", "loss": "-0.4", "dice": "np.float32(0.5)", "time": "10.0"}


def epoch(**parts: object) -> str:
    return EPOCH.format(**(GOOD | parts))


@pytest.fixture
def fold(tmp_path):
    folder = tmp_path / "Dataset001_X" / "nnUNetTrainer__p__3d_fullres" / "fold_0"
    folder.mkdir(parents=True)
    labels = {"background": 0, "liver": 1}
    (folder.parent / "dataset.json").write_text(json.dumps({"labels": labels}))
    return folder


def watched(fold: Path) -> str:
    """What `abdoseg watch` shows of it."""
    model = fold.parent
    result = CliRunner().invoke(app, ["watch", str(model), "--once", "--output", str(model / "o")])
    assert result.exit_code == 0, result.output
    assert (model / "o" / "curves.png").stat().st_size
    return result.output


def test_a_growing_log_gives_what_the_whole_log_gives(tmp_path, monkeypatch):
    monkeypatch.setattr(growing_logs, "CHUNK", 100)
    whole = [log.read_bytes() for log in sorted((TINY / "fold_1").glob("*.txt"))]
    logs, growing, rng = [tmp_path / name for name in NAMES], GrowingLogs(), random.Random(0)
    for number, content in enumerate(whole):
        ends = sorted(rng.sample(range(len(content)), 20))
        for end in (*ends, len(content)):
            logs[number].write_bytes(content[:end])
            reader = growing.read_on(logs[: number + 1])
            anew = read_logs([each.decode() for each in (*whole[:number], content[:end])])
            assert (reader.epochs, reader.stage) == (anew.epochs, anew.stage)


def test_only_what_is_new_is_read(tmp_path):
    log, growing = tmp_path / NAMES[0], GrowingLogs()
    log.write_text(epoch(number=0) + epoch(number=1))
    growing.read_on([log])
    text = log.read_text()
    log.write_text("#" * 100 + text[100:] + epoch(number=2))
    assert list(growing.read_on([log]).epochs) == [0, 1, 2]


@pytest.mark.parametrize("change", ["shorter", "other", "an older log", "one log less"])
def test_logs_that_were_replaced_are_read_anew(change, tmp_path):
    first, second = logs = [tmp_path / name for name in NAMES]
    growing = GrowingLogs()
    first.write_text(epoch(number=0))
    second.write_text(epoch(number=1) + epoch(number=2))
    growing.read_on(logs)
    if change == "shorter":
        second.write_text(epoch(number=1, loss=7))
    elif change == "other":
        second.write_text(epoch(number=1, loss=7) + epoch(number=3) + epoch(number=4))
    elif change == "an older log":
        first.write_text(epoch(number=0, loss=7) + epoch(number=1))
    else:
        logs = [first]
    fresh = read_logs([log.read_text() for log in logs])
    assert growing.read_on(logs).epochs == fresh.epochs


def test_a_line_that_never_ends_takes_no_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(growing_logs, "CHUNK", 1000)
    monkeypatch.setattr(growing_logs, "LONGEST_LINE", 1000)
    log, growing = tmp_path / NAMES[0], GrowingLogs()
    text = epoch(number=0)
    for part in ("2025-01-01 10:00:00.1: " + "x" * 5000, "y" * 500, "\n" + epoch(number=1)):
        text += part
        log.write_text(text)
        reader = growing.read_on([log])
        assert len(growing._places[log].tail) <= growing_logs.TAIL
    assert list(reader.epochs) == [0, 1]


@pytest.mark.parametrize(
    "part",
    [
        {"loss": "abc"},
        {"rate": "-"},
        {"dice": "0.5 0.6, foo"},
        {"dice": "np.float32(" * 1000},
        {"time": "nan"},
        {"time": "-inf"},
        {"time": "1e300"},
        {"number": "9" * 5000},
        {"number": "9" * 23},
        {"number": "٣"},
    ],
)
def test_an_epoch_with_a_garbled_line_is_left_out(part, fold):
    text = epoch(number=0, loss=1) + epoch(**part) + epoch(number=2, loss=3)
    (fold / NAMES[0]).write_text(text, encoding="utf-8")
    epochs = read_fold(fold).epochs
    assert [(each.number, each.train_loss) for each in epochs] == [(0, 1), (2, 3)]


@pytest.mark.parametrize(
    "text",
    [
        epoch(loss="nan", rate="nan", dice="nan"),
        epoch(loss="1e308") + epoch(number=2, loss="-1e308", rate="1e308", dice="-1e308"),
        epoch(loss="inf") + epoch(number=2, loss="-inf", rate="inf", dice="inf"),
        epoch(number=999_999_999),
        "2025-01-01 10:00:00.1: Mean Validation Dice:  xyz\n",
        random.Random(1).randbytes(200_000),
        "",
    ],
)
def test_odd_numbers_are_shown(text, fold):
    (fold / NAMES[0]).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert "fold" in watched(fold)


@pytest.mark.parametrize(
    ("labels", "planned"),
    [
        (["a"], 100),
        ({"background": 0, "liver": "x"}, "9" * 5000),
        ({"background": 0, "liver": []}, 10**18),
        ({"background": 0, "[/]": 1}, -3),
        ({"background": 0, "$\\frac{$": 1}, None),
        ({"background": 0, "\udcfc\x1b[2J": 1}, 1e300),
    ],
)
def test_odd_files_beside_the_log(labels, planned, fold):
    (fold / NAMES[0]).write_text(epoch(number=0) + epoch(number=1))
    (fold.parent / "dataset.json").write_text(json.dumps({"labels": labels}))
    (fold / "debug.json").write_text(json.dumps({"num_epochs": planned}))
    assert "fold" in watched(fold)


@pytest.mark.parametrize("text", ["[" * 200_000, "5", "null", '{"labels": null}', "\udcff"])
def test_a_dataset_json_that_is_none(text, fold):
    (fold / NAMES[0]).write_text(epoch(number=0))
    (fold.parent / "dataset.json").write_bytes(os.fsencode(text))
    (fold / "debug.json").write_bytes(os.fsencode(text))
    (organ,) = read_fold(fold).organs
    assert organ.name == "label 1"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_and_links_in_a_circle_are_no_logs(fold):
    (fold / NAMES[0]).write_text(epoch(number=0))
    os.mkfifo(fold / NAMES[1])
    (fold / "debug.json").symlink_to("debug.json")
    (fold.parent / "dataset.json").unlink()
    os.mkfifo(fold.parent / "dataset.json")
    for number in range(3):
        (fold / f"loop{number}").symlink_to(fold.parent)
        (fold.parent / f"fold_{number + 1}").symlink_to(f"fold_{number + 1}")
    assert "fold" in watched(fold)
    assert read_fold(fold).stage is Stage.TRAINING
