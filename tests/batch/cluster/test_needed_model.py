"""A model that every worker must have, and how it comes there."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from small_models import cascade
from working import load_configuration

from napari_abdoseg.batch.cluster.needed_model import NeededModel, received_models
from napari_abdoseg.batch.cluster.receiving import conclude_transfer, receive_part
from napari_abdoseg.batch.cluster.request import Request
from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model.ensemble import load_ensemble
from napari_abdoseg.inference.model.model_folder import models_folder

ELSEWHERE = "/no/such/folder"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


def needed(folder: Path) -> NeededModel:
    return NeededModel.of(load_configuration(folder))


def send(model: NeededModel) -> None:
    transfer = uuid4().hex
    for path, part in model.parts():
        receive_part(transfer, path, part)
    conclude_transfer(transfer, model)


def test_only_files_of_the_chosen_folds_are_needed(make_model):
    folder = make_model(folds=(0, 1, 2))
    model = NeededModel.of(load_configuration(folder, [2]))
    assert [path for path, _ in model.files] == [
        "model/dataset.json",
        "model/plans.json",
        "model/fold_2/checkpoint_final.pth",
    ]
    assert model.size == sum((folder.parent / path).stat().st_size for path, _ in model.files)


def test_it_is_found_in_the_same_place(make_model):
    folder = make_model()
    assert needed(folder).find() == folder


def test_one_that_comes_with_the_package_is_found():
    model = needed("demo")
    assert replace(model, root=ELSEWHERE).find() == Path(model.root) / "demo"


def test_one_that_was_installed_under_its_name_is_found(make_model):
    folder = make_model()
    model = replace(needed(folder), root=ELSEWHERE)
    assert model.find() is None
    shutil.copytree(folder, models_folder() / "model")
    assert model.find() == models_folder() / "model"


def test_another_of_the_same_name_is_not_taken_for_it(make_model):
    folder = make_model()
    model = replace(needed(folder), root=ELSEWHERE)
    shutil.copytree(folder, models_folder() / "model")
    (models_folder() / "model" / "fold_1" / "checkpoint_final.pth").write_bytes(b"another")
    assert model.find() is None


def test_one_with_more_folds_is_another_unless_folds_were_chosen(make_model):
    folder = make_model(folds=(0, 1))
    all_folds, chosen = needed(folder), NeededModel.of(load_configuration(folder, [1]))
    (folder / "fold_2").mkdir()
    assert all_folds.find() is None
    assert chosen.find() == folder


def test_folders_that_may_not_be_entered_are_passed_over(make_model, monkeypatch):
    def refuse(*_):
        raise PermissionError

    model = needed(make_model())
    monkeypatch.setattr(Path, "open", refuse)
    assert model.find() is None


def test_what_is_left_of_an_old_transfer_is_removed(make_model):
    model = needed(make_model())
    receive_part("broken", "model/plans.json", b"{}")
    receive_part("under way", "model/plans.json", b"{}")
    os.utime(received_models() / ".broken", (0, 0))
    send(model)
    assert {path.name for path in received_models().iterdir()} == {model.sha256, ".under way"}


def test_one_that_was_sent_is_found(make_model, monkeypatch):
    monkeypatch.setattr("napari_abdoseg.batch.cluster.needed_model.PART", 1000)
    folder = make_model()
    model = needed(folder)
    assert len(list(model.parts())) > len(model.files)
    send(model)
    found = replace(model, root=ELSEWHERE).find()
    assert found == received_models() / model.sha256 / "model"
    assert load_configuration(found).sha256(("0", "1")) == load_configuration(folder).sha256(
        ("0", "1")
    )
    send(model)
    assert [path.name for path in received_models().iterdir()] == [model.sha256]


def test_one_that_comes_damaged_is_refused(make_model):
    model = needed(make_model())
    receive_part("transfer", "model/dataset.json", b"{}")
    with pytest.raises(ModelError, match="The model model came damaged"):
        conclude_transfer("transfer", model)
    assert not list(received_models().iterdir())


def test_a_cascade_comes_with_its_first_stage(make_model):
    folder = cascade(make_model)
    model = needed(folder)
    send(model)
    shutil.rmtree(folder)
    found = model.find()
    assert load_configuration(found).previous_stage.name == "3d_lowres"


def test_a_request_names_models_that_are_missing(make_model):
    ensemble = load_ensemble(make_model(), [1], device="cpu")
    request = Request.of(ensemble, "exact")
    assert request.folds == ("1",)
    assert request.missing() == ()
    elsewhere = replace(request, models=(replace(request.models[0], root=ELSEWHERE),))
    assert elsewhere.missing() == elsewhere.models
    with pytest.raises(ModelError, match="The model model was removed from a worker"):
        elsewhere.load()


def test_a_request_loads_its_ensemble_once(make_model):
    ensemble = load_ensemble(make_model(), device="cpu")
    request = Request.of(ensemble, "exact")
    assert request.load() is request.load()
    assert request.load().configurations[0].folds == ("0", "1")


@pytest.mark.parametrize("path", ["../../outside", "/tmp/outside", "model/../../../outside"])
def test_a_file_that_leads_elsewhere_is_not_written(path, tmp_path):
    with pytest.raises(ModelError, match=r"outside', which is refused"):
        receive_part(uuid4().hex, path, b"bytes")
    assert not list(tmp_path.rglob("outside"))


def test_a_transfer_lies_where_models_are_kept(tmp_path):
    receive_part("../../../outside", "model/plans.json", b"{}")
    assert (received_models() / ".outside" / "model" / "plans.json").is_file()
