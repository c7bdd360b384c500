"""Names that nnU-Net takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_abdoseg.errors import AbdosegError
from napari_abdoseg.training.conversion.naming import dataset_folder, split_channel, visible_images


def test_a_bare_name_lies_in_nnunets_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("nnUNet_raw", raising=False)
    name = Path("Dataset018_Abdomen")
    assert dataset_folder(name) == name
    monkeypatch.setenv("nnUNet_raw", str(tmp_path))
    assert dataset_folder(name) == tmp_path / name
    assert dataset_folder(Path("here") / name) == Path("here") / name


@pytest.mark.parametrize("name", ["Abdomen", "Dataset18_Abdomen", "Dataset018"])
def test_another_name_is_told(name, tmp_path):
    with pytest.raises(AbdosegError, match="is no name of a data set for nnU-Net"):
        dataset_folder(tmp_path / name)


def test_a_number_has_one_data_set(tmp_path):
    (tmp_path / "Dataset018_Other").mkdir()
    with pytest.raises(AbdosegError, match=r"The number 018 is taken by .*Dataset018_Other"):
        dataset_folder(tmp_path / "Dataset018_Abdomen")
    assert dataset_folder(tmp_path / "Dataset018_Other").exists()


def test_channels_and_hidden_files(tmp_path):
    assert split_channel("FLARE22_Tr_0001_0000") == ("FLARE22_Tr_0001", 0)
    assert split_channel("Case_00001") == ("Case_00001", None)
    assert split_channel("a\nb_0000") == ("a\nb", 0)
    for name in ("b.nii", "a.nii.gz", "._a.nii.gz", "_a.nii.gz", "a.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in visible_images(tmp_path)] == ["a.nii.gz", "b.nii"]
    assert visible_images(tmp_path / "none") == []
