"""Model folders are checked the moment they are chosen."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ
from napari_abdoseg.inference.model.known_models import known_models
from napari_abdoseg.inference.model.model_folder import read_model


def edit(path, **changes):
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, **changes}))


def test_the_demo_says_what_it_is():
    demo = read_model("demo")
    assert "demo" in known_models()
    assert demo.organs == ABDOMINAL_ORGANS
    assert demo.channels == ("CT",)
    assert demo.folds == ("0", "1", "2", "3", "4")
    assert "No good for patients" in demo.description


def test_the_demo_is_small():
    files = [path for path in read_model("demo").folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 15_000_000


def test_reading_loads_neither_torch_nor_nnunet():
    code = (
        "import sys; from napari_abdoseg.inference.model.model_folder import read_model;"
        "read_model('demo');"
        "sys.exit(bool({'torch', 'nnunetv2', 'napari', 'qtpy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_folds_are_chosen_by_number(make_model):
    model = read_model(make_model(folds=(0, 3)))
    assert model.choose_folds(None) == ("0", "3")
    assert model.choose_folds([3, "3"]) == ("3",)
    with pytest.raises(ModelError, match=r"no checkpoint of fold 2: choose among 0, 3"):
        model.choose_folds([0, 2])
    with pytest.raises(ModelError, match="choose among"):
        model.choose_folds([])


def test_the_hash_depends_on_the_folds_used(make_model):
    model = read_model(make_model())
    assert model.sha256(["0"]) == model.sha256(["0"])
    assert len({model.sha256(["0"]), model.sha256(["1"]), model.sha256(["0", "1"])}) == 3


def test_regions_take_their_values_from_the_class_order(make_model):
    folder = make_model()
    edit(
        folder / "dataset.json",
        labels={"background": 0, "whole": [1, 2], "core": [2], "ignore": 3},
        regions_class_order=[1, 2],
    )
    assert read_model(folder).organs == (Organ(1, "whole"), Organ(2, "core"))


def test_an_unknown_name_is_a_clear_error():
    with pytest.raises(ModelError, match=r"no model 'damo': give a name \(demo\)"):
        read_model("damo")


@pytest.mark.parametrize("name", ["dataset.json", "plans.json"])
def test_a_missing_file_is_named(make_model, name):
    folder = make_model()
    (folder / name).unlink()
    with pytest.raises(ModelError, match=rf"has no {name}"):
        read_model(folder)


def test_the_folder_above_a_model_hints_at_it(make_model):
    folder = make_model()
    with pytest.raises(ModelError, match=rf"such as {folder}"):
        read_model(folder.parent)


def test_broken_json_is_a_clear_error(make_model):
    folder = make_model()
    (folder / "plans.json").write_text('{"configurations": ')
    with pytest.raises(ModelError, match=r"plans\.json can't be read as JSON"):
        read_model(folder)


def test_json_of_something_else_is_a_clear_error(make_model):
    folder = make_model()
    (folder / "dataset.json").write_text("{}")
    with pytest.raises(ModelError, match="has no labels; copy"):
        read_model(folder)


def test_a_missing_fold_is_in_the_way_of_all_folds_but_not_of_others(make_model):
    folder = make_model()
    (folder / "fold_1" / "checkpoint_final.pth").unlink()
    model = read_model(folder)
    with pytest.raises(ModelError, match=r"no checkpoint_final\.pth in fold_1.* the folds 0 alone"):
        model.choose_folds()
    with pytest.raises(ModelError, match="no checkpoint of fold 1: choose among 0"):
        model.choose_folds([1])
    assert model.choose_folds([0]) == ("0",)
    (folder / "fold_0" / "checkpoint_final.pth").unlink()
    with pytest.raises(ModelError, match=r"no checkpoint_final\.pth in fold_0"):
        read_model(folder)


def test_the_best_weights_are_taken_where_only_those_were_kept(make_model):
    folder = make_model((0,))
    fold = folder / "fold_0"
    final = fold / "checkpoint_final.pth"
    model, best = read_model(folder), fold / "checkpoint_best_panorama.pth"
    shutil.copy(final, best)
    assert model.checkpoint("0") == final
    final.unlink()
    assert model.checkpoint("0") == best
    (fold / "checkpoint_latest.pth").touch()
    assert model.checkpoint("0") == final, "its training goes on"
    (fold / "checkpoint_latest.pth").unlink()
    shutil.copy(best, fold / "checkpoint_best.pth")
    assert model.checkpoint("0") == final, "which of two best ones?"


def test_folders_that_only_begin_like_folds_are_none(make_model):
    folder = make_model((0,))
    shutil.copytree(folder / "fold_0", folder / "fold_0 (copy)")
    shutil.copytree(folder / "fold_0", folder / "fold_all")
    assert read_model(folder).folds == ("0", "all")


def test_no_fold_at_all_is_a_clear_error(make_model):
    with pytest.raises(ModelError, match="in any folder fold_0"):
        read_model(make_model(folds=()))


def test_more_than_one_channel_is_a_clear_error(make_model):
    folder = make_model()
    edit(folder / "dataset.json", channel_names={"0": "CT", "1": "PET"})
    with pytest.raises(ModelError, match=r"takes 2 input channels \(CT, PET\)"):
        read_model(folder)


def test_no_channel_is_a_clear_error(make_model):
    folder = make_model()
    edit(folder / "dataset.json", channel_names={})
    with pytest.raises(ModelError, match="names no input channel"):
        read_model(folder)
