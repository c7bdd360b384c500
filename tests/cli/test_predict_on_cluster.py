"""`abdoseg predict --scheduler` as a user types it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from clusters import cluster_in_threads
from typer.testing import CliRunner

from napari_abdoseg.batch.case_logits import logits_of_case
from napari_abdoseg.cli import app as command
from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.image.nifti.volumes import read_volume, write_volume
from napari_abdoseg.image.phantom import make_phantom


@pytest.fixture(scope="module")
def cluster():
    with cluster_in_threads(1) as cluster:
        yield cluster


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "case_0000.nii.gz"
    write_volume(path, make_phantom(1, (10.0, 8.0, 8.0))[0])
    return path


def predict(*arguments: object):
    return CliRunner().invoke(command.app, ["predict", *map(str, arguments)])


def test_workers_do_the_work(scan, tmp_path, make_model, cluster):
    model, output = make_model(folds=(0, 1), mirror_axes=None), tmp_path / "out"
    options = ("--model", model, "--folds", "1", "--preset", "exact", "--keep-logits")
    result = predict(scan, "--output", output, *options, "--scheduler", cluster.scheduler_address)
    assert result.exit_code == 0, result.output
    assert "Model model: 3d_fullres, folds 1." in result.output
    assert "Running on" not in result.output
    assert "1 made, 0 kept, 0 failed" in result.output
    assert json.loads((output / "case.json").read_text())["models"][0]["folds"] == ["1"]
    assert logits_of_case(output / "case.nii.gz", read_volume(scan)).contested.folds == 1


@pytest.mark.parametrize("option", [("--device", "cuda:1"), ("--workers", "2")])
def test_what_is_of_this_machine_beside_a_cluster_is_a_mistake(option, scan, tmp_path):
    result = predict(scan, "--output", tmp_path, *option, "--scheduler", "tcp://a:1")
    assert f"{' '.join(option)} is of this machine" in str(result.exception)
    assert isinstance(result.exception, AbdosegError)
    assert "leave one of them out" in str(result.exception)


def test_without_the_extra_it_says_what_to_install(scan, tmp_path):
    script = (
        "import sys; sys.modules['distributed'] = None\n"
        "from napari_abdoseg.cli.app import main; main()"
    )
    arguments = ("predict", scan, "--output", tmp_path / "out", "--scheduler", "tcp://a:1")
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert 'pip install "napari-abdoseg[cluster]"' in " ".join(done.stderr.split())


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="sends Ctrl-C")
def test_ctrl_c_ends_the_work_of_the_workers(tmp_path, make_model, cluster):
    scan = tmp_path / "large.nii.gz"
    write_volume(scan, make_phantom(1, (4.0, 3.0, 3.0))[0])
    slow = make_model(folds=(0,), patch=(8, 8, 8), spacing=(4.0, 4.0, 4.0), name="slow")
    abdoseg = Path(sys.executable).with_name("abdoseg")
    options = ("--model", slow, "--preset", "exact", "--scheduler", cluster.scheduler_address)
    process = subprocess.Popen([abdoseg, "predict", scan, "--output", tmp_path / "out", *options])
    (worker,) = cluster.workers.values()
    cluster.sync(_until, lambda: any("segment" in key for key in worker.active_keys))
    os.kill(process.pid, signal.SIGINT)
    assert process.wait(60)
    cluster.sync(_until, lambda: not worker.active_threads)
    assert not list((tmp_path / "out").iterdir())


async def _until(condition):
    import asyncio

    while not condition():
        await asyncio.sleep(0.05)
