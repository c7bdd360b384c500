"""Colours that label descriptions give, beside a label map or as a user names them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.names.stated_names import read_stated
from napari_abdoseg.image.nifti.volumes import read_labels, write_labels
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap

ITK_SNAP = """################################################
# ITK-SnAP Label Description File
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
################################################
    0     0    0    0        0  0  0    "Clear Label"
    1   255  127    0        1  1  1    "liver"
    3     0    0  128     0.50  1  0    "bile duct"
"""
SLICER = "# Color table\n0 Background 0 0 0 0\n1 liver 255 127 0 255\n3 bile_duct 0 0 128 255\n"
COLORS = {"liver": "#ff7f00", "bile duct": "#000080"}


@pytest.fixture
def labels() -> LabelMap:
    values = np.zeros((6, 7, 8), np.uint8)
    values[1:4, 1:4, 1:4], values[4:, 4:, 4:] = 1, 3
    return LabelMap(values, Grid.from_spacing((6, 7, 8), (2, 1, 1)), ())


@pytest.mark.parametrize(
    ("name", "text"), [("x.txt", ITK_SNAP), ("x.label", ITK_SNAP), ("x.ctbl", SLICER)]
)
def test_beside_a_label_map(tmp_path: Path, labels: LabelMap, name: str, text: str) -> None:
    write_labels(tmp_path / "x.nii.gz", labels)
    (tmp_path / name).write_text(text)
    organs = read_labels(tmp_path / "x.nii.gz").organs
    assert {organ.name: organ.color for organ in organs} == COLORS


def test_of_a_file_that_a_user_names(tmp_path: Path, labels: LabelMap) -> None:
    write_labels(tmp_path / "x.nii.gz", labels)
    (tmp_path / "snap.txt").write_text(ITK_SNAP)
    stated = read_stated(str(tmp_path / "snap.txt"))
    organs = read_labels(tmp_path / "x.nii.gz", stated).organs
    assert {organ.name: organ.color for organ in organs} == COLORS


def test_no_colour_is_above_255(tmp_path: Path, labels: LabelMap) -> None:
    write_labels(tmp_path / "x.nii.gz", labels)
    (tmp_path / "x.txt").write_text(ITK_SNAP.replace("128", "300"))
    organs = read_labels(tmp_path / "x.nii.gz").organs
    assert organs[0].given_color == "#ff7f00"
    assert organs[1].given_color is None


def test_they_travel_with_a_nifti_file(tmp_path: Path, labels: LabelMap) -> None:
    organs = (Organ(1, "liver", "#ff7f00"), Organ(3, "bile duct"))
    write_labels(tmp_path / "x.nii.gz", LabelMap(labels.data, labels.grid, organs))
    found = read_labels(tmp_path / "x.nii.gz").organs
    assert [organ.given_color for organ in found] == ["#ff7f00", None]
    assert found == organs
