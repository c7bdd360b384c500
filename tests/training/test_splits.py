"""Folds that a data set brings."""

from __future__ import annotations

import json
import shutil

import pytest
from raw_datasets import write_raw_dataset
from training_places import Place

from napari_abdoseg.errors import DatasetError, TrainingError
from napari_abdoseg.training.checking.file_problems import file_problems
from napari_abdoseg.training.conversion.patient_splits import write_splits
from napari_abdoseg.training.nnunet.trainer import build_trainer
from napari_abdoseg.training.splits import read_splits, take_over_splits
from napari_abdoseg.training.trainable import digest_of, read_trainable

SPLITS = [{"train": ["p_000"], "val": ["p_001"]}, {"train": ["p_001"], "val": ["p_000"]}]


@pytest.fixture
def folder(tmp_path):
    return write_raw_dataset(tmp_path / "Dataset012_Two", cases=2, tests=0)


def test_a_data_set_need_not_bring_folds(folder):
    assert read_splits(read_trainable(folder)) is None


def test_other_folds_are_other_data(folder):
    before = digest_of(read_trainable(folder))
    (folder / "splits_final.json").write_text(json.dumps(SPLITS))
    dataset = read_trainable(folder)
    assert read_splits(dataset) == SPLITS
    assert not list(file_problems(dataset))
    assert digest_of(dataset) != before


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("[{", "is no list of folds"),
        (7, "is no list of folds"),
        ([{"train": ["p_000"]}], "is no list of folds"),
        ([{"train": ["p_000"], "val": []}], "is no list of folds"),
        ([{"train": ["p_000", "p_001"], "val": ["p_001"]}], "is no list of folds"),
        ([{"train": ["p_000"], "val": ["p_001", "p_009"]}], "names p_009, which Dataset012_Two"),
        ([{"train": ["p_000"], "val": ["p_000"]}], "is no list of folds"),
    ],
)
def test_folds_that_do_not_fit_are_told(folder, content, fault):
    text = content if isinstance(content, str) else json.dumps(content)
    dataset = read_trainable(folder)
    (folder / "splits_final.json").write_text(text)
    with pytest.raises(DatasetError, match=fault):
        read_trainable(folder)
    (problem,) = file_problems(dataset)
    assert problem.ruins
    assert fault in problem.message


def test_a_case_in_no_fold_is_told(tmp_path):
    folder = write_raw_dataset(tmp_path / "Dataset012_Three", cases=3, tests=0)
    (folder / "splits_final.json").write_text(json.dumps(SPLITS))
    with pytest.raises(DatasetError, match=r"has p_002 in no fold: convert the data set anew"):
        read_trainable(folder)


def test_only_folds_of_other_cases_are_written_anew(tmp_path):
    path, own = tmp_path / "splits_final.json", [{"train": ["a_1", "b_1"], "val": ["a_2"]}]
    patients = {"a_1": "a", "a_2": "a", "b_1": "b"}
    path.write_text(json.dumps(own))
    write_splits(tmp_path, patients)
    assert json.loads(path.read_text()) == own
    for stale in (json.dumps(own), "[{", "[3]"):
        path.write_text(stale)
        write_splits(tmp_path, patients | {"c_1": "c"})
        assert len(json.loads(path.read_text())) == 3
    write_splits(tmp_path, {"a_1": "a", "b_1": "b"})
    assert not path.exists()


def test_nnunet_trains_on_them(nnunet, tmp_path):
    raw = shutil.copytree(nnunet.raw, tmp_path / "raw" / nnunet.raw.name)
    write_splits(raw, {f"p_{case:03}": f"patient {case % 3}" for case in range(5)})
    place = Place(raw, nnunet.work)
    run = place.run(folds=(0, 1, 2))
    take_over_splits(run)
    settings = run.settings
    for fold, split in enumerate(read_splits(run.folders.dataset)):
        trainer = build_trainer(
            run.folders.preprocessed, settings.plans, "3d_fullres", fold, settings.trainer, "cpu"
        )
        trainer.initialize()
        assert trainer.do_split() == (split["train"], split["val"])
    with pytest.raises(TrainingError, match=r"has 3 folds, and fold 4 .* --folds 0,1,2"):
        take_over_splits(place.run())
