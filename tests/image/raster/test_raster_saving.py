"""Label maps go into the formats of other programs and come back as they were."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.files.saving import backup_of
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.label_place import place_of_labels
from napari_abdoseg.image.names.label_table import names_in_text
from napari_abdoseg.image.nifti.formats import saved_path
from napari_abdoseg.image.nifti.volumes import (
    read_labels,
    read_volume,
    write_labels,
    write_volume,
)
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.raster import saving
from napari_abdoseg.image.volume import LabelMap, Volume

NAMES = ["case 1.seg.nrrd", "case 1.nrrd", "case 1.mha"]
ORGANS = (
    Organ(1, "liver"),
    Organ(3, "große Galle", "#12ab34"),
    Organ(9, 'vein "of" C:\\new'),
)


@pytest.fixture(params=["along the axes", "oblique", "RAS", "sheared"])
def grid(request: pytest.FixtureRequest, oblique: NDArray[Any]) -> Grid:
    if request.param == "RAS":
        return Grid.from_spacing((6, 7, 8), (2.5, 0.1, 0.7), (0.1, -20.3, 30), "RAS")
    affine = np.diag([-0.7, -0.1, 2.5, 1]) if request.param == "along the axes" else oblique.copy()
    if request.param == "sheared":
        affine[:3, 2] += affine[:3, 1]
    return Grid((8, 7, 6), affine.astype(np.float32).astype(float))


@pytest.fixture
def labels(grid: Grid) -> LabelMap:
    values = np.zeros(grid.shape, np.uint8)
    values[1:4, 1:4, 1:4], values[4:, 4:, 4:], values[0, 0, :3] = 1, 3, 9
    values[5, 0, 0] = 12
    return LabelMap(values, grid, ORGANS)


def told(labels: LabelMap) -> list[tuple[int, str, str]]:
    return [(organ.value, organ.name.replace('"', "'"), organ.color) for organ in labels.organs]


class TestRoundTrips:
    @pytest.mark.parametrize("name", NAMES)
    def test_ours_to_theirs_to_ours(self, tmp_path: Path, labels: LabelMap, name: str) -> None:
        write_labels(tmp_path / "ours.nii.gz", labels)
        ours = read_labels(tmp_path / "ours.nii.gz")
        write_labels(tmp_path / name, ours)
        theirs = read_labels(tmp_path / name)
        write_labels(tmp_path / "back.nii.gz", theirs)
        back = read_labels(tmp_path / "back.nii.gz")
        for each in (theirs, back):
            assert np.array_equal(each.data, labels.data)
            assert each.data.dtype == labels.data.dtype
            assert each.grid.matches(ours.grid, 1e-9)
            assert told(each) == told(ours)
        assert back.grid.affine.tolist() == ours.grid.affine.tolist()
        assert told(ours)[1][2] == "#12ab34"
        assert told(ours)[3][1] == "label 12"

    @pytest.mark.parametrize("name", NAMES)
    def test_simpleitk_sees_the_same(self, tmp_path: Path, labels: LabelMap, name: str) -> None:
        write_labels(tmp_path / name, labels)
        if labels.grid.is_sheared and name.endswith(".mha"):
            pytest.skip("ITK has no place for axes that are not at right angles")
        image = sitk.ReadImage(str(tmp_path / name))
        assert np.array_equal(sitk.GetArrayFromImage(image).T, labels.grid.to_stored(labels.data))
        for index in ((0, 0, 0), (7, 0, 0), (0, 6, 0), (0, 0, 5)):
            r, a, s = (labels.grid.affine @ [*index, 1])[:3]
            assert image.TransformIndexToPhysicalPoint(index) == pytest.approx([-r, -a, s])

    @pytest.mark.parametrize("name", ["ct.nrrd", "ct.mha"])
    @pytest.mark.parametrize("dtype", [np.int16, np.float32, np.int64])
    def test_scans(self, tmp_path: Path, grid: Grid, name: str, dtype: Any) -> None:
        noise = np.random.default_rng(1).normal(0, 300, grid.shape).astype(dtype)
        write_volume(tmp_path / name, Volume(noise, grid))
        volume = read_volume(tmp_path / name)
        assert np.array_equal(volume.data, noise)
        assert volume.data.dtype == dtype
        assert volume.grid.matches(grid, 1e-9)

    @pytest.mark.parametrize("name", NAMES)
    def test_large_labels_a_preview_and_voxels_nobody_labelled(
        self, tmp_path: Path, name: str
    ) -> None:
        values = np.zeros((6, 7, 8), np.uint16)
        values[1:4], values[4:, 4:] = 300, 2
        grid = Grid.from_spacing((6, 7, 8), (2, 1, 1))
        labels = LabelMap(values, grid, (Organ(300, "duct"),), stamp="preview, 1 of 5 folds")
        write_labels(tmp_path / name, replace(labels, ignored=2))
        back = read_labels(tmp_path / name)
        assert (back.ignored, back.stamp) == (2, "preview, 1 of 5 folds")
        assert back.organs == labels.organs
        assert np.array_equal(back.data, values)

    @pytest.mark.parametrize("name", NAMES)
    def test_without_any_label(self, tmp_path: Path, labels: LabelMap, name: str) -> None:
        empty = LabelMap(np.zeros_like(labels.data), labels.grid, ORGANS)
        write_labels(tmp_path / name, empty)
        assert [organ.value for organ in read_labels(tmp_path / name).organs] == [1, 3, 9]


class TestFiles:
    def test_what_slicer_is_told(self, tmp_path: Path) -> None:
        values = np.zeros((6, 7, 8), np.uint8)
        values[1:4, 1:4, 1:4], values[4:, 4:, 4:] = 1, 3
        labels = LabelMap(values, Grid.from_spacing((6, 7, 8), (2.5, 0.7, 0.7)), ORGANS[:2])
        write_labels(tmp_path / "x.seg.nrrd", labels)
        header = (tmp_path / "x.seg.nrrd").read_bytes().partition(b"\n\n")[0].decode()
        for line in (
            *("type: unsigned char", "dimension: 3", "space: left-posterior-superior"),
            *("sizes: 8 7 6", "space directions: (0.7,0.0,0.0) (0.0,0.7,0.0) (0.0,0.0,2.5)"),
            *("kinds: domain domain domain", "encoding: gzip", "space origin: (0.0,0.0,0.0)"),
            *("Segment0_ID:=Segment_1", "Segment0_Name:=liver", "Segment0_LabelValue:=1"),
            *("Segment0_Color:=0.866667 0.419608 0.333333", "Segment0_Layer:=0"),
            *("Segment1_Name:=große Galle", "Segment1_LabelValue:=3"),
            *("Segment1_Extent:=0 7 0 6 0 5", "Segmentation_MasterRepresentation:=Binary labelmap"),
            "Segmentation_ReferenceImageExtentOffset:=0 0 0",
        ):
            assert line in header.splitlines()

    def test_what_mitk_is_told(self, tmp_path: Path, labels: LabelMap) -> None:
        write_labels(tmp_path / "x.nrrd", labels)
        image = sitk.ReadImage(str(tmp_path / "x.nrrd"))
        assert image.GetMetaData("modality") == "org.mitk.multilabel.segmentation"
        told = image.GetMetaData("org.mitk.multilabel.segmentation.labelgroups")
        (group,) = json.loads(told)
        assert [label["name"] for label in group["labels"]] == [
            *("liver", "große Galle", 'vein "of" C:\\new', "label 12")
        ]
        assert group["labels"][1]["color"]["value"] == pytest.approx(
            [18 / 255, 171 / 255, 52 / 255]
        )

    def test_names_beside_a_meta_image(self, tmp_path: Path, labels: LabelMap) -> None:
        write_labels(tmp_path / "x.mha", labels)
        names = names_in_text((tmp_path / "x.label").read_text(encoding="utf-8"))
        assert names == {1: "liver", 3: "große Galle", 9: "vein 'of' C:\\new"}

    def test_names_beside_a_meta_image_are_of_no_other_label_map(
        self, tmp_path: Path, labels: LabelMap
    ) -> None:
        write_labels(tmp_path / "x.mha", labels)
        write_labels(tmp_path / "y.nii.gz", replace(labels, organs=()))
        write_labels(tmp_path / "z.mha", replace(labels, organs=()))
        assert told(read_labels(tmp_path / "x.mha"))[0][1] == "liver"
        assert told(read_labels(tmp_path / "y.nii.gz"))[0][1] == "label 1"
        assert not (tmp_path / "z.label").exists()

    def test_a_description_that_is_there_is_kept_up(self, tmp_path: Path, labels: LabelMap) -> None:
        before = '  1 0 0 0 1 1 1 "old"\n 77 1 2 3 1 1 1 "other"\n'
        (tmp_path / "x.txt").write_text(before)
        write_labels(tmp_path / "x.nii.gz", labels)
        names = names_in_text((tmp_path / "x.txt").read_text(encoding="utf-8"))
        assert (names[1], names[77]) == ("liver", "other")
        assert backup_of(tmp_path / "x.txt").read_text() == before
        assert not (tmp_path / "x.label").exists()

    @pytest.mark.parametrize("text", ["notes on this case\n", "", "\udcff"])
    def test_other_texts_are_left_alone(self, tmp_path: Path, labels: LabelMap, text: str) -> None:
        content = text.encode(errors="surrogateescape")
        (tmp_path / "x.txt").write_bytes(content)
        write_labels(tmp_path / "x.mha", labels)
        assert (tmp_path / "x.txt").read_bytes() == content
        assert (tmp_path / "x.label").exists()

    @pytest.mark.parametrize("name", NAMES)
    def test_what_is_replaced_is_kept(self, tmp_path: Path, labels: LabelMap, name: str) -> None:
        path = tmp_path / name
        write_labels(path, labels, backup=backup_of(path))
        first = path.read_bytes()
        assert not backup_of(path).exists()
        write_labels(path, replace(labels, organs=ORGANS[:1]), backup=backup_of(path))
        assert backup_of(path).read_bytes() == first

    @pytest.mark.parametrize("name", NAMES)
    def test_a_disk_that_changes_bytes(
        self, tmp_path: Path, labels: LabelMap, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / name
        path.write_bytes(b"what was there")
        monkeypatch.setattr(saving, "_bytes", lambda stored: bytes(stored.nbytes))
        with pytest.raises(SaveError, match="reads back otherwise than written"):
            write_labels(path, labels)
        monkeypatch.setattr(saving, "_bytes", lambda stored: bytes(7))
        with pytest.raises(SaveError, match="can't be read back"):
            write_labels(path, labels)
        assert path.read_bytes() == b"what was there"
        assert list(tmp_path.iterdir()) == [path]

    @pytest.mark.parametrize("name", ["x.mhd", "x.nhdr", "x.tif"])
    def test_names_that_nothing_is_saved_by(
        self, tmp_path: Path, labels: LabelMap, name: str
    ) -> None:
        with pytest.raises(SaveError, match=r"ends with \.nii\.gz, .*\.nrrd or \.mha"):
            write_labels(tmp_path / name, labels)
        assert not list(tmp_path.iterdir())

    def test_a_place_in_the_format_that_was_opened(self) -> None:
        assert place_of_labels(Path("a/x.seg.nrrd"), None) == Path("a/x.seg.nrrd")
        assert place_of_labels(Path("a/x.mhd"), None) == Path("a/x.mha")
        assert place_of_labels(None, Path("ct.nrrd")) == Path("ct_organs.nii.gz")
        assert saved_path(Path("x"), ".seg.nrrd") == Path("x.seg.nrrd")
