"""The package as it is installed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import npe2
import pytest

import napari_abdoseg

ROOT = Path(__file__).parent.parent


def test_importing_loads_nothing_heavy():
    code = (
        "import sys, napari_abdoseg\n"
        "sys.exit(str({'torch', 'nnunetv2', 'napari', 'qtpy', 'numpy'} & set(sys.modules) or 0))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.stderr.strip() == "0", run.stderr


@pytest.mark.parametrize("name", napari_abdoseg.__all__)
def test_every_public_name_is_there(name):
    assert getattr(napari_abdoseg, name).__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'segmant'"):
        _ = napari_abdoseg.segmant
    assert "segment" in dir(napari_abdoseg)
    assert napari_abdoseg.__version__


def test_the_manifest_at_the_top_is_the_packages_own():
    top = ROOT / "napari.yaml"
    assert top.resolve() == ROOT / "src" / "napari_abdoseg" / "napari.yaml"


def test_the_citation_is_of_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    assert f"version: {version}" in citation


def test_the_manifest_names_things_that_exist():
    manifest = npe2.PluginManifest.from_distribution("napari-abdoseg")
    manifest.validate_imports()


def test_the_wheel_holds_manifest_and_demo_model(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path, ROOT],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    model = "napari_abdoseg/models/demo"
    checkpoints = {f"{model}/fold_{fold}/checkpoint_final.pth" for fold in range(5)}
    assert {
        "napari_abdoseg/napari.yaml",
        f"{model}/dataset.json",
        f"{model}/plans.json",
        *(f"{model}/{name}" for name in ("model.json", "test_ct.nii.gz", "test_labels.nii.gz")),
        f"{model}/expected_dsc.json",
        *checkpoints,
    } <= names


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_no_qt_binding_is_a_core_dependency():
    core = PROJECT["dependencies"]
    assert not [need for need in core if need.lower().startswith(("pyqt", "pyside", "napari["))]


def test_what_is_imported_is_declared():
    needs = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["cluster"]]
    declared = {_plain(re.split(r"[\[<>=!~; ]", need)[0]) for need in needs}
    distributions = packages_distributions()
    for package in _imported() - sys.stdlib_module_names - {"napari_abdoseg"}:
        assert declared & set(map(_plain, distributions[package])), package


def _imported() -> set[str]:
    """Names of all packages that the code imports."""
    trees = [ast.parse(path.read_text()) for path in Path(ROOT, "src").rglob("*.py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = [a.name for node in nodes if isinstance(node, ast.Import) for a in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


def _plain(distribution: str) -> str:
    return distribution.lower().replace("_", "-")
