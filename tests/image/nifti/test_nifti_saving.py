"""Saved files lie exactly where the scan lies, and a failed save harms nothing."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from numpy.typing import NDArray

from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.files.saving import replaced_file, write_text
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import (
    read_image,
    read_labels,
    read_volume,
    write_labels,
    write_volume,
)
from napari_abdoseg.image.organ import ABDOMINAL_ORGANS, Organ
from napari_abdoseg.image.volume import LabelMap, Volume

MakeNifti = Callable[..., Path]

GEOMETRY = [
    *("pixdim", "xyzt_units", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d"),
    *("qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z", "dim_info", "toffset"),
]


def labels_on(grid: Grid, greatest: int = 4, organs: tuple[Organ, ...] = ()) -> LabelMap:
    values = np.random.default_rng(1).integers(0, greatest + 1, grid.shape, dtype=np.uint16)
    values.flat[0] = greatest
    return LabelMap(values.astype(np.uint8 if greatest < 256 else np.uint16), grid, organs)


def header_of(path: Path) -> Any:
    """The header as it lies in the file, which nibabel's loading would mend."""
    image = nib.load(path)
    with image.file_map["image"].get_prepare_fileobj("rb") as file:
        return type(image.header)(file.read(image.header.sizeof_hdr), check=False)


@pytest.fixture
def grid() -> Grid:
    return Grid.from_spacing((6, 5, 4), (2.5, 0.9, 0.7), (10, -20, 30))


@pytest.fixture
def rotated(oblique: NDArray[Any]) -> Grid:
    return Grid((4, 5, 6), oblique)


SCANS: dict[str, dict[str, Any]] = {
    "sform only": {"codes": (0, 2)},
    "qform only": {"codes": (1, 0)},
    "both": {"codes": (1, 4)},
    "neither": {"codes": (0, 0)},
    "different places": {"codes": (1, 4), "qoffset_x": 7},
    "NIfTI-2": {"version": 2},
    "micrometres": {"units": "micron"},
    "metres": {"units": "meter"},
    "no unit": {"units": "unknown"},
    "big endian": {"endian": ">"},
    "big endian NIfTI-2": {"endian": ">", "version": 2},
    "4D": {"voxels": np.zeros((5, 4, 3, 2), np.int16), "toffset": 1.5},
    "scaled": {"scl_slope": 2, "scl_inter": -1024, "cal_min": -100, "cal_max": 300},
    "no sign of the third axis": {"codes": (0, 1), "pixdim": [0, 0.75, 0.8, 2.5, 9, 9, 9, 9]},
    "described": {"descrip": b"a CT", "dim_info": 57, "slice_code": 1},
}


@pytest.mark.parametrize("name", ["organs.nii.gz", "organs.nii"])
@pytest.mark.parametrize("kind", SCANS)
def test_saved_labels_have_the_geometry_of_the_scan_to_the_bit(
    make_nifti: MakeNifti, tmp_path: Path, oblique: NDArray[Any], kind: str, name: str
) -> None:
    scan = make_nifti(affine=oblique, **SCANS[kind])
    labels = labels_on(read_volume(scan).grid, organs=ABDOMINAL_ORGANS)
    target = tmp_path / name
    write_labels(target, labels)

    before, after = header_of(scan), header_of(target)
    assert type(after) is type(before)
    assert after.endianness == nib.volumeutils.native_code
    for field in GEOMETRY:
        native = before[field].astype(after[field].dtype)
        assert after[field].tobytes() == native.tobytes(), field
    saved = nib.load(target)
    np.testing.assert_array_equal(saved.affine, nib.load(scan).affine)
    np.testing.assert_array_equal(saved.dataobj, labels.grid.to_stored(labels.data))
    assert saved.get_data_dtype() == np.uint8
    assert saved.header.get_intent()[0] == "label"
    assert (after["scl_slope"], after["scl_inter"], after["cal_max"]) == (1, 0, 0)

    again = read_labels(target)
    np.testing.assert_array_equal(again.data, labels.data)
    np.testing.assert_array_equal(again.grid.affine, labels.grid.affine)
    assert again.organs == ABDOMINAL_ORGANS


@pytest.mark.parametrize("kind", ["both", "sform only", "qform only", "scaled", "big endian"])
def test_simpleitk_sees_the_same_place(
    make_nifti: MakeNifti, tmp_path: Path, oblique: NDArray[Any], kind: str
) -> None:
    sitk = pytest.importorskip("SimpleITK")
    scan = make_nifti(affine=oblique, **SCANS[kind])
    labels = labels_on(read_volume(scan).grid, organs=ABDOMINAL_ORGANS)
    target = tmp_path / "organs.nii.gz"
    write_labels(target, labels)
    expected, saved = sitk.ReadImage(scan), sitk.ReadImage(target)
    assert saved.GetSpacing() == expected.GetSpacing()
    assert saved.GetOrigin() == expected.GetOrigin()
    assert saved.GetDirection() == expected.GetDirection()
    stored = labels.grid.to_stored(labels.data)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(saved), stored.T)


