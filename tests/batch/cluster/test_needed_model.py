"""A model that every worker must have, and how it comes there."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path
from uuid import uuid4

import pytest
from small_models import cascade
from working import load_configuration

from napari_abdoseg.batch.cluster import needed_model as module
from napari_abdoseg.batch.cluster.ensembles import ensemble_of, missing_models
from napari_abdoseg.batch.cluster.needed_model import (
    find_model,
    parts_of,
    received_models,
    size_of,
)
from napari_abdoseg.batch.cluster.receiving import conclude_transfer, receive_part
from napari_abdoseg.batch.goal import Goal, SegmentationJob
from napari_abdoseg.errors import ModelError
from napari_abdoseg.inference.model import model_folder
from napari_abdoseg.inference.model.chosen_folds import ChosenFolds
from napari_abdoseg.inference.model.ensemble import Ensemble, load_ensemble, loading_chosen
from napari_abdoseg.inference.model.known_models import models_folder
from napari_abdoseg.progress import drain

ELSEWHERE = Path("/no/such/folder")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


def needed(folder: Path | str, folds: list[int] | None = None) -> ChosenFolds:
    return ChosenFolds.of(load_configuration(folder, folds)).with_sha256()


def found(model: ChosenFolds) -> Path | None:
    place = find_model(model)
    return place and place.model.folder


def load(model: ChosenFolds) -> Ensemble:
    return drain(loading_chosen([model], "cpu"))


def send(model: ChosenFolds) -> None:
    transfer = uuid4().hex
    for path, part in parts_of(model):
        receive_part(transfer, path, part)
    conclude_transfer(transfer, model)


def test_only_files_of_the_chosen_folds_are_needed(make_model):
    folder = make_model(folds=(0, 1, 2))
    model = needed(folder, [2])
    assert [path.relative_to(folder.parent).as_posix() for path in model.files] == [
        "model/dataset.json",
        "model/plans.json",
        "model/fold_2/checkpoint_final.pth",
    ]
    assert size_of(model) == sum(len(part) for _, part in parts_of(model))


def test_it_is_found_in_the_same_place(make_model):
    folder = make_model()
    assert found(needed(folder)) == folder


def test_one_that_comes_with_the_package_is_found():
    model = needed("demo")
    assert found(model.below(ELSEWHERE)) == model.model.folder


def test_one_that_was_installed_under_its_name_is_found(make_model):
    folder = make_model()
    model = needed(folder).below(ELSEWHERE)
    assert find_model(model) is None
    shutil.copytree(folder, models_folder() / "model")
    assert found(model) == models_folder() / "model"


def test_another_of_the_same_name_is_not_taken_for_it(make_model):
    folder = make_model()
    model = needed(folder).below(ELSEWHERE)
    shutil.copytree(folder, models_folder() / "model")
    (models_folder() / "model" / "fold_1" / "checkpoint_final.pth").write_bytes(b"another")
    assert find_model(model) is None


def test_folds_that_are_not_needed_do_not_work(make_model):
    folder = make_model(folds=(0, 1))
    model = needed(folder)
    shutil.copytree(folder / "fold_1", folder / "fold_2")
    (trained,) = load(find_model(model)).configurations
    assert trained.folds == ("0", "1")


def test_a_checkpoint_that_would_be_taken_instead_makes_another(make_model):
    folder = make_model(folds=(0,))
    final = folder / "fold_0" / "checkpoint_final.pth"
    best = final.rename(final.with_name("checkpoint_best.pth"))
    model = needed(folder)
    shutil.copy(best, final)
    assert find_model(model) is None


def test_folders_that_may_not_be_entered_are_passed_over(make_model, monkeypatch):
    def refuse(*_):
        raise PermissionError

    model = needed(make_model())
    monkeypatch.setattr(Path, "open", refuse)
    assert find_model(model) is None


def test_what_is_left_of_an_old_transfer_is_removed(make_model):
    model = needed(make_model())
    receive_part("broken", "model/plans.json", b"{}")
    receive_part("under way", "model/plans.json", b"{}")
    os.utime(received_models() / ".broken", (0, 0))
    send(model)
    assert {path.name for path in received_models().iterdir()} == {model.sha256, ".under way"}


def test_one_that_was_sent_is_found(make_model, monkeypatch):
    monkeypatch.setattr(module, "PART", 1000)
    folder = make_model()
    model = needed(folder)
    assert len(list(parts_of(model))) > len(model.files)
    send(model)
    place = find_model(model.below(ELSEWHERE))
    assert place.model.folder == received_models() / model.sha256 / "model"
    assert place.model.sha256(("0", "1")) == model.model.sha256(("0", "1"))
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
    (trained,) = load(find_model(model)).configurations
    assert trained.previous_stage.name == "3d_lowres"
    assert trained.previous_stage.model.folder.parent == received_models() / model.sha256


def test_models_of_a_job_that_are_missing(make_model):
    ensemble = load_ensemble(make_model(), [1], device="cpu")
    job = SegmentationJob.for_others(ensemble, Goal.of(ensemble, "exact"))
    assert missing_models(job) == ()
    elsewhere = job.with_models((job.models[0].below(ELSEWHERE),))
    shutil.rmtree(ensemble.configurations[0].model.folder / "fold_1")
    assert missing_models(elsewhere) == elsewhere.models
    with pytest.raises(ModelError, match="The model model was removed from a worker"):
        ensemble_of(elsewhere)


def test_the_ensemble_of_a_job_is_loaded_once_and_its_model_not_read_again(make_model, monkeypatch):
    ensemble = load_ensemble(make_model(), device="cpu")
    job = pickle.loads(
        pickle.dumps(SegmentationJob.for_others(ensemble, Goal.of(ensemble, "exact")))
    )

    def read_again(*_):
        raise AssertionError

    monkeypatch.setattr(model_folder, "check", read_again)
    monkeypatch.setattr(model_folder, "read_json", read_again)
    assert ensemble_of(job) is ensemble_of(job)
    assert ensemble_of(job).configurations[0].folds == ("0", "1")


def test_a_cascade_with_a_name_in_a_folder_that_is_linked(make_model, tmp_path):
    """As where a home is a link to another disk."""
    folder, disk = cascade(make_model), tmp_path / "disk"
    (tmp_path / "home").symlink_to(disk)
    disk.mkdir()
    models_folder().mkdir(parents=True)
    for path in (folder, folder.with_name("nnUNetTrainer__nnUNetPlans__3d_lowres")):
        path.rename(models_folder() / path.name)
    trained = load_configuration(folder.name)
    assert trained.is_current
    assert found(ChosenFolds.of(trained).with_sha256()) == models_folder() / folder.name


@pytest.mark.parametrize("path", ["../../outside", "/tmp/outside", "model/../../../outside"])
def test_a_file_that_leads_elsewhere_is_not_written(path, tmp_path):
    with pytest.raises(ModelError, match=r"outside', which is refused"):
        receive_part(uuid4().hex, path, b"bytes")
    assert not list(tmp_path.rglob("outside"))


def test_a_transfer_lies_where_models_are_kept(tmp_path):
    receive_part("../../../outside", "model/plans.json", b"{}")
    assert (received_models() / ".outside" / "model" / "plans.json").is_file()
