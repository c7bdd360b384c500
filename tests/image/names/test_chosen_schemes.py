"""Schemes that a user chose for folders of label maps without names."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from napari_abdoseg.image.files.remembered import RememberedChoices
from napari_abdoseg.image.names import chosen_schemes
from napari_abdoseg.image.names.chosen_schemes import (
    named_as_chosen,
    remember_scheme,
    remembered_scheme,
)
from napari_abdoseg.image.names.published_schemes import find_scheme
from napari_abdoseg.image.nifti.volumes import read_labels
from napari_abdoseg.image.organ import Organ

KITS, AMOS = find_scheme("kits"), find_scheme("amos22")


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def label_map(tmp_path: Path):
    def write(name: str, *values: int) -> Path:
        data = np.zeros((4, 4, 4), np.uint8)
        data[0, 0, : len(values)] = values
        (tmp_path / name).parent.mkdir(exist_ok=True)
        nib.save(nib.Nifti1Image(data, np.eye(4)), tmp_path / name)
        return tmp_path / name

    return write


def test_name_the_label_maps_of_their_folder_from_then_on(label_map, tmp_path):
    remember_scheme(tmp_path / "a", KITS)
    remember_scheme(tmp_path / "b", AMOS)
    remember_scheme(tmp_path / "b", KITS)
    assert remembered_scheme(tmp_path / "b") is KITS
    assert remembered_scheme(tmp_path) is None
    labels = named_as_chosen(read_labels(label_map("a/x.nii", 1, 3)))
    assert labels.organs == KITS.organs
    assert "named as in KiTS, as was chosen for its folder" in labels.notices[0]


@pytest.mark.parametrize(("name", "values"), [("a/x.nii", (1, 4)), ("a/spleen.nii", (1,))])
def test_give_way_to_values_and_names_of_the_file(label_map, tmp_path, name, values):
    remember_scheme(tmp_path / "a", KITS)
    labels = read_labels(label_map(name, *values))
    assert named_as_chosen(labels) is labels


def test_that_can_not_be_read_are_none(tmp_path, label_map):
    remember_scheme(tmp_path, KITS)
    chosen_schemes.CHOICES.path.write_text("[")
    assert remembered_scheme(tmp_path) is None
    labels = named_as_chosen(read_labels(label_map("x.nii", 2)))
    assert labels.organs == (Organ(2, "label 2"),)


def test_of_long_ago_are_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(chosen_schemes, "CHOICES", RememberedChoices("schemes.json", most=2))
    for folder in "abc":
        remember_scheme(tmp_path / folder, KITS)
    found = [remembered_scheme(tmp_path / folder) for folder in "abc"]
    assert found == [None, KITS, KITS]
