"""What commands import: a small job must not wait for libraries that it does without."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from napari_abdoseg.image.nifti.volumes import write_labels, write_volume
from napari_abdoseg.image.phantom import make_phantom

SCREEN = {"napari", "qtpy", "PyQt6", "PySide6", "magicgui", "vispy"}
NETWORKS = {"torch", "nnunetv2"}
TABLES = {"pandas", "matplotlib", "seaborn", "sklearn"}
ARRAYS = {"numpy", "scipy", "skimage", "nibabel"}
NNUNETS_OWN = {"blosc2", "SimpleITK", "skimage.io", "skimage.transform", "tifffile", "numexpr"}
"""What nnU-Net imports for training and for its readers."""
COMMANDS = (
    *("demo", "view", "predict", "evaluate", "check", "cases"),
    *("models", "dataset", "train", "watch", "info"),
)


def imported_by(*arguments: object) -> set[str]:
    """Modules that a process has imported once it has done what it was told to."""
    code = (
        "import json, sys\n"
        "from napari_abdoseg.cli.app import app\n"
        "try: app(sys.argv[1:])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "print(json.dumps([*sys.modules]), file=sys.stderr)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr
    return set(json.loads(ended.stderr.splitlines()[-1]))


@pytest.mark.parametrize("command", [(), *((name,) for name in COMMANDS)])
def test_help_imports_neither_arrays_nor_networks(command):
    heavy = SCREEN | NETWORKS | TABLES | ARRAYS | {"requests"}
    assert heavy & imported_by(*command, "--help") == set()


@pytest.mark.slow
def test_predict_imports_of_nnunet_what_plans_need(tmp_path: Path, make_model):
    """Of a scan that is resampled, too."""
    scan = tmp_path / "case_0000.nii.gz"
    write_volume(scan, make_phantom(1, (10.0, 8.0, 8.0))[0])
    model = make_model(folds=(0,), spacing=(4.0, 3.5, 3.5))
    given = ("--output", tmp_path / "out", "--model", model, "--preset", "fast")
    imported = imported_by("predict", scan, *given)
    assert "torch" in imported
    assert (SCREEN | TABLES | NNUNETS_OWN | {"scipy.spatial"}) & imported == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("models", "list"),
        ("models", "show", "demo"),
        ("check", "labels/case.nii.gz"),
        ("evaluate", "labels", "labels", "--output", "scores"),
        ("cases", "."),
    ],
)
def test_commands_without_networks_import_none(arguments, tmp_path: Path, monkeypatch):
    volume, truth = make_phantom(1, (20.0, 15.0, 15.0))
    write_volume(tmp_path / "case_0000.nii.gz", volume)
    (tmp_path / "labels").mkdir()
    write_labels(tmp_path / "labels" / "case.nii.gz", truth)
    monkeypatch.chdir(tmp_path)
    assert (SCREEN | NETWORKS | TABLES | NNUNETS_OWN) & imported_by(*arguments) == set()
