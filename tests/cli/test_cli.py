"""The command line as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import pytest
from small_models import COARSE
from typer.testing import CliRunner

from napari_abdoseg.cli import app as command
from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.nifti.volumes import read_labels, read_volume, write_volume
from napari_abdoseg.image.phantom import make_phantom

runner = CliRunner()


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    volume, _ = make_phantom(1, (10.0, 8.0, 8.0))
    path = tmp_path / "case_0000.nii.gz"
    write_volume(path, volume)
    return path


def predict(*arguments: object):
    return runner.invoke(command.app, ["predict", *map(str, arguments)])


def test_predict_writes_and_says_where(scan, tmp_path, make_model):
    output = tmp_path / "out"
    options = ("--model", make_model(spacing=COARSE), "--folds", "1", "--keep-logits")
    result = predict(scan, "--output", output, *options)
    assert result.exit_code == 0, result.output
    assert "Results are in" in result.output
    assert (output / "case.logits").is_file()
    assert "Running on" in result.output
    report = json.loads((output / "case.json").read_text())
    assert report["models"][0]["folds"] == ["1"]
    assert (
        read_labels(output / "case.nii.gz").data.shape == make_phantom(1, (10, 8, 8))[0].data.shape
    )


def test_predict_loads_the_folds_that_work(scan, tmp_path, make_model):
    model = make_model((0, 1), spacing=COARSE)
    (model / "fold_1" / "checkpoint_final.pth").write_bytes(b"not looked at")
    output, given = tmp_path / "out", ("--output", tmp_path / "out", "--model", model)
    result = predict(scan, *given, "--preset", "fast")
    assert result.exit_code == 0, result.output
    assert "3d_fullres, folds 0." in result.output
    assert json.loads((output / "case.json").read_text())["models"][0]["folds"] == ["0"]
    with pytest.raises(ModelError, match="fold_1"):
        raise predict(scan, *given, "--overwrite").exception


def test_predict_averages_models(scan, tmp_path, make_model):
    models = make_model((0,), None), make_model((0,), None, (32, 32), (9.0, 8.0), "flat")
    output = tmp_path / "out"
    result = predict(scan, "--output", output, "--model", models[0], "--model", models[1])
    assert result.exit_code == 0, result.output
    assert "Model flat: 2d, folds 0." in result.output
    report = json.loads((output / "case.json").read_text())
    kinds = [(model["name"], model["configuration"]) for model in report["models"]]
    assert kinds == [("model", "3d_fullres"), ("flat", "2d")]


def test_predict_tells_of_the_first_case_what_it_will_take(tmp_path, make_model):
    scans = tmp_path / "scans"
    scans.mkdir()
    for number in (1, 2):
        write_volume(scans / f"case{number}.nii", make_phantom(number, (10.0, 8.0, 8.0))[0])
    options = (
        "--output",
        tmp_path / "out",
        "--model",
        make_model(spacing=COARSE),
        "--device",
        "cpu",
    )
    result = predict(scans, *options)
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert said.count("Note: About ") == 1
    assert "on the CPU." in said


def test_predict_warns_before_and_reports(scan, tmp_path, make_model):
    wrong = read_volume(scan)
    write_volume(scan, replace(wrong, data=wrong.data + 1024))
    output = tmp_path / "out"
    result = predict(
        scan, "--output", output, "--model", make_model(spacing=COARSE), "--device", "cpu"
    )
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "Note: Hardly a voxel has the density of fat" in said
    (warning,) = json.loads((output / "case.json").read_text())["warnings"]
    assert "Hounsfield units" in warning


def test_predict_keeps_what_is_there(scan, tmp_path, make_model):
    model, output = make_model(spacing=COARSE), tmp_path / "out"
    predict(scan, "--output", output, "--model", model)
    before = (output / "case.nii.gz").stat().st_mtime_ns
    result = predict(scan, "--output", output, "--model", model)
    assert "--overwrite makes them again" in result.output
    assert (output / "case.nii.gz").stat().st_mtime_ns == before


def test_a_broken_scan_is_named_and_the_exit_status_tells(tmp_path, make_model):
    broken = tmp_path / "broken.nii"
    broken.write_bytes(b"no scan")
    result = predict(broken, "--output", tmp_path / "out", "--model", make_model())
    assert result.exit_code == 2
    assert "broken failed" in result.output


def test_a_mistake_is_one_sentence_and_exit_status_two(scan, tmp_path):
    run = subprocess.run(
        [
            *(sys.executable, "-c", "from napari_abdoseg.cli.app import main; main()"),
            *("predict", str(scan), "--output", str(tmp_path / "out"), "--model", "nowhere"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "no model 'nowhere'" in " ".join(run.stderr.split())
    assert "Traceback" not in run.stderr


def test_predict_imports_neither_napari_nor_qt(scan, tmp_path, make_model):
    code = (
        "import sys\n"
        "from napari_abdoseg.cli.app import app\n"
        f"arguments = ['predict', {str(scan)!r}, '--output', {str(tmp_path / 'out')!r},\n"
        f"             '--model', {str(make_model(folds=(0,)))!r}]\n"
        "app(arguments, standalone_mode=False)\n"
        "loaded = {'napari', 'qtpy', 'PyQt6', 'PySide6', 'magicgui'} & set(sys.modules)\n"
        "sys.exit(f'imported {loaded}' if loaded else 0)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_help_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from napari_abdoseg.cli.app import app\n"
        "sys.exit(str({'torch', 'nnunetv2', 'matplotlib', 'napari'} & set(sys.modules) or 0))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.strip() == "0", run.stderr


def test_the_demo_does_the_whole_job(tmp_path):
    result = runner.invoke(command.app, ["demo", "--output", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "No good for patients" in " ".join(result.output.split())
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {
        "phantom_0000.nii.gz",
        "phantom_truth.nii.gz",
        "phantom.nii.gz",
        "phantom.json",
        "phantom.png",
        "organs.csv",
    }
    scores = [line.split("│")[3] for line in result.output.splitlines() if line.startswith("│")]
    assert len(scores) == 4
    assert min(float(score) for score in scores) > 0.95


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("_CUuuid: Unable to create type object!"),
        ImportError("libtorch_cpu.so: failed to map segment from shared object"),
        OSError(12, "Cannot allocate memory"),
        MemoryError(),
    ],
)
def test_memory_that_ran_out_is_told_in_whosever_words(error, monkeypatch, capsys):
    monkeypatch.setattr(command, "app", Mock(side_effect=error))
    with pytest.raises(SystemExit, match="2"):
        command.main()
    assert command.LACK in capsys.readouterr().err


def test_another_mistake_of_the_program_is_no_lack_of_memory(monkeypatch):
    monkeypatch.setattr(command, "app", Mock(side_effect=RuntimeError("broken")))
    with pytest.raises(RuntimeError, match="broken"):
        command.main()
