"""`abdoseg watch` as a user types it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from training_logs import copied_model, log_of
from typer.testing import CliRunner

from napari_abdoseg.cli import app as command
from napari_abdoseg.cli import watch as watch_command
from napari_abdoseg.errors import AbdosegError

COMMAND = (sys.executable, "-c", "from napari_abdoseg.cli.app import main; main()", "watch")
runner = CliRunner()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = copied_model("tiny", tmp_path)
    for log in folder.glob("*/*.txt"):
        os.utime(log)
    return folder


def watch(*arguments: object):
    return runner.invoke(command.app, ["watch", *map(str, arguments)])


def test_one_look_and_its_files(model, tmp_path):
    output = tmp_path / "out"
    result = watch(tmp_path, "--once", "--output", output)
    assert result.exit_code == 0, result.output
    assert "10 of 30" in result.output
    assert str(output / "curves.png") in result.output.replace("\n", "")
    assert {path.name for path in output.iterdir()} == {"curves.png", "curves.csv"}


def test_it_follows_folds_until_all_are_finished(model, monkeypatch):
    monkeypatch.setattr(watch_command, "SECONDS", 0.05)
    log = log_of(model / "fold_0")
    text = log.read_text()
    log.write_text(text[:9000])

    def write_on() -> None:
        for end in range(9000, len(text), 1500):
            time.sleep(0.05)
            with log.open("a") as file:
                file.write(text[end : end + 1500])

    training = threading.Thread(target=write_on)
    training.start()
    result = watch(model / "fold_0")
    training.join()
    assert result.exit_code == 0, result.output
    assert "30 of 30" in result.output
    assert "finished" in result.output


def test_the_folder_may_vanish_while_it_is_followed(model, monkeypatch):
    monkeypatch.setattr(watch_command, "SECONDS", 0.05)
    away = model.with_name("away")
    finished = log_of(model / "fold_0").read_text()

    def vanish_and_come_back() -> None:
        time.sleep(0.3)
        model.rename(away)
        time.sleep(0.3)
        log_of(away / "fold_2").write_text(finished)
        away.rename(model)

    network = threading.Thread(target=vanish_and_come_back)
    network.start()
    result = watch(model)
    network.join()
    assert result.exit_code == 0, result.output
    assert result.output.count("30 of 30") == 3


def test_ctrl_c_ends_it_and_the_files_are_written(model, tmp_path):
    output = tmp_path / "out"
    command_line = [*COMMAND, str(model), "--output", str(output)]
    terminal = os.environ | {"FORCE_COLOR": "1", "COLUMNS": "200"}
    with subprocess.Popen(command_line, stdout=subprocess.PIPE, text=True, env=terminal) as run:
        assert any("running" in line for line in run.stdout)
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=60)
    assert run.returncode == 0
    assert (output / "curves.csv").is_file()


def test_a_folder_without_training_is_a_mistake_that_is_named(tmp_path):
    result = watch(tmp_path)
    assert isinstance(result.exception, AbdosegError)
    assert str(result.exception).startswith(f"There is no training in {tmp_path}: choose a folder")
