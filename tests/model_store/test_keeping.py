"""Installed models removed, exported and tested."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import zipfile

import numpy as np
import pytest
from small_models import COARSE

from napari_abdoseg.errors import ModelError, SaveError
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels, write_volume
from napari_abdoseg.image.volume import LabelMap, Volume
from napari_abdoseg.inference.model.card import ModelCard, write_card
from napari_abdoseg.inference.model.known_models import known_models
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.model_store import testing as model_tests
from napari_abdoseg.model_store.exporting import exporting
from napari_abdoseg.model_store.installing import installing
from napari_abdoseg.model_store.removal import remove_model
from napari_abdoseg.model_store.testing import recording_test, running_test
from napari_abdoseg.progress import drain


@pytest.fixture(autouse=True)
def models(tmp_path, monkeypatch):
    """Where models are installed; nothing else is known but the demo."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("ABDOSEG_MODELS", str(folder))
    monkeypatch.setenv("TOTALSEG_HOME_DIR", str(tmp_path / "none"))
    monkeypatch.setenv("nnUNet_results", str(tmp_path / "results"))
    return folder


@pytest.fixture
def trained(make_model, models):
    """An installed model."""
    return drain(installing(make_model(spacing=COARSE), "trained"))


def test_a_model_is_removed_as_a_whole(trained, models, make_model, tmp_path):
    assert remove_model("trained").folder == trained.folder
    assert known_models() == ("demo",)
    assert not list(models.glob(".removed-*"))
    elsewhere = make_model(name="elsewhere")
    (models / "linked").symlink_to(elsewhere)
    remove_model("linked")
    assert elsewhere.is_dir()
    assert known_models() == ("demo",)


def test_models_of_others_are_not_removed(tmp_path, make_model, models):
    theirs = tmp_path / "results" / "Dataset001_A" / "T__P__3d_fullres"
    theirs.parent.mkdir(parents=True)
    shutil.copytree(make_model(), theirs)
    name = "Dataset001_A/T__P__3d_fullres"
    for asked, words in {
        "demo": "comes with the package",
        name: "belongs to nnU-Net",
        "none": "No model 'none' is installed",
        "..": "No model '..' is installed",
        str(theirs): "is installed",
    }.items():
        with pytest.raises(ModelError, match=words):
            remove_model(asked)
    assert known_models() == ("demo", name)


def test_an_exported_model_is_the_same_elsewhere(trained, tmp_path, monkeypatch):
    write_card(trained.folder, ModelCard(title="Mine", axes="RAS", licence="MIT"))
    archive = drain(exporting("trained", tmp_path))
    assert archive == tmp_path / "trained.zip"
    again = drain(exporting("trained", tmp_path / "again.zip"))
    assert again.read_bytes() == archive.read_bytes()
    monkeypatch.setenv("ABDOSEG_MODELS", str(tmp_path / "hospital"))
    there = drain(installing(archive))
    assert there.name == "trained"
    assert (there.card.title, there.card.axes, there.card.licence) == ("Mine", "RAS", "MIT")
    here = read_model(trained.folder)
    assert there.card.sha256 == here.sha256(here.folds)
    with zipfile.ZipFile(archive) as file:
        file.extractall(tmp_path / "unpacked")
    check = ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"]
    subprocess.run(check, cwd=tmp_path / "unpacked", check=True)
    unpacked = {path for path in (tmp_path / "unpacked").rglob("*") if path.is_file()}
    lines = (tmp_path / "unpacked" / "SHA256SUMS").read_text().splitlines()
    assert len(lines) == len(unpacked) - 1


def test_an_exported_model_of_nnunet_has_its_cascades_first_stage(tmp_path, make_model):
    results = tmp_path / "results" / "Dataset001_A"
    low = make_model(folds=(0,), name="low", kind="3d_lowres")
    kind = {"kind": "3d_cascade_fullres", "previous_stage": "3d_lowres"}
    high = make_model(folds=(0,), name="high", **kind)
    shutil.copytree(high, results / "T__P__3d_cascade_fullres")
    name = "Dataset001_A/T__P__3d_cascade_fullres"
    with pytest.raises(ModelError, match="is not there: copy it there"):
        drain(exporting(name, tmp_path))
    shutil.copytree(low, results / "T__P__3d_lowres")
    archive = drain(exporting(name, tmp_path))
    both = drain(installing(archive, "both"))
    assert (both.folder / "T__P__3d_lowres" / "fold_0" / "checkpoint_final.pth").is_file()
    again = drain(exporting("both", tmp_path))
    with zipfile.ZipFile(again) as file:
        assert "both/T__P__3d_lowres/plans.json" in file.namelist()


