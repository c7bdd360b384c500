"""`abdoseg info`, `--version` and what the shell completes."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from napari_abdoseg.cli import app as command
from napari_abdoseg.cli import facts as module
from napari_abdoseg.cli import napari_process, privacy
from napari_abdoseg.cli.completion import (
    complete_device,
    complete_known_or_published,
    complete_model,
    complete_preset,
)
from napari_abdoseg.cli.facts import MISSING, facts
from napari_abdoseg.cli.privacy import shown_path, without_names
from napari_abdoseg.inference.self_test import main as self_test

HOME = "/home/jane.doe"
TORCH = {"torch": "2.14.1", "build": "for the CPU alone", "threads": 1}
DEVICE = {"device": "cpu", "reason": "CPU.", "gpus": ["A100"], "warnings": ["Slow."]}
PASSED = {"self_test": {"device": "cpu", "seconds": 1.0, "dsc": {"liver": 0.99}}}
WRONG = {"self_test": {"device": "cpu", "seconds": 1.0, "dsc": {"liver": 0.99, "spleen": 0.2}}}


@pytest.fixture
def stranger(monkeypatch):
    """A user and a machine whose names are known."""
    monkeypatch.setattr(privacy.Path, "home", lambda: Path(HOME))
    monkeypatch.setattr(privacy.getpass, "getuser", lambda: "jane.doe")
    monkeypatch.setattr(privacy.platform, "node", lambda: "ward7.hospital.org")


@pytest.fixture
def own_models(tmp_path, monkeypatch) -> Path:
    """A folder of models of one's own, and a self-test that takes no time."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(module, "_networks", lambda: iter(()))
    folder = tmp_path / "napari-abdoseg" / "models"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"models in {HOME}/models", "models in ~/models"),
        (f"{HOME}", "~"),
        (f"'{HOME}/x y/z'", "'~/x y/z'"),
        (f"{HOME}2/models are", "…/models are"),
        ("/data/St Mary/jane.doe: no", "…/USER: no"),
        ("can't read '/data/St Mary/ct 1.nii' now", "can't read '…/ct 1.nii' now"),
        ("/mnt/jane.doe/ct.nii: gone", "…/ct.nii: gone"),
        ("/data/.hidden/St Mary/x.nii", "…/x.nii"),
        (r"D:\ward\patient\ct.nii: gone", "…/ct.nii: gone"),
        ("tcp://ward7.hospital.org:8786", "tcp://HOST:8786"),
        ("tcp://ward7:8786", "tcp://HOST:8786"),
        ("jane.doe@ward7.hospital.org", "USER@HOST"),
        ("NVIDIA A100, 3.1/4 GB, and/or 2 x 3", "NVIDIA A100, 3.1/4 GB, and/or 2 x 3"),
        ("https://pytorch.org/get-started/locally", "https://pytorch.org/get-started/locally"),
    ],
)
def test_texts_name_nobody(stranger, text, shown):
    assert without_names(text) == shown


def test_of_folders_elsewhere_nothing_is_shown(stranger):
    assert shown_path(Path(HOME) / "models") == "~/models"
    assert shown_path(Path("/data/St Mary/models")) == "outside of the home folder"


@pytest.mark.slow
def test_the_whole_of_it_can_be_pasted():
    result = CliRunner().invoke(command.app, ["info"])
    assert result.exit_code == 0, result.output
    lines = dict(line.split(maxsplit=1) for line in result.output.splitlines())
    assert lines["napari-abdoseg"] == version("napari-abdoseg")
    assert version("torch") in lines["torch"]
    assert lines["device"].split(":")[0] in lines["self-test"]
    assert "liver" in lines["self-test"]
    assert "4 organs" in lines["model"]
    assert str(Path.home()) not in result.output
    assert platform.node() not in result.output.split()


