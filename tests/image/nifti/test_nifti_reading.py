"""What is read from NIfTI files, and what is said of files that can't be used."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.files.gzip_stream import unpacked
from napari_abdoseg.image.nifti.volumes import (
    case_name,
    image_files,
    read_image,
    read_labels,
    read_volume,
)
from napari_abdoseg.image.organ import Organ
from napari_abdoseg.image.volume import LabelMap, Volume

MakeNifti = Callable[..., Path]

SHAPE = (5, 4, 3)


def stored(image: Volume | LabelMap) -> NDArray[Any]:
    return image.grid.to_stored(image.data)


def counting(dtype: str, shape: tuple[int, ...] = SHAPE) -> NDArray[Any]:
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


class TestVoxels:
    @pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz", "packed_by_mistake.nii"])
    @pytest.mark.parametrize("version", [1, 2])
    def test_as_nibabel_reads_them(self, make_nifti: MakeNifti, name: str, version: int) -> None:
        path = make_nifti(name=name.replace("packed_by_mistake.nii", "a.nii.gz"), version=version)
        path = path.rename(path.with_name(name))
        volume = read_volume(path)
        assert volume.path == path
        assert volume.data.shape == (3, 4, 5)
        assert volume.notices == ()
        np.testing.assert_array_equal(stored(volume), counting("i2"))
        assert len(volume.grid.header) == (348 if version == 1 else 540)

    @pytest.mark.parametrize("endian", ["<", ">"])
    @pytest.mark.parametrize("dtype", ["u1", "i1", "i2", "u2", "i4", "u4", "i8", "u8", "f4"])
    def test_keep_their_type_in_native_order(
        self, make_nifti: MakeNifti, dtype: str, endian: str
    ) -> None:
        data = read_volume(make_nifti(counting(dtype), endian=endian)).data
        assert data.dtype == np.dtype(dtype)
        assert data.dtype.isnative
        np.testing.assert_array_equal(data[::-1].T, counting(dtype)[:, :, ::-1])

    @pytest.mark.parametrize("endian", ["<", ">"])
    def test_of_double_precision_become_single(self, make_nifti: MakeNifti, endian: str) -> None:
        volume = read_volume(make_nifti(counting("f8") + 0.25, endian=endian))
        assert volume.data.dtype == np.float32
        np.testing.assert_array_equal(stored(volume), counting("f4") + 0.25)

    @pytest.mark.parametrize(
        ("slope", "intercept"), [(0, 0), (0, 5), (np.nan, np.nan), (1, np.nan), (np.inf, 1)]
    )
    def test_without_a_scale_stay_whole(
        self, make_nifti: MakeNifti, slope: float, intercept: float
    ) -> None:
        volume = read_volume(make_nifti(scl_slope=slope, scl_inter=intercept))
        assert volume.data.dtype == np.int16
        np.testing.assert_array_equal(stored(volume), counting("i2"))

    @pytest.mark.parametrize(
        ("dtype", "intercept", "expected"),
        [
            ("u1", -1024, np.int16),
            ("u2", -1024, np.int16),
            ("i2", 40000, np.int32),
            ("u2", -60000, np.int32),
            ("i4", 2**33, np.int64),
        ],
    )
    def test_with_a_whole_offset_stay_whole(
        self, make_nifti: MakeNifti, dtype: str, intercept: int, expected: type
    ) -> None:
        volume = read_volume(make_nifti(counting(dtype), scl_inter=intercept))
        assert volume.data.dtype == expected
        np.testing.assert_array_equal(stored(volume), counting("i8") + intercept)

    @pytest.mark.parametrize(
        ("dtype", "first", "intercept"),
        [
            ("u2", 40000, -40000),
            ("i2", -20000, 40000),
            ("i4", 2**30, -(2**30)),
            ("u4", 2**31, -(2**31)),
        ],
    )
    def test_with_an_offset_beyond_their_sum(
        self, make_nifti: MakeNifti, dtype: str, first: int, intercept: int
    ) -> None:
        voxels = (counting("i8") + first).astype(dtype)
        volume = read_volume(make_nifti(voxels, scl_inter=intercept))
        assert volume.data.dtype.kind == "i"
        np.testing.assert_array_equal(stored(volume), counting("i8") + first + intercept)

    @pytest.mark.parametrize(
        ("dtype", "slope", "intercept"),
        [
            ("i2", 0.5, -1024),
            ("i2", 1, 0.5),
            ("i2", -1, 0),
            ("f4", 2, 1),
            ("f8", 1, 3),
            ("i8", 1, 1e30),
        ],
    )
    def test_with_a_scale_are_the_real_values(
        self, make_nifti: MakeNifti, dtype: str, slope: float, intercept: float
    ) -> None:
        path = make_nifti(counting(dtype), scl_slope=slope, scl_inter=intercept)
        volume = read_volume(path)
        assert volume.data.dtype == np.float32
        np.testing.assert_array_equal(stored(volume), nib.load(path).get_fdata(dtype=np.float32))

    def test_are_a_view_of_the_stored_array(self, make_nifti: MakeNifti) -> None:
        data = read_volume(make_nifti(affine=np.diag([-1.0, -1, 1, 1]))).data
        assert data.flags.c_contiguous
        assert data.base is not None

    @pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
    def test_of_several_volumes_are_the_first(self, make_nifti: MakeNifti, name: str) -> None:
        several = counting("i2", (*SHAPE, 2, 2))
        volume = read_volume(make_nifti(several, name=name))
        np.testing.assert_array_equal(stored(volume), several[..., 0, 0])
        assert volume.notices == ("It holds 4 volumes; only the first is used.",)

    def test_with_single_further_dimensions_are_one_volume(self, make_nifti: MakeNifti) -> None:
        volume = read_volume(make_nifti(counting("i2", (*SHAPE, 1, 1))))
        np.testing.assert_array_equal(stored(volume), counting("i2"))
        assert volume.notices == ()

    @pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
    def test_end_where_the_header_says(self, make_nifti: MakeNifti, name: str) -> None:
        path = make_nifti()
        longer = path.read_bytes() + bytes(100)
        path = path.with_name(name)
        path.write_bytes(gzip.compress(longer) if name.endswith(".gz") else longer)
        np.testing.assert_array_equal(stored(read_volume(path)), counting("i2"))

    @pytest.mark.parametrize("name", ["abdomen_ct", "torso_ct", "abdomen_labels"])
    def test_of_real_files(self, real_data: Path, name: str) -> None:
        path = real_data / f"{name}.nii.gz"
        expected = nib.load(path)
        image = read_image(path)
        assert image.notices == ()
        assert isinstance(image, LabelMap) == (name == "abdomen_labels")
        assert image.data.dtype == expected.get_data_dtype()
        np.testing.assert_array_equal(stored(image), np.asanyarray(expected.dataobj))
        np.testing.assert_array_equal(image.grid.affine, expected.affine)


class TestPlace:
    @pytest.mark.parametrize("codes", [(1, 1), (0, 2), (1, 0), (4, 1), (0, 0)])
    @pytest.mark.parametrize("version", [1, 2])
    def test_is_nibabels(
        self,
        make_nifti: MakeNifti,
        oblique: NDArray[Any],
        codes: tuple[int, int],
        version: int,
    ) -> None:
        path = make_nifti(affine=oblique, codes=codes, version=version)
        np.testing.assert_array_equal(read_volume(path).grid.affine, nib.load(path).affine)

    @pytest.mark.parametrize(
        ("units", "factor"), [("unknown", 1), ("mm", 1), ("meter", 1000), ("micron", 0.001)]
    )
    def test_is_in_mm(self, make_nifti: MakeNifti, units: str, factor: float) -> None:
        affine = np.diag([-2.0, -2, 3, 1])
        affine[:3, 3] = 10, 20, 30
        grid = read_volume(make_nifti(affine=affine, units=units)).grid
        np.testing.assert_allclose(grid.affine[:3], affine[:3] * factor)
        assert grid.spacing == pytest.approx((3 * factor, 2 * factor, 2 * factor))

    def test_with_units_of_time(self, make_nifti: MakeNifti) -> None:
        assert read_volume(make_nifti(xyzt_units=1 + 8)).grid.spacing == (3000, 2000, 2000)

    def test_with_no_sign_for_the_third_axis(self, make_nifti: MakeNifti) -> None:
        path = make_nifti(codes=(1, 0))
        raw = bytearray(path.read_bytes())
        raw[76:80] = bytes(4)
        path.write_bytes(raw)
        np.testing.assert_allclose(read_volume(path).grid.affine, np.diag([-2, -2, 3, 1]))


class TestOddHeaders:
    """What nibabel and ITK read, read and told."""

    @pytest.mark.parametrize("codes", [(0, 2), (1, 1)])
    @pytest.mark.parametrize("sizes", [(-2, 2, 3), (-2, -2, -3), (0, 2, 3), (2, np.nan, 3)])
    def test_sizes_that_can_not_be_beside_a_good_sform(
        self, make_nifti: MakeNifti, sizes: tuple[float, ...], codes: tuple[int, int]
    ) -> None:
        path = make_nifti(codes=codes, pixdim=[1, *sizes, 1, 1, 1, 1])
        volume = read_volume(path)
        np.testing.assert_array_equal(volume.grid.affine, np.diag([-2, -2, 3, 1]))
        np.testing.assert_array_equal(stored(volume), counting("i2"))
        (notice,) = volume.notices
        assert notice.endswith("mm, which can't be; they are taken to be of 2 × 2 × 3 mm.")

    def test_negative_sizes_beside_a_qform_alone(self, make_nifti: MakeNifti) -> None:
        path = make_nifti(codes=(1, 0), pixdim=[1, 2, -2, 3, 1, 1, 1, 1])
        volume = read_volume(path)
        np.testing.assert_allclose(volume.grid.affine, nib.load(path).affine)
        assert "voxels of 2 × -2 × 3 mm, which can't be" in volume.notices[0]

    @pytest.mark.parametrize("row", [[0, 0, 0, 0], [0, -2, 0, 0], [np.nan] * 4])
    def test_an_sform_without_a_place_beside_a_good_qform(
        self, make_nifti: MakeNifti, row: list[float]
    ) -> None:
        volume = read_volume(make_nifti(srow_x=row))
        np.testing.assert_allclose(volume.grid.affine, np.diag([-2, -2, 3, 1]))
        assert volume.notices == ("Its sform gives its voxels no place; the qform is used.",)

    @pytest.mark.parametrize("count", [0, -1])
    def test_no_volume_counted_beside_one(self, make_nifti: MakeNifti, count: int) -> None:
        volume = read_volume(make_nifti(dim=[4, *SHAPE, count, 1, 1, 1]))
        np.testing.assert_array_equal(stored(volume), counting("i2"))
        assert volume.notices == ("Its header counts no volume; the one that is there is used.",)

    @pytest.mark.parametrize("version", [1, 2])
    def test_a_header_of_a_pair_in_one_file(self, make_nifti: MakeNifti, version: int) -> None:
        volume = read_volume(make_nifti(version=version, magic=b"ni%d" % version))
        np.testing.assert_array_equal(stored(volume), counting("i2"))
        assert volume.notices == (
            "Its header is that of a pair of files; the voxels behind it are used.",
        )

    def test_voxels_that_begin_nowhere(self, make_nifti: MakeNifti) -> None:
        path = make_nifti(vox_offset=0)
        np.testing.assert_array_equal(stored(read_volume(path)), counting("i2"))


class TestNotices:
    def test_of_an_oblique_scan(self, make_nifti: MakeNifti, oblique: NDArray[Any]) -> None:
        (notice,) = read_volume(make_nifti(affine=oblique)).notices
        assert notice.startswith("It is oblique by 1")
        assert "exact geometry" in notice

    def test_none_of_a_tiny_tilt(self, make_nifti: MakeNifti) -> None:
        tilt = nib.affines.from_matvec(nib.eulerangles.euler2mat(x=np.radians(0.4)))
        assert read_volume(make_nifti(affine=tilt)).notices == ()

    def test_of_two_places(self, make_nifti: MakeNifti) -> None:
        path = make_nifti(codes=(1, 1), qoffset_x=5)
        assert read_volume(path).notices == (
            "Its qform and sform disagree; the sform is used. The qform says LPS, 2 × 2 × 3 mm, "
            "first voxel at (5, 0, 0) mm, the sform LPS, 2 × 2 × 3 mm, first voxel at (0, 0, 0) "
            "mm.",
        )

    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"quatern_d": 0}, "The qform says RAS, 2 × 2 × 3 mm.* the sform LPS"),
            ({"pixdim": [1, 2, 2, 2.5, 1, 1, 1, 1]}, r"2 × 2 × 2.5 mm.* 2 × 2 × 3 mm"),
            (
                {"quatern_c": np.sin(0.05), "quatern_d": np.cos(0.05)},
                r"LPS, .*, the sform LPS, .*, turned by 5\.7°\.$",
            ),
        ],
    )
    def test_of_two_forms_tell_what_each_says(
        self, make_nifti: MakeNifti, fields: dict[str, Any], said: str
    ) -> None:
        (notice,) = read_volume(make_nifti(**fields)).notices
        assert re.search("disagree; the sform is used.*" + said, notice)

    def test_of_an_impossible_qform(self, make_nifti: MakeNifti) -> None:
        path = make_nifti(codes=(1, 1), quatern_b=1, quatern_c=1)
        assert read_volume(path).notices == (
            "Its qform gives its voxels no place; the sform is used.",
        )

    def test_of_two_voxel_sizes(self, make_nifti: MakeNifti) -> None:
        path = make_nifti(codes=(0, 1), pixdim=[1, 2, 2, 2.5, 1, 1, 1, 1])
        assert read_volume(path).notices == (
            "Its voxel size and sform disagree; the sform is used.",
        )

    def test_of_no_orientation(self, make_nifti: MakeNifti) -> None:
        (notice,) = read_volume(make_nifti(codes=(0, 0))).notices
        assert "left and right may be swapped" in notice

    def test_of_a_sheared_scan(self, make_nifti: MakeNifti) -> None:
        sheared = np.diag([-2.0, -2, 3, 1])
        sheared[1, 2] = 0.4
        (notice,) = read_volume(make_nifti(affine=sheared, codes=(0, 1))).notices
        assert "not at right angles" in notice


def break_gzip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[-8:-4] = b"\0\1\2\3"
    path.write_bytes(raw)


def cut(path: Path, keep: float) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[: int(len(raw) * keep)])


OTHER_BYTES = "Bytes that are not of the file follow its end; they were not read."


class TestPackedFiles:
    """Gzip as transfers and other programs leave it, and as it is made to do harm."""

    @pytest.mark.parametrize(
        ("kind", "notices"),
        [
            ("members", ()),
            ("many members", ()),
            ("an empty last member", ()),
            ("an empty first member", ()),
            ("zeros behind", ()),
            ("not packed", ()),
            ("a line end behind", (OTHER_BYTES,)),
            ("a byte behind", (OTHER_BYTES,)),
            ("zeros and words behind", (OTHER_BYTES,)),
            ("a page behind", (OTHER_BYTES,)),
        ],
    )
    @pytest.mark.parametrize("size", [3, 60])
    def test_are_read_whole(
        self, make_nifti: MakeNifti, kind: str, notices: tuple[str, ...], size: int
    ) -> None:
        voxels = np.random.default_rng(0).integers(-1000, 1000, (size, 70, 50)).astype("i2")
        path = make_nifti(voxels)
        raw = path.read_bytes()
        packed, empty = gzip.compress(raw), gzip.compress(b"")
        blocks = range(0, len(raw), max(1, len(raw) // 100))
        content = {
            "members": gzip.compress(raw[:300]) + gzip.compress(raw[300:]),
            "many members": b"".join(gzip.compress(raw[at : at + blocks.step]) for at in blocks),
            "an empty last member": packed + empty,
            "an empty first member": empty + packed,
            "zeros behind": packed + bytes(1000),
            "not packed": raw,
            "a line end behind": packed + b"\r\n",
            "a byte behind": packed + b"\n",
            "zeros and words behind": packed + bytes(5) + b"words",
            "a page behind": packed + b"<html>" * 100_000,
        }[kind]
        path = path.with_name("scan.nii.gz")
        path.write_bytes(content)
        volume = read_volume(path)
        np.testing.assert_array_equal(stored(volume), voxels)
        assert volume.notices == notices

    @pytest.mark.parametrize("cut", [1, 7, 10, 500])
    def test_cut_off_in_their_last_member(self, make_nifti: MakeNifti, cut: int) -> None:
        path = make_nifti()
        last = gzip.compress(np.random.default_rng(0).bytes(1000))
        path.write_bytes(gzip.compress(path.read_bytes()) + last[:-cut])
        with pytest.raises(ImageError, match="truncated or damaged"):
            read_volume(path)

    def test_that_go_on_and_on_are_read_as_far_as_their_header_says(
        self, make_nifti: MakeNifti
    ) -> None:
        path = make_nifti()
        more = gzip.compress(bytes(1 << 24), 9)
        path.write_bytes(gzip.compress(path.read_bytes()) + 40 * more + b"not gzip")
        volume = read_volume(path)
        np.testing.assert_array_equal(stored(volume), counting("i2"))
        assert volume.notices == (
            "The file goes on far behind its voxels; no more of it was read or checked.",
        )

    def test_of_members_that_hold_nothing(self, make_nifti: MakeNifti) -> None:
        path = make_nifti()
        path.write_bytes(gzip.compress(path.read_bytes()) + 5000 * gzip.compress(b""))
        assert read_volume(path).notices == (OTHER_BYTES,)

    def test_whose_voxels_begin_far_away(self, make_nifti: MakeNifti) -> None:
        path = make_nifti(vox_offset=float(1 << 29))
        path.write_bytes(gzip.compress(path.read_bytes()))
        with pytest.raises(ImageError, match="no place of the voxels"):
            read_volume(path)

    def test_are_skipped_forwards_alone(self) -> None:
        stream = unpacked(io.BufferedReader(io.BytesIO(gzip.compress(bytes(range(256)) * 5000))))
        assert stream.seek(1_000_003) == stream.tell() == 1_000_003
        assert stream.read(2) == bytes([1_000_003 % 256, 1_000_004 % 256])
        with pytest.raises(OSError, match="read forwards"):
            stream.seek(0)


class TestUnusableFiles:
    def test_larger_than_the_memory(self, make_nifti: MakeNifti) -> None:
        edge = 1 + round((psutil.virtual_memory().total + psutil.swap_memory().total) ** (1 / 3))
        path = make_nifti(dim=[3, edge, edge, edge, 1, 1, 1, 1], datatype=2)
        os.truncate(path, 352 + edge**3)
        self.refused(path, "takes more memory than there is")

    @pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
    def test_that_are_pipes(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "scan.nii")
        self.refused(tmp_path / "scan.nii", "is a pipe or a device")

    @pytest.mark.parametrize(
        ("fields", "message"),
        [
            ({"dim": [3, 5, 0, 3, 1, 1, 1, 1]}, r"is empty: its header gives the shape 5 × 0 × 3"),
            ({"dim": [3, 5, -4, 3, 1, 1, 1, 1]}, "gives no shape"),
            ({"dim": [0, 5, 4, 3, 1, 1, 1, 1]}, "gives no shape"),
            ({"dim": [9, 5, 4, 3, 1, 1, 1, 1]}, "gives no shape"),
            ({"dim": [1, 60, 1, 1, 1, 1, 1, 1]}, "single slice of shape 60"),
            ({"dim": [2, 10, 6, 1, 1, 1, 1, 1]}, "single slice of shape 10 × 6"),
            ({"dim": [3, 10, 6, 1, 1, 1, 1, 1]}, "single slice of shape 10 × 6 × 1"),
            ({"dim": [3, 30000, 30000, 30000, 1, 1, 1, 1]}, "truncated or damaged"),
            ({"pixdim": [1, 0, 2, 2, 1, 1, 1, 1], "sform_code": 0}, r"voxels of 0 × 2 × 2 mm"),
            ({"pixdim": [1, 2, np.nan, 2, 1, 1, 1, 1], "sform_code": 0}, "2 × nan × 2 mm"),
            ({"pixdim": [1, 2, np.inf, 2, 1, 1, 1, 1], "sform_code": 0}, "2 × inf × 2 mm"),
            ({"srow_x": [0, 0, 0, 0], "qform_code": 0}, "no place in space"),
            ({"srow_x": [0, -2, 0, 0], "qform_code": 0}, "no place in space"),
            ({"srow_x": [-2, 0, 0, np.nan], "qform_code": 0}, "no place in space"),
            ({"srow_x": [0, 0, 0, 0], "quatern_b": 1, "quatern_c": 1}, "no place in space"),
            ({"sform_code": 0, "quatern_b": 1, "quatern_c": 1}, "no place in space"),
            ({"datatype": 128}, r"stores colours \(RGB\)"),
            ({"datatype": 2304}, r"stores colours \(RGBA\)"),
            ({"datatype": 32}, "stores complex numbers"),
            ({"datatype": 1}, r"unsupported data type \(code 1\)"),
            ({"datatype": 7}, r"unsupported data type \(code 7\)"),
            ({"vox_offset": np.nan}, "no place of the voxels"),
            ({"vox_offset": 1e6}, "truncated or damaged"),
            ({"magic": b"ni1", "vox_offset": 0}, r"header of a pair of files, \.hdr and \.img"),
            ({"magic": b"what"}, "not a NIfTI file of header and voxels in one"),
        ],
    )
    def test_by_their_header(
        self, make_nifti: MakeNifti, fields: dict[str, Any], message: str
    ) -> None:
        self.refused(make_nifti(**fields), message)

    @pytest.mark.parametrize("keep", [0.999, 0.9, 0.5])
    @pytest.mark.parametrize("name", ["scan.nii", "scan.nii.gz"])
    def test_cut_off(self, make_nifti: MakeNifti, name: str, keep: float) -> None:
        noise = np.random.default_rng(0).integers(0, 3000, (20, 20, 20), dtype=np.int16)
        path = make_nifti(noise, name=name)
        cut(path, keep)
        self.refused(path, "truncated or damaged")

    def test_cut_off_before_packing(self, make_nifti: MakeNifti) -> None:
        path = make_nifti()
        path.write_bytes(gzip.compress(path.read_bytes()[:-10]))
        self.refused(path, "truncated or damaged")

    def test_cut_off_in_a_long_header(self, make_nifti: MakeNifti) -> None:
        path = make_nifti(version=2)
        path.write_bytes(path.read_bytes()[:400])
        self.refused(path, "truncated or damaged")

    def test_with_a_wrong_checksum(self, make_nifti: MakeNifti) -> None:
        path = make_nifti(name="scan.nii.gz")
        break_gzip(path)
        self.refused(path, "truncated or damaged")

    def test_with_a_wrong_checksum_after_a_long_end(self, make_nifti: MakeNifti) -> None:
        path = make_nifti()
        path.write_bytes(gzip.compress(path.read_bytes() + bytes(5_000_000)))
        break_gzip(path)
        self.refused(path, "truncated or damaged")

    def test_with_damaged_compression(self, make_nifti: MakeNifti) -> None:
        noise = np.random.default_rng(0).integers(0, 3000, (20, 20, 20), dtype=np.int16)
        path = make_nifti(noise, name="scan.nii.gz")
        raw = bytearray(path.read_bytes())
        raw[200:400] = bytes(200)
        path.write_bytes(raw)
        self.refused(path, "truncated|not a NIfTI|damaged")

    def test_whose_volumes_after_the_first_are_cut_off(self, make_nifti: MakeNifti) -> None:
        path = make_nifti(counting("i2", (*SHAPE, 2)))
        cut(path, 0.9)
        np.testing.assert_array_equal(
            stored(read_volume(path)), counting("i2", (*SHAPE, 2))[..., 0]
        )

    @pytest.mark.parametrize(
        ("bad", "message"),
        [
            ([np.nan], "has 1 voxel that is not a number or infinite"),
            ([np.inf, -np.inf, np.nan], "has 3 voxels that are not a number or infinite"),
        ],
    )
    def test_with_voxels_that_are_no_numbers(
        self, make_nifti: MakeNifti, bad: list[float], message: str
    ) -> None:
        voxels = counting("f4")
        voxels[0, 0, : len(bad)] = bad
        self.refused(make_nifti(voxels), message)

    def test_with_voxels_beyond_single_precision(self, make_nifti: MakeNifti) -> None:
        voxels = counting("f8")
        voxels[0, 0, 0] = 1e200
        self.refused(make_nifti(voxels), "has 1 voxel")

    @pytest.mark.parametrize("content", [b"", b"DICM", b"PK\3\4" * 200, b"\x1f\x8b"])
    def test_of_another_kind(self, tmp_path: Path, content: bytes) -> None:
        path = tmp_path / "scan.nii.gz"
        path.write_bytes(content)
        self.refused(path, "not a NIfTI file|truncated or damaged")

    def test_that_are_not_there(self, tmp_path: Path) -> None:
        self.refused(tmp_path / "scan.nii.gz", "does not exist")

    def test_that_are_folders(self, tmp_path: Path) -> None:
        self.refused(tmp_path, "is a folder")

    def test_in_no_folder(self, make_nifti: MakeNifti) -> None:
        self.refused(make_nifti() / "scan.nii", "can't be read")

    @staticmethod
    def refused(path: Path, message: str) -> None:
        for read in (read_volume, read_labels, read_image):
            with pytest.raises(ImageError, match=message) as caught:
                read(path)
            assert str(path) in str(caught.value)
            assert str(caught.value).endswith(".")


class TestLabels:
    @pytest.mark.parametrize(
        ("dtype", "greatest", "expected"),
        [
            ("u1", 4, np.uint8),
            ("i2", 255, np.uint8),
            ("i4", 256, np.uint16),
            ("f8", 4, np.uint8),
            ("u8", 65535, np.uint16),
        ],
    )
    def test_are_as_small_as_they_can_be(
        self, make_nifti: MakeNifti, dtype: str, greatest: int, expected: type
    ) -> None:
        voxels = np.zeros(SHAPE, dtype)
        voxels[1, 2, 0] = greatest
        labels = read_labels(make_nifti(voxels))
        assert labels.data.dtype == expected
        np.testing.assert_array_equal(stored(labels), voxels)

    @pytest.mark.parametrize(
        ("voxels", "message"),
        [
            (counting("i2") - 1, "has negative values"),
            (counting("f4") / 2, "has fractional values"),
            (counting("i4") * 2000, "has values above 65535"),
        ],
    )
    def test_are_whole_and_not_negative(
        self, make_nifti: MakeNifti, voxels: NDArray[Any], message: str
    ) -> None:
        path = make_nifti(voxels, name="case_labels.nii")
        with pytest.raises(ImageError, match=message):
            read_labels(path)
        assert isinstance(read_image(path), Volume)

    def test_one_to_four_are_no_certain_organs(self, make_nifti: MakeNifti) -> None:
        labels = read_labels(make_nifti(counting("u1") % 3))
        assert labels.organs == (Organ(1, "label 1"), Organ(2, "label 2"))
        assert labels.notices == ()

    def test_others_are_numbered(self, make_nifti: MakeNifti) -> None:
        labels = read_labels(make_nifti(counting("u1") % 2 * 7))
        assert labels.organs == (Organ(7, "label 7"),)

    def test_are_named_as_asked(self, make_nifti: MakeNifti) -> None:
        named = (Organ(1, "aorta"), Organ(9, "colon"))
        labels = read_labels(make_nifti(counting("u1") % 3), named)
        assert labels.organs == (Organ(1, "aorta"), Organ(2, "label 2"), Organ(9, "colon"))

    @pytest.mark.parametrize("endian", ["<", ">"])
    def test_are_named_by_the_user_and_then_by_the_file(
        self, make_nifti: MakeNifti, endian: str
    ) -> None:
        path = self.with_comment(make_nifti, endian, {"labels": {"aorta": 1, "background": 0}})
        assert read_labels(path, [Organ(1, "liver")]).organs == (Organ(1, "liver"),)
        labels = read_labels(path)
        assert labels.organs == (Organ(1, "aorta"),)
        np.testing.assert_array_equal(stored(labels), counting("u1") % 2)

    @pytest.mark.parametrize(
        "comment",
        ["hello", [1], {"labels": [1]}, {"labels": {"a": "b"}}, {"labels": {"a": np.inf}}],
    )
    def test_ignore_other_comments(self, make_nifti: MakeNifti, comment: Any) -> None:
        path = self.with_comment(make_nifti, "<", comment)
        assert [organ.name for organ in read_labels(path).organs] == ["label 1"]

    @staticmethod
    def with_comment(make_nifti: MakeNifti, endian: str, comment: Any) -> Path:
        """A file with two header extensions, the second a comment of 64 bytes."""
        path = make_nifti(counting("u1") % 2, endian=endian, vox_offset=352 + 16 + 64)
        raw = path.read_bytes()
        other = struct.pack(endian + "ii8s", 16, 4, b"\xff\xfe")
        text = struct.pack(endian + "ii56s", 64, 6, json.dumps(comment).encode())
        path.write_bytes(raw[:348] + b"\1\0\0\0" + other + text + raw[352:])
        return path


class TestFolders:
    def test_list_their_scans(self, make_nifti: MakeNifti, tmp_path: Path) -> None:
        for name in ("b.nii", "a.nii.gz"):
            make_nifti(name=name)
        shutil.copy(tmp_path / "b.nii", tmp_path / "C.NII.GZ")
        (tmp_path / "notes.txt").touch()
        (tmp_path / "._a.nii.gz").touch()
        (tmp_path / "folder.nii").mkdir()
        assert [path.name for path in image_files(tmp_path)] == ["C.NII.GZ", "a.nii.gz", "b.nii"]

    def test_without_scans(self, tmp_path: Path) -> None:
        with pytest.raises(ImageError, match=r"has no \.nii, \.nii\.gz, \.nrrd or \.mha files"):
            image_files(tmp_path)

    def test_that_are_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ImageError, match="No such file"):
            image_files(tmp_path / "nowhere")

    @pytest.mark.parametrize(
        ("name", "case"),
        [
            ("case.nii.gz", "case"),
            ("case_0000.nii.gz", "case"),
            ("folder/case_0000.NII", "case"),
            ("case_001.nii.gz", "case_001"),
            ("case_001_0000.nii.gz", "case_001"),
            ("FLARE22_Tr_0001.nii.gz", "FLARE22_Tr_0001"),
            ("a.b.nii.gz", "a.b"),
        ],
    )
    def test_name_cases_as_nnunet_does(self, name: str, case: str) -> None:
        assert case_name(name) == case