@pytest.mark.parametrize("sizes", [(-0.75, -0.8, 2.5), (0, 0.8, 2.5), (np.nan, 0.8, 2.5)])
def test_sizes_that_can_not_be_become_those_that_are_read(
    make_nifti: MakeNifti, tmp_path: Path, oblique: NDArray[Any], sizes: tuple[float, ...]
) -> None:
    sitk = pytest.importorskip("SimpleITK")
    whole = read_volume(make_nifti(affine=oblique, name="whole.nii"))
    scan = make_nifti(affine=oblique, pixdim=[1, *sizes, 1, 1, 1, 1])
    volume = read_volume(scan)
    np.testing.assert_array_equal(volume.grid.affine, whole.grid.affine)
    write_labels(tmp_path / "organs.nii", labels_on(volume.grid))
    before, after = header_of(scan), header_of(tmp_path / "organs.nii")
    for field in GEOMETRY:
        if field != "pixdim":
            assert after[field].tobytes() == before[field].tobytes(), field
    np.testing.assert_allclose(after["pixdim"][1:4], np.abs((0.75, 0.8, 2.5)))
    expected, saved = (sitk.ReadImage(tmp_path / name) for name in ("whole.nii", "organs.nii"))
    np.testing.assert_allclose(saved.GetSpacing(), expected.GetSpacing())
    np.testing.assert_allclose(saved.GetOrigin(), expected.GetOrigin())
    np.testing.assert_allclose(saved.GetDirection(), expected.GetDirection())


def test_real_labels_survive(real_data: Path, tmp_path: Path) -> None:
    volume = read_volume(real_data / "abdomen_ct.nii.gz")
    truth = read_labels(real_data / "abdomen_labels.nii.gz", ABDOMINAL_ORGANS)
    write_labels(tmp_path / "organs.nii.gz", LabelMap(truth.data, volume.grid, truth.organs))
    saved = read_labels(tmp_path / "organs.nii.gz")
    np.testing.assert_array_equal(saved.data, truth.data)
    np.testing.assert_array_equal(saved.grid.affine, volume.grid.affine)
    before = header_of(real_data / "abdomen_ct.nii.gz")
    after = header_of(tmp_path / "organs.nii.gz")
    for field in GEOMETRY:
        assert after[field].tobytes() == before[field].tobytes(), field


def test_names_travel_with_the_file(grid: Grid, tmp_path: Path) -> None:
    organs = (Organ(3, "Gallenblase (groß)"), Organ(8, "colon"))
    write_labels(tmp_path / "x.nii.gz", labels_on(grid, 8, organs))
    saved = read_image(tmp_path / "x.nii.gz")
    assert isinstance(saved, LabelMap)
    assert set(organs) < set(saved.organs)
    assert Organ(1, "label 1") in saved.organs


def test_the_stamp_of_a_preview_travels_with_the_file_until_it_is_finished(
    grid: Grid, tmp_path: Path
) -> None:
    preview = replace(labels_on(grid), stamp="preview, 1 of 5 folds")
    write_labels(tmp_path / "preview.nii.gz", preview)
    saved = read_labels(tmp_path / "preview.nii.gz")
    assert header_of(tmp_path / "preview.nii.gz")["descrip"].item() == b"preview, 1 of 5 folds"
    assert saved.stamp == "preview, 1 of 5 folds"
    assert saved.notices == ("It is a preview, 1 of 5 folds.",)
    write_labels(tmp_path / "finished.nii", labels_on(saved.grid))
    finished = read_labels(tmp_path / "finished.nii")
    assert finished.stamp == ""
    assert finished.notices == ()


def test_labels_without_names(grid: Grid, tmp_path: Path) -> None:
    write_labels(tmp_path / "x.nii", labels_on(grid))
    assert (tmp_path / "x.nii").stat().st_size == 352 + 120
    named = read_labels(tmp_path / "x.nii").organs
    assert [organ.name for organ in named] == [f"label {organ.value}" for organ in named]


@pytest.mark.parametrize(("greatest", "dtype"), [(255, np.uint8), (256, np.uint16)])
def test_values_above_255_take_two_bytes(
    grid: Grid, tmp_path: Path, greatest: int, dtype: type
) -> None:
    labels = labels_on(grid, greatest)
    write_labels(tmp_path / "x.nii.gz", labels)
    assert nib.load(tmp_path / "x.nii.gz").get_data_dtype() == dtype
    np.testing.assert_array_equal(read_labels(tmp_path / "x.nii.gz").data, labels.data)