def test_an_export_that_can_not_be_is_told(trained, tmp_path):
    with pytest.raises(ModelError, match=r"ends with \.zip"):
        drain(exporting("trained", tmp_path / "model.tar"))
    with pytest.raises(ModelError, match="There is no model"):
        drain(exporting("none", tmp_path))
    with pytest.raises(SaveError, match="its folder does not exist"):
        drain(exporting("trained", tmp_path / "none" / "model.zip"))
    work = exporting("trained", tmp_path / "model.zip")
    next(work)
    work.close()
    assert not list(tmp_path.glob("*.zip"))
    assert not list(tmp_path.glob(".*.part"))


def test_the_demo_finds_what_its_test_expects():
    result = drain(running_test("demo", "cpu"))
    assert result.passed
    assert sum(path.stat().st_size for path in result.model.folder.glob("test_*")) <= 1_000_000


@pytest.mark.slow
def test_a_test_is_recorded_and_finds_out_what_differs(trained, phantom, tmp_path):
    with pytest.raises(ModelError, match="--record CT"):
        drain(running_test("trained", "cpu"))
    write_volume(tmp_path / "ct.nii.gz", phantom[0])
    with pytest.raises(ModelError, match="belongs to the package"):
        drain(recording_test("demo", tmp_path / "ct.nii.gz", "cpu"))
    model = drain(recording_test("trained", tmp_path / "ct.nii.gz", "cpu"))
    files = [model.folder / name for name in (model.card.test.scan, model.card.test.labels)]
    assert sum(path.stat().st_size for path in files) <= 1_000_000
    result = drain(running_test("trained", "cpu"))
    assert result.passed
    assert (result.share, result.differing) == (1.0, 0)
    archive = drain(exporting("trained", tmp_path))
    assert drain(running_test(drain(installing(archive, "moved")).name, "cpu")).passed

    expected = read_labels(files[1], model.organs)
    wrong = expected.data.copy()
    wrong[: wrong.shape[0] // 2] = 1
    write_labels(files[1], LabelMap(wrong, expected.grid, expected.organs))
    result = drain(running_test("trained", "cpu"))
    assert not result.passed
    assert result.differing == np.count_nonzero(wrong != expected.data)
    write_volume(files[1], Volume(phantom[1].data[:4], _first_slices(phantom[1].grid, 4)))
    with pytest.raises(ModelError, match="different shapes"):
        drain(running_test("trained", "cpu"))


def _first_slices(grid, number):
    return type(grid).from_spacing((number, *grid.shape[1:]), grid.spacing)


def test_the_test_of_a_large_scan_is_a_part_of_it(phantom, monkeypatch):
    monkeypatch.setattr(model_tests, "MOST", 16)
    volume, labels = phantom
    small = model_tests._cropped(volume, labels)
    assert small.data.shape == (16, 16, 16)
    corner = small.grid.ras_position((0, 0, 0))
    to_index = np.linalg.inv(volume.grid.affine)
    stored = (to_index @ [*corner, 1.0])[:3]
    z, y, x = np.rint(volume.grid.screen_index(stored)).astype(int)
    assert np.array_equal(small.data, volume.data[z : z + 16, y : y + 16, x : x + 16])
    assert small.grid.axis_codes == volume.grid.axis_codes


def test_hashes_in_an_export_are_those_of_the_files(trained, tmp_path):
    with zipfile.ZipFile(drain(exporting("trained", tmp_path))) as file:
        for line in file.read("SHA256SUMS").decode().splitlines():
            digest, name = line.split("  ")
            assert hashlib.sha256(file.read(name)).hexdigest() == digest
