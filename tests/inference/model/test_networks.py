"""The fold that can learn is of the model that made a label map, file for file."""

from __future__ import annotations

import shutil

import pytest

from napari_abdoseg.errors import CorrectionError, ModelError
from napari_abdoseg.inference.model.model_folder import read_model
from napari_abdoseg.inference.model.networks import Networks, loading_first_fold
from napari_abdoseg.progress import drain


@pytest.fixture
def folder(make_model):
    return make_model((0, 1, 2))


def loaded(networks, *others):
    (trained,) = drain(loading_first_fold(networks, others, "cpu")).configurations
    return trained.model.folder, trained.folds


@pytest.mark.parametrize(
    ("folds", "worked", "first"),
    [([], "012", "0"), ([1, 2], "12", "1"), (["2", "0"], "2", "2"), ([], "01", "0")],
)
def test_it_is_the_first_of_the_folds_that_have_worked(folder, folds, worked, first):
    sha256 = read_model(folder).sha256(tuple(worked))
    networks = Networks.told({"name": str(folder), "folds": folds}, sha256)
    assert loaded(networks) == (folder, (first,))
    nowhere = Networks.told({"name": "moved", "folds": folds}, sha256)
    assert loaded(nowhere, "none", str(folder)) == (folder, (first,))


def test_another_model_and_none_are_told(folder):
    sha256 = read_model(folder).sha256(("0", "1", "2"))
    for networks, words in (
        (Networks(), "isn't known which model"),
        (Networks.told(None, None), "isn't known which model"),
        (Networks.told({"name": 3, "folds": "012"}, 7), "isn't known which model"),
        (Networks("elsewhere", sha256=sha256), "model elsewhere that made .* not installed here"),
        (Networks(sha256=sha256), "The model that made .* not installed here"),
        (Networks(str(folder), ("7",), sha256=sha256), "not installed here"),
        (Networks(str(folder), ("1",), sha256=sha256), "is another one here"),
    ):
        with pytest.raises(CorrectionError, match=words):
            loaded(networks)
    damaged = folder / "fold_0" / "checkpoint_final.pth"
    damaged.write_bytes(b"no weights")
    with pytest.raises(ModelError, match="checkpoint_final"):
        loaded(Networks(str(folder), sha256=read_model(folder).sha256(("0", "1", "2"))))
    shutil.rmtree(folder)
    with pytest.raises(CorrectionError, match="not installed here"):
        loaded(Networks(str(folder), sha256=sha256))
