"""Folders of folds and their curves."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from training_logs import DATASET, EPOCH_SECONDS, copied_model, log_of, made_curves, model_name

from napari_abdoseg.image.organ import ABDOMINAL_ORGANS
from napari_abdoseg.training.watching.curves import Stage, moving_average
from napari_abdoseg.training.watching.fold_folder import (
    find_folds,
    log_files,
    named_organs,
    read_fold,
)
from napari_abdoseg.training.watching.words import model_words

TINY = DATASET / model_name("tiny")
BEST = re.compile(r"Epoch (\d+) |New best EMA pseudo Dice: (\S+)")


def test_curves_of_a_fold():
    curves = read_fold(TINY / "fold_0")
    assert (curves.name, curves.model, curves.planned) == ("fold 0", TINY, 30)
    assert curves.organs == ABDOMINAL_ORGANS
    assert curves.dice.shape == curves.dice_ema.shape == (30, 4)
    for values in (curves.numbers, curves.train_loss, curves.val_loss, curves.learning_rate):
        assert values.shape == (30,)
    assert curves.seconds_left is None


@pytest.mark.parametrize("fold", ["fold_0", "fold_1"])
def test_the_moving_average_is_that_of_nnunet(fold):
    curves = read_fold(TINY / fold)
    ours = curves.mean_dice_ema
    best: dict[int, float] = {}
    for log in log_files(TINY / fold):
        number = -1
        for epoch, value in BEST.findall(log.read_text()):
            if epoch:
                number = int(epoch)
            else:
                best[number] = float(value)
    assert len(best) > 10
    for number, value in best.items():
        if fold == "fold_0" or number < 10:
            assert ours[number] == pytest.approx(value, abs=2e-4)


def test_an_organ_that_is_absent_leaves_averages_as_they_are():
    values = np.array([[np.nan, 1.0], [0.5, np.nan], [1.0, 0.0]])
    np.testing.assert_allclose(moving_average(values), [[np.nan, 1], [0.5, 1], [0.55, 0.9]])


def test_time_left_comes_from_the_last_epochs():
    assert made_curves([1.0] * 4, planned=10).seconds_left == 6 * EPOCH_SECONDS
    assert made_curves([1.0] * 4).seconds_left is None
    assert made_curves([], planned=10).seconds_left is None
    assert made_curves([1.0] * 4, planned=4, stage=Stage.VALIDATING).seconds_left is None
    assert made_curves([1.0] * 4, planned=3).seconds_left == 0


@pytest.mark.parametrize(
    "levels", ["", "Dataset001_Phantoms", "results/Dataset001_Phantoms", "a/results/Dataset001"]
)
def test_folds_are_found_from_any_level(tmp_path, levels):
    model = tmp_path / levels / "Trainer__Plans__3d_fullres"
    shutil.copytree(TINY, model)
    expected = [model / f"fold_{fold}" for fold in range(3)]
    (model / "fold_3").mkdir()
    assert find_folds(tmp_path) == expected
    assert find_folds(model) == expected
    assert find_folds(model / "fold_1") == [model / "fold_1"]


def test_models_are_told_apart_by_what_differs():
    one, other, third = (Path(f"D1/T__P__{kind}") for kind in ("2d", "3d_fullres", "3d_lowres"))
    assert model_words([one, other]) == {one: "2d", other: "3d_fullres"}
    another = Path("D2/T__P__2d")
    assert model_words([one, third, another])[another] == "D2 · 2d"
    assert model_words([one]) == {one: "D1 · T · P · 2d"}
    same = Path("elsewhere/D1/T__P__2d")
    assert model_words([one, same])[same] == "elsewhere/D1/T__P__2d"
    assert model_words([]) == {}


def test_a_folder_without_training(tmp_path):
    assert find_folds(tmp_path) == find_folds(tmp_path / "nothing") == []


def test_logs_are_in_the_order_of_their_time(tmp_path):
    names = [
        "training_log_2025_9_30_23_59_59.txt",
        "training_log_2025_10_1_00_00_01.txt",
        "training_log_2025_10_12_03_04_05.txt",
        "training_log_2026_1_1_00_00_00.txt",
    ]
    for name in reversed(names):
        (tmp_path / name).touch()
    assert [log.name for log in log_files(tmp_path)] == names


def test_names_of_labels_and_regions_are_in_the_order_of_nnunet():
    labels = {"ignore": 4, "spleen": 3, "liver": 1, "background": 0, "kidney": [2]}
    assert [organ.name for organ in named_organs(labels)] == ["liver", "kidney", "spleen"]
    regions = {"background": 0, "torso": [1, 2, 3], "spleen": [3], "liver": 1, "ignore": 4}
    assert [organ.name for organ in named_organs(regions)] == ["torso", "spleen", "liver"]


def test_organs_without_names_are_numbered(tmp_path):
    model = copied_model("tiny", tmp_path)
    (model / "dataset.json").write_text('{"labels": {"background": 0, "tumour": 1}}')
    names = [organ.name for organ in read_fold(model / "fold_0").organs]
    assert names == ["label 1", "label 2", "label 3", "label 4"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"num_epochs": "None"}'])
def test_files_beside_the_log_may_be_missing_or_half_written(tmp_path, content):
    model = copied_model("tiny", tmp_path)
    (model / "fold_0" / "debug.json").write_text(content)
    (model / "dataset.json").unlink()
    curves = read_fold(model / "fold_0")
    assert curves.planned is None
    assert len(curves.epochs) == 30


def test_a_training_without_epochs_has_names(tmp_path):
    model = copied_model("tiny", tmp_path)
    log = log_of(model / "fold_0")
    log.write_text(log.read_text().split("Epoch 0")[0])
    curves = read_fold(model / "fold_0")
    assert curves.stage is Stage.STARTING
    assert curves.organs == ABDOMINAL_ORGANS
    assert curves.dice.shape == (0, 4)
    assert len(curves.mean_dice_ema) == 0


def test_a_training_continued_with_other_organs_shows_the_last(tmp_path):
    model = copied_model("tiny", tmp_path)
    first = min((model / "fold_1").glob("*.txt"))
    first.write_text(first.read_text().replace("Pseudo dice [", "Pseudo dice [np.float32(0.5), "))
    assert [epoch.number for epoch in read_fold(model / "fold_1").epochs] == list(range(10, 30))
