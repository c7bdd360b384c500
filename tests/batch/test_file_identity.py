"""Whether two machines see the same file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import SimpleITK as sitk  # noqa: N813

from napari_abdoseg.batch.file_identity import HEAD, FileIdentity

CONTENT = bytes(HEAD + 10)


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    path = tmp_path / "scan.nii"
    path.write_bytes(CONTENT)
    os.utime(path, (1000, 1000))
    return path


def test_the_same_file_is_here(scan):
    assert FileIdentity.of(scan).is_here


def test_a_relative_path_is_that_of_its_own_folder(scan, monkeypatch):
    monkeypatch.chdir(scan.parent)
    assert FileIdentity.of(Path(scan.name)) == FileIdentity.of(scan)


@pytest.mark.parametrize(
    ("content", "written"),
    [
        pytest.param(CONTENT + b"0", 1000, id="longer"),
        pytest.param(b"1" + CONTENT[1:], 1000, id="begins otherwise"),
        pytest.param(CONTENT, 2000, id="written later"),
        pytest.param(CONTENT, 1000.6, id="written in the same second"),
    ],
)
def test_another_file_at_the_same_place_is_told(content, written, scan):
    identity = FileIdentity.of(scan)
    scan.write_bytes(content)
    os.utime(scan, (written, written))
    assert identity.is_here == (written == 1000.6)


def test_what_can_not_be_read_has_none(scan):
    identity = FileIdentity.of(scan)
    scan.unlink()
    assert not identity.is_here
    assert FileIdentity.of(scan) is None


def test_voxels_beside_their_header_count_too(tmp_path: Path) -> None:
    header, voxels = tmp_path / "ct.mhd", tmp_path / "ct.raw"
    sitk.WriteImage(sitk.Image(5, 6, 7, sitk.sitkInt16), str(header))
    before = FileIdentity.of(header)
    assert before is not None
    assert before.is_here
    voxels.write_bytes(b"\1" + voxels.read_bytes()[1:])
    assert not before.is_here
    header.write_text("no header")
    assert FileIdentity.of(header) is not None