def test_the_same_labels_make_the_same_file(grid: Grid, tmp_path: Path) -> None:
    for name in ("a.nii.gz", "b.nii.gz"):
        write_labels(tmp_path / name, labels_on(grid, organs=ABDOMINAL_ORGANS))
    packed = (tmp_path / "a.nii.gz").read_bytes()
    assert packed == (tmp_path / "b.nii.gz").read_bytes()
    assert packed[4:8] == bytes(4), "a gzip file may hold the time it was made"


def test_the_old_file_is_never_half_written(grid: Grid, tmp_path: Path) -> None:
    target, old = tmp_path / "x.nii", tmp_path / "old.nii"
    write_labels(target, labels_on(grid, 1))
    old.hardlink_to(target)
    before = old.read_bytes()
    write_labels(target, labels_on(grid, 4))
    assert old.read_bytes() == before
    assert target.read_bytes() != before


def test_a_file_takes_its_name_when_all_of_it_is_on_the_disk(
    grid: Grid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, target, sync = {}, tmp_path / "x.nii.gz", os.fsync

    def fsync(file: int) -> None:
        sync(file)
        state = os.fstat(file)
        synced[state.st_ino] = state.st_size, target.exists()

    monkeypatch.setattr(os, "fsync", fsync)
    write_labels(target, labels_on(grid))
    state = target.stat()
    assert synced[state.st_ino] == (state.st_size, False)


@pytest.mark.parametrize("kind", ["LPS", "RAS", "PIR", "rotated", "sheared"])
def test_a_grid_made_in_memory(rotated: Grid, tmp_path: Path, kind: str) -> None:
    if kind == "rotated":
        grid = rotated
    elif kind == "sheared":
        sheared = np.diag([-1.0, -1, 2, 1])
        sheared[1, 2] = 0.5
        grid = Grid((4, 5, 6), sheared)
    else:
        grid = Grid.from_spacing((6, 5, 4), (2.5, 0.9, 0.7), (10, -20, 30), kind)
    write_labels(tmp_path / "x.nii.gz", labels_on(grid))
    saved = nib.load(tmp_path / "x.nii.gz")
    np.testing.assert_allclose(saved.affine, grid.affine, atol=1e-5)
    assert saved.header.get_xyzt_units() == ("mm", "unknown")
    assert saved.header["sform_code"] == 2
    assert saved.header["qform_code"] == (0 if kind == "sheared" else 2)
    assert read_labels(tmp_path / "x.nii.gz").grid.matches(grid)


@pytest.mark.parametrize("dtype", ["i2", "f4", "i4"])
def test_volumes_survive(rotated: Grid, tmp_path: Path, dtype: str) -> None:
    data = np.arange(-60, 60).reshape(rotated.shape).astype(dtype)
    write_volume(tmp_path / "ct.nii.gz", Volume(data, rotated))
    saved = read_image(tmp_path / "ct.nii.gz")
    assert isinstance(saved, Volume)
    assert saved.data.dtype == data.dtype
    np.testing.assert_array_equal(saved.data, data)


def test_a_saved_file_can_be_read_by_the_group(grid: Grid, tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_labels(tmp_path / "x.nii.gz", labels_on(grid))
    assert (tmp_path / "x.nii.gz").stat().st_mode == (tmp_path / "plain").stat().st_mode


class TestFailedSaves:
    @pytest.fixture
    def labels(self, grid: Grid) -> LabelMap:
        return labels_on(grid, organs=ABDOMINAL_ORGANS)

    @pytest.fixture
    def big_labels(self) -> LabelMap:
        return labels_on(Grid.from_spacing((64, 64, 64), (1, 1, 1)), 250)

    @pytest.mark.parametrize("name", ["organs.tif", "organs", "organs.gz", "nii"])
    def test_by_name(self, labels: LabelMap, tmp_path: Path, name: str) -> None:
        self.refused(tmp_path / name, labels, "name that ends with .nii.gz, .nii, ")

    def test_without_a_folder(self, labels: LabelMap, tmp_path: Path) -> None:
        self.refused(tmp_path / "nowhere" / "x.nii.gz", labels, "folder does not exist")

    def test_into_a_file(self, labels: LabelMap, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        self.refused(tmp_path / "file" / "x.nii.gz", labels, "folder does not exist")

    def test_onto_a_folder(self, labels: LabelMap, tmp_path: Path) -> None:
        (tmp_path / "x.nii.gz").mkdir()
        self.refused(tmp_path / "x.nii.gz", labels, "a folder has this name")
        assert list((tmp_path / "x.nii.gz").iterdir()) == []
        assert [path.name for path in tmp_path.iterdir()] == ["x.nii.gz"]

    @pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="there is no /proc here")
    def test_where_nobody_may_write(self, labels: LabelMap) -> None:
        with pytest.raises(SaveError, match="was not saved"):
            write_labels("/proc/x.nii.gz", labels)

    def test_into_a_folder_without_permission(self, labels: LabelMap, tmp_path: Path) -> None:
        folder = tmp_path / "locked"
        folder.mkdir(mode=0o500)
        if os.access(folder, os.W_OK):
            pytest.skip("this user may write anywhere")
        self.refused(folder / "x.nii.gz", labels, "nothing may be written there")

    @pytest.mark.parametrize("value", [-1, 0.5, 70000])
    def test_of_values_that_are_no_labels(self, grid: Grid, tmp_path: Path, value: float) -> None:
        data: Any = np.full(grid.shape, value)
        self.refused(tmp_path / "x.nii.gz", LabelMap(data, grid, ()), "the label map has")

    @pytest.mark.parametrize("name", ["x.nii.gz", "x.nii"])
    def test_on_a_full_disk(
        self, labels: LabelMap, big_labels: LabelMap, small_disk: Path, name: str
    ) -> None:
        target = small_disk / name
        write_labels(target, labels)
        old = target.read_bytes()
        self.refused(target, big_labels, "the disk is full")
        assert target.read_bytes() == old
        assert list(small_disk.iterdir()) == [target]

    @pytest.mark.skipif(sys.platform == "win32", reason="no limits on files here")
    @pytest.mark.parametrize("name", ["x.nii.gz", "x.nii"])
    def test_beyond_the_largest_file_allowed(
        self, labels: LabelMap, tmp_path: Path, name: str
    ) -> None:
        target = tmp_path / name
        write_labels(target, labels)
        old = target.read_bytes()
        script = f"""
import resource, signal
import numpy as np
from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.image.nifti.volumes import write_labels
from napari_abdoseg.image.volume import LabelMap
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
values = np.random.default_rng(1).integers(0, 250, (64, 64, 64), dtype=np.uint8)
labels = LabelMap(values, Grid.from_spacing((64, 64, 64), (1, 1, 1)), ())
try:
    write_labels({str(target)!r}, labels)
except SaveError as error:
    print(error)
"""
        run = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        )
        assert "the file is larger than this disk or account allows" in run.stdout
        assert target.read_bytes() == old
        assert list(tmp_path.iterdir()) == [target]

    def test_when_a_saved_file_reads_back_otherwise(self, grid: Grid, tmp_path: Path) -> None:
        volume = Volume(np.full(grid.shape, 1e-9) + 1 / 3, grid)
        with pytest.raises(SaveError, match="reads back otherwise than written"):
            write_volume(tmp_path / "x.nii.gz", volume)
        assert list(tmp_path.iterdir()) == []

    def test_when_a_saved_file_can_not_be_read(self, grid: Grid, tmp_path: Path) -> None:
        volume = Volume(np.full(grid.shape, np.nan, np.float32), grid)
        with pytest.raises(SaveError, match="can't be read back"):
            write_volume(tmp_path / "x.nii.gz", volume)
        assert list(tmp_path.iterdir()) == []

    @staticmethod
    def refused(path: Path, labels: LabelMap, message: str) -> None:
        with pytest.raises(SaveError, match=message) as caught:
            write_labels(path, labels)
        assert str(path) in str(caught.value)
        assert not [left for left in path.parent.glob(".*") if left.name.endswith(".part")]


class TestText:
    def test_is_written_as_it_is(self, tmp_path: Path) -> None:
        write_text(tmp_path / "organs.csv", "Größe\r\nml\n")
        assert (tmp_path / "organs.csv").read_bytes() == "Größe\r\nml\n".encode()

    def test_takes_the_place_of_old_text(self, tmp_path: Path) -> None:
        for text in ("old", "new"):
            write_text(tmp_path / "a.txt", text)
        assert (tmp_path / "a.txt").read_text() == "new"
        assert len(list(tmp_path.iterdir())) == 1

    def test_with_bytes_of_names_that_are_no_utf8(self, tmp_path: Path) -> None:
        write_text(tmp_path / "a.txt", "m\udcfcller")
        assert (tmp_path / "a.txt").read_text() == "m\\udcfcller"

    def test_a_fault_in_writing_leaves_the_old(self, tmp_path: Path) -> None:
        write_text(tmp_path / "a.txt", "old")
        with pytest.raises(TypeError), replaced_file(tmp_path / "a.txt") as temporary:
            temporary.write_text("half", encoding=5)
        assert (tmp_path / "a.txt").read_text() == "old"
        assert len(list(tmp_path.iterdir())) == 1

    def test_reasons_without_a_sentence_of_ours(self, tmp_path: Path) -> None:
        loop = tmp_path / "loop"
        loop.symlink_to(loop)
        with pytest.raises(SaveError, match=os.strerror(errno.ELOOP)):
            write_text(loop / "a.txt", "text")