def test_a_broken_model_is_told_and_its_place_is_not(own_models):
    (own_models / "mine").mkdir()
    (own_models / "mine" / "dataset.json").write_text("{}")
    missing = [without_names(words) for about, words in facts() if about == MISSING]
    (line,) = (words for words in missing if "mine" in words)
    assert line.startswith("the model mine is broken: ")
    assert str(own_models) not in line


@pytest.mark.parametrize("names", [("napari",), napari_process.BINDINGS])
def test_it_works_without_napari(own_models, monkeypatch, names):
    monkeypatch.setattr(napari_process, "find_spec", lambda name: None if name in names else name)
    missing = [words for about, words in facts() if about == MISSING]
    assert any("installed" in words for words in missing)


def test_what_can_not_be_found_out_leaves_the_rest(own_models, monkeypatch):
    def broken():
        raise OSError("no\nmemory map")

    monkeypatch.setattr(module.psutil, "virtual_memory", broken)
    found = list(facts())
    assert (MISSING, "machine can't be found out: OSError: no memory map") in found
    assert any(about == "model" for about, _ in found)


@pytest.mark.parametrize(
    ("printed", "errors", "words"),
    [
        ([TORCH, DEVICE, PASSED], "", None),
        ([TORCH, DEVICE, WRONG], "", "a right answer in the self-test, of spleen"),
        ([TORCH, {"error": "RuntimeError: no kernel"}], "", "RuntimeError: no kernel"),
        ([], "Traceback\nImportError: libcudart.so.13", "ImportError: libcudart.so.13"),
        ([], "", "it ended with status -4"),
    ],
)
def test_a_self_test_that_fails_is_one_line(monkeypatch, printed, errors, words):
    output = "\n".join(["a warning", *map(json.dumps, printed)])
    ended = subprocess.CompletedProcess([], -4, output, errors)
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: ended)
    missing = [said for about, said in facts() if about == MISSING]
    assert ("Slow." in missing) == (DEVICE in printed)
    assert words is None or any(said.endswith(words) for said in missing)


def test_a_fault_in_a_self_test_is_a_line_of_it(monkeypatch, capsys):
    monkeypatch.setattr("napari_abdoseg.inference.self_test.load_ensemble", lambda *_, **__: 1 / 0)
    self_test()
    *known, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert [*known[0]] == ["torch", "build", "threads"]
    assert last["error"].startswith("ZeroDivisionError")


def test_the_version():
    result = CliRunner().invoke(command.app, ["--version"])
    assert result.output == f"napari-abdoseg {version('napari-abdoseg')}\n"


def test_names_are_completed(own_models):
    (own_models / "demolished").mkdir()
    (own_models / "demolished" / "dataset.json").touch()
    assert complete_model("dem") == ["demo", "demolished"]
    assert complete_known_or_published("total_fast") == ["total_fast", "total_fastest"]
    assert [name for name, _ in complete_preset("")] == ["balanced", "exact", "fast"]
    assert complete_device("cpu,c") == ["cpu,cpu", "cpu,cuda"]


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("abdoseg predict --preset ba", "balanced"),
        ("abdoseg vi", "view"),
        ("abdoseg predict --model de", "demo"),
        ("abdoseg dataset convert --phan", "--phantoms"),
    ],
)
def test_the_shell_is_answered_at_once(typed, completed):
    """Nothing heavy is imported for it."""
    asked = {"_ABDOSEG_COMPLETE": "complete_bash", "COMP_WORDS": typed}
    asked["COMP_CWORD"] = str(len(typed.split()) - 1)
    code = (
        "import atexit, sys; sys.argv = ['abdoseg']\n"
        "heavy = {'torch', 'nnunetv2', 'numpy', 'requests', 'nibabel', 'scipy'}\n"
        "tell = lambda: print(*heavy & set(sys.modules), file=sys.stderr)\n"
        "atexit.register(tell); from napari_abdoseg.cli.app import main; main()"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | asked,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.split() == [completed], run.stderr
    assert not run.stderr.strip()
