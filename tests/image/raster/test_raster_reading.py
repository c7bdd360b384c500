"""NRRD and MetaImage files, written by SimpleITK and by hand, are read where they lie."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from napari_abdoseg.batch.finding import find_cases
from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.files import stored_bytes
from napari_abdoseg.image.files.file_names import ENDINGS, stem
from napari_abdoseg.image.nifti.formats import FORMATS, load_grid
from napari_abdoseg.image.nifti.volumes import (
    case_name,
    holds_labels,
    read_image,
    read_labels,
    read_volume,
)

NAMES = ["ct.nrrd", "ct.nhdr", "ct.mha", "ct.mhd"]
TYPES = [f"{kind}{size}" for kind in ("int", "uint") for size in (8, 16, 32, 64)] + [
    *("float32", "float64")
]
TURNS = {
    "LPS": np.eye(3),
    "RAS": np.diag([-1.0, -1, 1]),
    "coronal": np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]]),
    "oblique": nib.eulerangles.euler2mat(0.1, 0.2, 0.05),
}

NRRD = """NRRD0004
type: short
dimension: 3
space: left-posterior-superior
sizes: 4 3 2
space directions: (1,0,0) (0,2,0) (0,0,3)
kinds: domain domain domain
endian: little
encoding: raw
space origin: (5,6,7)
"""
META = """ObjectType = Image
NDims = 3
BinaryData = True
BinaryDataByteOrderMSB = False
CompressedData = False
TransformMatrix = 1 0 0 0 1 0 0 0 1
Offset = 5 6 7
ElementSpacing = 1 2 3
DimSize = 4 3 2
ElementType = MET_SHORT
ElementDataFile = LOCAL
"""
VOXELS = np.arange(-5, 19, dtype="<i2")


def make_image(dtype: Any = np.int16, turn: NDArray[Any] | None = None) -> Any:
    noise = np.random.default_rng(1).normal(0, 300, (7, 6, 5))
    image = sitk.GetImageFromArray(noise.astype(np.int16).astype(dtype))
    image.SetSpacing((0.7, 0.8, 2.5))
    image.SetOrigin((-30.5, 20.25, 700.125))
    image.SetDirection((np.eye(3) if turn is None else turn).ravel().tolist())
    return image


def write(path: Path, header: str, voxels: bytes = VOXELS.tobytes()) -> Path:
    end = b"\n" if path.suffix in (".nrrd", ".nhdr") else b""
    path.write_bytes(header.encode() + end + voxels)
    return path


def by_hand(folder: Path, ending: str, *changes: tuple[str, str]) -> Path:
    """A file of 24 voxels, with some of its header changed."""
    header = NRRD if ending == ".nrrd" else META
    for old, new in changes:
        assert old in header
        header = header.replace(old, new)
    return write(folder / f"scan{ending}", header)


class TestGeometry:
    @pytest.mark.parametrize("packed", [False, True])
    @pytest.mark.parametrize("turn", TURNS)
    @pytest.mark.parametrize("name", NAMES)
    def test_voxels_lie_where_nibabel_sees_those_of_the_same_image_as_nifti(
        self, tmp_path: Path, name: str, turn: str, packed: bool
    ) -> None:
        image = make_image(turn=TURNS[turn])
        sitk.WriteImage(image, str(tmp_path / name), packed)
        sitk.WriteImage(image, str(tmp_path / "same.nii"))
        same: Any = nib.load(tmp_path / "same.nii")
        volume = read_volume(tmp_path / name)
        assert np.allclose(volume.grid.affine, same.affine, atol=1e-4)
        assert volume.grid.affine[:3, 3] == pytest.approx([30.5, -20.25, 700.125], abs=1e-9)
        assert np.array_equal(volume.grid.to_stored(volume.data), np.asarray(same.dataobj))
        assert np.array_equal(volume.data, read_volume(tmp_path / "same.nii").data)
        assert volume.grid.spacing == read_volume(tmp_path / "same.nii").grid.spacing
        assert load_grid(tmp_path / name).matches(volume.grid, 0)
        assert any("oblique" in notice for notice in volume.notices) == (turn == "oblique")

    @pytest.mark.parametrize(
        ("space", "first"),
        [("RAS", [5, 6, 7]), ("left-anterior-superior", [-5, 6, 7]), ("LPS", [-5, -6, 7])],
    )
    def test_a_space_that_nrrd_names(self, tmp_path: Path, space: str, first: list[int]) -> None:
        path = by_hand(tmp_path, ".nrrd", ("left-posterior-superior", space))
        assert read_volume(path).grid.affine[:3, 3].tolist() == first
        itk = sitk.ReadImage(str(path)).GetOrigin()
        assert [-itk[0], -itk[1], itk[2]] == first

    @pytest.mark.parametrize(
        "change",
        [
            ("space: left-posterior-superior", "space dimension: 3"),
            (
                "space directions: (1,0,0) (0,2,0) (0,0,3)\n"
                "kinds: domain domain domain\nendian: little\nencoding: raw\n"
                "space origin: (5,6,7)\n",
                "spacings: 1 2 3\nendian: little\nencoding: raw\n",
            ),
        ],
    )
    def test_nrrd_without_an_orientation_says_so(
        self, tmp_path: Path, change: tuple[str, str]
    ) -> None:
        path = by_hand(tmp_path, ".nrrd", change)
        if "spacings" in change[1]:
            path.write_bytes(path.read_bytes().replace(b"space: left-posterior-superior\n", b""))
        volume = read_volume(path)
        assert volume.grid.stored_spacing == (1, 2, 3)
        assert any("left and right may be swapped" in notice for notice in volume.notices)

    def test_meta_image_without_an_orientation_says_so(self, tmp_path: Path) -> None:
        path = by_hand(tmp_path, ".mha", ("TransformMatrix = 1 0 0 0 1 0 0 0 1\n", ""))
        assert "left and right may be swapped" in read_volume(path).notices[0]


class TestVoxels:
    @pytest.mark.parametrize("dtype", TYPES)
    @pytest.mark.parametrize("name", ["ct.nrrd", "ct.mha"])
    def test_types(self, tmp_path: Path, name: str, dtype: Any) -> None:
        image = make_image(dtype)
        sitk.WriteImage(image, str(tmp_path / name))
        data = read_volume(tmp_path / name).data
        assert data.dtype == (np.float32 if np.dtype(dtype).kind == "f" else dtype)
        assert np.array_equal(data, sitk.GetArrayFromImage(image))

    @pytest.mark.parametrize(
        ("ending", "change"),
        [
            (".nrrd", ("endian: little", "endian: big")),
            (".mha", ("OrderMSB = False", "OrderMSB = True")),
        ],
    )
    def test_big_endian(self, tmp_path: Path, ending: str, change: tuple[str, str]) -> None:
        path = by_hand(tmp_path, ending, change)
        volume = read_volume(path)
        expected = VOXELS.astype(np.int16).byteswap().reshape((4, 3, 2), order="F")
        assert np.array_equal(volume.grid.to_stored(volume.data), expected)

    @pytest.mark.parametrize("name", ["späte Phase 1.nhdr", "späte Phase 1.mhd", "腹部.nrrd"])
    def test_names_with_blanks_and_other_letters(self, tmp_path: Path, name: str) -> None:
        image = make_image()
        sitk.WriteImage(image, str(tmp_path / name))
        assert np.array_equal(read_volume(tmp_path / name).data, sitk.GetArrayFromImage(image))

    @pytest.mark.parametrize("header", [NRRD + "data file: ", META.replace("LOCAL\n", "")])
    @pytest.mark.parametrize("before", [0, 12, -1])
    def test_voxels_in_a_file_beside_behind_something_else(
        self, tmp_path: Path, header: str, before: int
    ) -> None:
        nrrd = header.startswith("NRRD")
        skip = f"byte skip: {before}\n" if nrrd else f"HeaderSize = {before}\n"
        ahead = header.rindex("data file" if nrrd else "ElementDataFile")
        header = header[:ahead] + skip + header[ahead:] + "a b.raw\n"
        path = write(tmp_path / ("ct.nhdr" if nrrd else "ct.mhd"), header, b"")
        (tmp_path / "a b.raw").write_bytes(bytes(30 if before < 0 else before) + VOXELS.tobytes())
        volume = read_volume(path)
        assert np.array_equal(volume.grid.to_stored(volume.data).ravel(order="F"), VOXELS)

    def test_a_fourth_axis_of_one(self, tmp_path: Path) -> None:
        path = by_hand(
            tmp_path,
            ".nrrd",
            ("dimension: 3", "dimension: 4"),
            ("sizes: 4", "sizes: 1 4"),
            ("(1,0,0)", "none (1,0,0)"),
            ("kinds: domain", "kinds: vector domain"),
        )
        assert read_volume(path).grid.stored_shape == (4, 3, 2)

    def test_a_label_map_is_told_from_a_scan(self, tmp_path: Path) -> None:
        values = np.zeros((30, 40, 50), np.uint8)
        values[5:20, 5:30, 5:30] = 3
        sitk.WriteImage(sitk.GetImageFromArray(values), str(tmp_path / "some.nrrd"), True)
        (tmp_path / "some.txt").write_text('3 10 20 30 1 1 1 "spleen"\n')
        labels = read_labels(tmp_path / "some.nrrd")
        assert holds_labels(tmp_path / "some.nrrd")
        assert [organ.name for organ in labels.organs] == ["spleen"]
        sitk.WriteImage(make_image(), str(tmp_path / "scan.mha"), True)
        assert not holds_labels(tmp_path / "scan.mha")
        assert read_image(tmp_path / "scan.mha").data.dtype == np.int16


REFUSED = {
    "time series": (
        *(".nrrd", "series of 2 volumes"),
        *(("dimension: 3", "dimension: 4"), ("sizes: 4 3 2", "sizes: 4 3 1 2")),
        *(("(0,0,3)", "(0,0,3) none"), ("domain\nend", "domain list\nend")),
    ),
    "colours": (
        *(".nrrd", "stores colours"),
        *(("dimension: 3", "dimension: 4"), ("sizes: 4", "sizes: 3 4")),
        *(("(1,0,0)", "none (1,0,0)"), ("kinds: domain", "kinds: RGB-color domain")),
    ),
    "vectors": (
        *(".nrrd", "3 values a voxel"),
        *(("dimension: 3", "dimension: 4"), ("sizes: 4", "sizes: 3 4")),
        *(("(1,0,0)", "none (1,0,0)"), ("kinds: domain", "kinds: vector domain")),
    ),
    "two axes": (".nrrd", "2 axes in space", ("(0,0,3)", "none")),
    "one slice": (".nrrd", "single slice", ("sizes: 4 3 2", "sizes: 4 6 1")),
    "blocks": (".nrrd", "type 'block'", ("type: short", "type: block")),
    "text": (".nrrd", "save it as raw or gzip", ("encoding: raw", "encoding: ascii")),
    "inches": (".nrrd", "other units", ("kinds", 'space units: "in" "in" "in"\nkinds')),
    "no order of bytes": (".nrrd", "'endian'", ("endian: little\n", "")),
    "a slip": (".nrrd", "has the line", ("endian: little", "endian little")),
    "twice": (".nrrd", "'type' twice", ("type: short", "type: short\ntype: float")),
    "no numbers": (".nrrd", "whole numbers", ("sizes: 4 3 2", "sizes: 4 3 two")),
    "negative": (".nrrd", "gives no shape", ("sizes: 4 3 2", "sizes: -4 3 -2")),
    "other dimension": (".nrrd", "gives no shape", ("dimension: 3", "dimension: 4")),
    "flat": (".nrrd", "no place in space", ("(0,0,3)", "(0,2,0)")),
    "nowhere": (".nrrd", "no place in space", ("(5,6,7)", "(nan,6,7)")),
    "far away": (".nrrd", "no place in space", ("(0,0,3)", "(0,0,1e300)")),
    "huge": (".nrrd", "truncated or damaged", ("sizes: 4 3 2", "sizes: 400000 300000 200000")),
    "overflow": (".nrrd", "gives no shape", ("sizes: 4 3 2", "sizes: 99999999999999999 3 2")),
    "bytes to skip": (".nrrd", "truncated", ("encoding", "byte skip: 999999999999\nencoding")),
    "lines to skip": (".nrrd", "to skip", ("encoding", "line skip: 2\nencoding")),
    "many files": (".nrrd", "several files", ("encoding", "data file: LIST\nencoding")),
    "numbered files": (".nrrd", "several", ("encoding", "data file: %03d.raw 1 2 1\nencoding")),
    "other": (".nrrd", "not an NRRD file", ("NRRD0004", "NRRD 4")),
    "mha series": (
        *(".mha", "series of 2 volumes", ("NDims = 3", "NDims = 4")),
        *(("= 4 3 2", "= 4 3 1 2"), ("Spacing = 1 2 3", "Spacing = 1 2 3 1")),
    ),
    "mha vectors": (
        *(".mha", "vectors or colours"),
        ("ElementType", "ElementNumberOfChannels = 3\nElementType"),
    ),
    "mha scale": (
        *(".mha", "scale of its values"),
        ("ElementType", "ElementToIntensityFunctionSlope = 2\nElementType"),
    ),
    "mha text": (".mha", "as text", ("BinaryData = True", "BinaryData = False")),
    "mha type": (".mha", "type 'MET_STRING'", ("MET_SHORT", "MET_STRING")),
    "mha flat": (".mha", "no size", ("Spacing = 1 2 3", "Spacing = 1 2 0")),
    "mha sizeless": (".mha", "no size", ("ElementSpacing = 1 2 3\n", "")),
    "mha slice": (".mha", "2 axes", ("NDims = 3", "NDims = 2"), ("Size = 4 3 2", "Size = 4 6")),
    "mha huge": (".mha", "truncated", ("Size = 4 3 2", "Size = 400000 300000 200000")),
    "mha matrix": (".mha", "in place of 9 numbers", ("0 0 0 1\n", "0 0 0 x\n")),
    "mha other": (".mha", "not a MetaImage", ("ObjectType = Image", "ObjectType = Tube")),
    "mha empty": (".mha", "not a MetaImage", (META, "no header\n")),
    "mha twice": (".mha", "'NDims' twice", ("NDims = 3", "NDims = 3\nNDims = 3")),
    "mha many files": (".mha", "several files", ("LOCAL", "LIST")),
    "mha unnamed": (".mha", "'DimSize'", ("DimSize = 4 3 2\n", "")),
}


class TestRefusals:
    @pytest.mark.parametrize("what", REFUSED)
    def test_a_header(self, tmp_path: Path, what: str) -> None:
        ending, words, *changes = REFUSED[what]
        path = by_hand(tmp_path, str(ending), *changes)  # type: ignore[arg-type]
        with pytest.raises(ImageError, match=re.escape(str(words))) as told:
            read_volume(path)
        assert str(path) in str(told.value)

    @pytest.mark.parametrize("header", [NRRD + "data file: {}\n", META.replace("LOCAL", "{}")])
    @pytest.mark.parametrize(
        "name",
        ["/dev/zero", "../ct.raw", "..\\ct.raw", "C:\\ct.raw", "a/../../ct.raw", "//host/ct.raw"],
    )
    def test_voxels_outside_of_the_folder(self, tmp_path: Path, header: str, name: str) -> None:
        (tmp_path / "ct.raw").write_bytes(VOXELS.tobytes())
        (tmp_path / "a").mkdir()
        ending = ".nhdr" if header.startswith("NRRD") else ".mhd"
        path = write(tmp_path / "a" / f"ct{ending}", header.format(name), b"")
        with pytest.raises(ImageError, match="outside of its folder"):
            read_volume(path)

    @pytest.mark.parametrize("header", [NRRD + "data file: {}\n", META.replace("LOCAL", "{}")])
    @pytest.mark.parametrize("device", [False, True])
    def test_voxels_that_are_not_there(self, tmp_path: Path, header: str, device: bool) -> None:
        ending = ".nhdr" if header.startswith("NRRD") else ".mhd"
        path = write(tmp_path / f"ct{ending}", header.format("ct.raw"), b"")
        if device:
            (tmp_path / "ct.raw").symlink_to("/dev/zero")
        with pytest.raises(ImageError, match="no file" if device else "not beside it"):
            read_volume(path)

    @pytest.mark.parametrize("packed", [False, True])
    @pytest.mark.parametrize("name", ["ct.nrrd", "ct.mha"])
    def test_truncated_or_changed(self, tmp_path: Path, name: str, packed: bool) -> None:
        path = tmp_path / name
        sitk.WriteImage(make_image(), str(path), packed)
        content = path.read_bytes()
        path.write_bytes(content[: len(content) - 40])
        with pytest.raises(ImageError, match="truncated or damaged"):
            read_volume(path)
        if packed:
            path.write_bytes(content[:-60] + bytes([content[-60] ^ 255]) + content[-59:])
            with pytest.raises(ImageError, match="truncated or damaged"):
                read_volume(path)

    def test_few_bytes_that_should_unpack_to_many(self, tmp_path: Path) -> None:
        header = NRRD.replace("raw", "gzip").replace("4 3 2", "4000 3000 200")
        path = write(tmp_path / "ct.nrrd", header, gzip.compress(bytes(10**6)))
        with pytest.raises(ImageError, match="truncated or damaged"):
            read_volume(path)

    def test_more_than_there_is_memory_for(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        free = type("Memory", (), {"available": 40})
        monkeypatch.setattr(stored_bytes.psutil, "virtual_memory", lambda: free)
        with pytest.raises(ImageError, match="more memory than there is"):
            read_volume(by_hand(tmp_path, ".mha"))

    def test_a_header_without_end(self, tmp_path: Path) -> None:
        path = tmp_path / "ct.nrrd"
        path.write_bytes(NRRD.encode() + b"# and on\n" * 2_000_000)
        with pytest.raises(ImageError, match="has no end"):
            read_volume(path)

    def test_not_a_number(self, tmp_path: Path) -> None:
        image = make_image(np.float32)
        image[0, 0, 0] = np.nan
        sitk.WriteImage(image, str(tmp_path / "ct.nrrd"))
        with pytest.raises(ImageError, match="1 voxel that is not a number"):
            read_volume(tmp_path / "ct.nrrd")


class TestNames:
    def test_one_table_of_formats(self) -> None:
        assert sorted(ending for each in FORMATS for ending in each.endings) == sorted(ENDINGS)

    @pytest.mark.parametrize("ending", [*ENDINGS, ".NRRD", ".Seg.Nrrd"])
    def test_cases(self, ending: str) -> None:
        assert stem(Path(f"a.b{ending}")) == "a.b"
        assert case_name(f"case_0000{ending}") == "case"

    def test_cases_of_a_folder(self, tmp_path: Path) -> None:
        scans = tmp_path / "scans"
        scans.mkdir()
        makers: dict[str, Callable[[], Any]] = {
            **dict.fromkeys(["a_0000.nrrd", "a_0001.nrrd", "b.mhd", "c.nii.gz"], make_image),
            "liver_mask.mha": lambda: sitk.Cast(make_image() > 2000, sitk.sitkUInt8),
        }
        for name, make in makers.items():
            sitk.WriteImage(make(), str(scans / name))
        cases = find_cases([scans], tmp_path / "results")
        assert {case.name: case.image.name for case in cases} == {
            "a": "a_0000.nrrd",
            "b": "b.mhd",
            "c": "c.nii.gz",
        }
