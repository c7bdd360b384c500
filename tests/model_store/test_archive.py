"""Models in archives, honest and hostile ones."""

from __future__ import annotations

import random
import shutil
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from napari_abdoseg.errors import ModelError, SaveError
from napari_abdoseg.model_store import archive as archives
from napari_abdoseg.model_store.archive import models_in, unpacking
from napari_abdoseg.progress import drain

TRAINED = "nnUNetTrainer__nnUNetPlans__3d_fullres"
MODEL = {"dataset.json": b"{}", "plans.json": b"{}", "fold_0/checkpoint_final.pth": bytes(100)}


def write_zip(path: Path, files: dict[str, bytes], *infos: zipfile.ZipInfo) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in files.items():
            file.writestr(name, content)
        for info in infos:
            file.writestr(info, b"target")
    return path


def in_folder(folder: str, files: dict[str, bytes] = MODEL) -> dict[str, bytes]:
    return {f"{folder}/{name}": content for name, content in files.items()}


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        (f"Dataset297_TotalSegmentator/{TRAINED}", "Dataset297_TotalSegmentator"),
        (f"a/b/c/Dataset003_Liver/{TRAINED}", "Dataset003_Liver"),
        (f"./Dataset003_Liver/./{TRAINED}", "Dataset003_Liver"),
        (f"Dataset003_Liver\\{TRAINED}", "Dataset003_Liver"),
        ("my model", "my model"),
    ],
)
def test_a_model_is_found_at_any_depth_and_unpacked(tmp_path, folder, name):
    files = in_folder(folder) | {
        f"__MACOSX/{folder}/._dataset.json": b"junk",
        f"{folder}/fold_0/validation/patient.nii.gz": b"private",
        f"{folder}/fold_0/progress.png": b"",
        f"{folder}/model.json": b"{}",
    }
    archive = write_zip(tmp_path / "model.zip", files)
    (found,) = models_in(archive)
    assert (found.name, found.folds, found.size) == (name, ("0",), 106)
    drain(unpacking(archive, tmp_path / "out", found.inside))
    unpacked = {
        path.relative_to(tmp_path / "out").as_posix(): path.read_bytes()
        for path in (tmp_path / "out").rglob("*")
        if path.is_file()
    }
    assert unpacked == MODEL | {"model.json": b"{}"}


def test_a_model_that_is_the_whole_archive_is_found(tmp_path):
    (found,) = models_in(write_zip(tmp_path / "model.zip", MODEL))
    assert (found.inside, found.name) == ("", "")


def test_models_are_told_apart_and_parts_of_one_are_none(tmp_path):
    files = in_folder("x/Dataset001_A/T__P__2d") | in_folder("x/Dataset001_A/T__P__3d_fullres")
    files |= in_folder("x/Dataset001_A/T__P__2d/region")
    archive = write_zip(tmp_path / "models.zip", files)
    found = models_in(archive)
    assert [model.inside for model in found] == [
        "x/Dataset001_A/T__P__2d",
        "x/Dataset001_A/T__P__3d_fullres",
    ]
    drain(unpacking(archive, tmp_path / "out", found[0].inside))
    assert (tmp_path / "out" / "region" / "fold_0" / "checkpoint_final.pth").is_file()


def test_what_nnunet_exports_is_a_model(tmp_path, make_model, monkeypatch):
    """The exporter of nnU-Net itself writes the archive."""
    trained = tmp_path / "results" / "Dataset004_Organs" / TRAINED
    trained.parent.mkdir(parents=True)
    shutil.copytree(make_model(), trained)
    for fold in (0, 1):
        (trained / f"fold_{fold}" / "progress.png").touch()
        (trained / f"fold_{fold}" / "validation").mkdir()
        (trained / f"fold_{fold}" / "validation" / "summary.json").write_text("{}")
    (trained / "dataset_fingerprint.json").write_text("{}")
    monkeypatch.setenv("nnUNet_results", str(tmp_path / "results"))
    from nnunetv2.model_sharing import model_export
    from nnunetv2.utilities import dataset_name_id_conversion, file_path_utilities

    for module in (model_export, file_path_utilities, dataset_name_id_conversion):
        monkeypatch.setattr(module, "nnUNet_results", str(tmp_path / "results"))
    archive = tmp_path / "exported.zip"
    options = {"configurations": ("3d_fullres",), "folds": (0, 1)}
    model_export.export_pretrained_model("Dataset004_Organs", str(archive), **options)
    (found,) = models_in(archive)
    assert (found.name, found.folds) == ("Dataset004_Organs", ("0", "1"))
    drain(unpacking(archive, tmp_path / "out", found.inside))
    for name in ("plans.json", "dataset.json", "fold_1/checkpoint_final.pth"):
        assert (tmp_path / "out" / name).read_bytes() == (trained / name).read_bytes()
    assert not (tmp_path / "out" / "fold_0" / "validation").exists()


HOSTILE = {
    "../evil.json": "leads out",
    "a/../../evil.json": "leads out",
    "..\\evil.json": "leads out",
    "a/..": "leads out",
    "/etc/evil": "absolute",
    "\\evil": "absolute",
    "\\\\server\\share\\evil": "absolute",
    "//server/share/evil": "absolute",
    "C:evil": "drive",
    "c:\\evil": "drive",
    "a/b:stream": "Windows forbids",
    "a/aux.json": "Windows forbids",
    "COM1": "Windows forbids",
    "lpt².txt": "Windows forbids",
    "a/nul .txt": "Windows forbids",
    "a/what?.json": "Windows forbids",
    "a/end.": "Windows forbids",
    "a /b": "Windows forbids",
    "a/be\x07ll": "Windows forbids",
    "a/zero\0.json": "Windows forbids",
    "a/" + "x" * 256: "too long",
    "a/" * 600 + "b": "too long",
    "PLANS.json": "have one name",
    "fold_0/CHECKPOINT_final.pth": "have one name",
    "FOLD_0/other": "have one name",
    "plans.json/below": "a file and a folder",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_refused_and_nothing_is_written(tmp_path, name):
    archive = write_zip(tmp_path / "model.zip", MODEL, zipfile.ZipInfo("harmless"))
    _rename(archive, "harmless", name)
    _is_refused(archive, HOSTILE[name])


def _rename(archive: Path, old: str, new: str) -> None:
    """Write the archive anew with a name that zipfile itself may not write."""
    with zipfile.ZipFile(archive) as file:
        contents = {info.filename: file.read(info) for info in file.infolist()}
    with zipfile.ZipFile(archive, "w") as file:
        for name, content in contents.items():
            info = zipfile.ZipInfo("x")
            info.filename = info.orig_filename = new if name == old else name
            file.writestr(info, content)


def _is_refused(archive: Path, words: str) -> None:
    with pytest.raises(ModelError) as told:
        models_in(archive)
    assert words in str(told.value)
    assert str(archive) in str(told.value)
    assert "\n" not in str(told.value)
    assert "\0" not in str(told.value)
    with pytest.raises(ModelError):
        drain(unpacking(archive, archive.parent / "out", ""))
    assert [path.name for path in archive.parent.iterdir()] == [archive.name]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (stat.S_IFLNK, "is a link"),
        (stat.S_IFCHR, "a device"),
        (stat.S_IFBLK, "a device"),
        (stat.S_IFIFO, "a device"),
        (stat.S_IFSOCK, "a device"),
    ],
)
def test_links_and_devices_are_refused(tmp_path, kind, words):
    info = zipfile.ZipInfo("plans2.json")
    info.external_attr = (kind | 0o777) << 16
    _is_refused(write_zip(tmp_path / "model.zip", MODEL, info), words)


def test_an_entry_twice_is_refused(tmp_path):
    archive = tmp_path / "model.zip"
    with pytest.warns(UserWarning, match="Duplicate"):
        write_zip(archive, MODEL, zipfile.ZipInfo("plans.json"))
    _is_refused(archive, "twice")


def test_names_in_two_forms_of_unicode_are_refused(tmp_path):
    files = MODEL | {"caf\u00e9": b"", "cafe\u0301": b""}
    _is_refused(write_zip(tmp_path / "model.zip", files), "have one name")


def test_bombs_are_refused(tmp_path, monkeypatch):
    archive = write_zip(tmp_path / "model.zip", MODEL | {"zeros": bytes(archives.SMALL + 1)})
    _is_refused(archive, "would grow")
    monkeypatch.setattr(archives, "MOST_BYTES", 10_000_000)
    _is_refused(archive, "unpacked it would have more than")
    monkeypatch.setattr(archives, "MOST_ENTRIES", 3)
    _is_refused(archive, "it has 4 entries")


def _directory_entry(content: bytearray, name: bytes) -> int:
    """Where the central directory has an entry."""
    return content.index(name, content.index(b"PK\x01\x02")) - 46


@pytest.mark.parametrize("size", [3, 1_000_000])  # bytes, in place of 100
def test_sizes_that_lie_are_found_out(tmp_path, size):
    """The directory may say that an entry is smaller or larger than it is."""
    archive = write_zip(tmp_path / "model.zip", MODEL)
    content = bytearray(archive.read_bytes())
    at = _directory_entry(content, b"fold_0/checkpoint_final.pth")
    content[at + 24 : at + 28] = struct.pack("<I", size)
    archive.write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        drain(unpacking(archive, tmp_path / "out", ""))


def test_entries_that_share_their_bytes_are_refused(tmp_path):
    """Many entries of the same bytes grow without any of them growing much."""
    archive = write_zip(
        tmp_path / "model.zip", MODEL | {"noise": random.Random(0).randbytes(50_000)}
    )
    content = archive.read_bytes()
    at = content.index(b"PK\x01\x02")
    directory, end = content[at : content.index(b"PK\x05\x06")], content[-22:]
    noise = directory[_directory_entry(bytearray(content), b"noise") - at :]
    shared = b"".join(noise[:46] + b"n%04d" % number for number in range(1000))
    directory += shared
    end = struct.pack("<4s4H2LH", end[:4], 0, 0, 1004, 1004, len(directory), at, 0)
    archive.write_bytes(content[:at] + directory + end)
    _is_refused(archive, "its entries share their bytes")


def test_encrypted_archives_are_refused(tmp_path):
    archive = write_zip(tmp_path / "model.zip", MODEL)
    content = bytearray(archive.read_bytes())
    content[_directory_entry(content, b"plans.json") + 8] |= 1
    archive.write_bytes(content)
    _is_refused(archive, "encrypted")


def test_unknown_packing_is_told(tmp_path):
    archive = write_zip(tmp_path / "model.zip", MODEL)
    content = bytearray(archive.read_bytes())
    content[_directory_entry(content, b"plans.json") + 10] = 98
    archive.write_bytes(content)
    with pytest.raises(ModelError, match="packed in a way"):
        drain(unpacking(archive, tmp_path / "out", ""))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no zip archive"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"  \n<html>", "a web page"),
        (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
        (b"\x1f\x8b\x08", "a gzip archive"),
        (b"Rar!\x1a\x07", "a RAR archive"),
        (b"PK\x03\x04 and no more", "cut off"),
        (b"\x80\x02}q\x00.", "no zip archive"),
    ],
)
def test_what_is_no_zip_is_named(tmp_path, content, words):
    archive = tmp_path / "model.zip"
    archive.write_bytes(content)
    _is_refused(archive, words)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"Task003/fold_0/model_final_checkpoint.model": b"", "Task003/plans.pkl": b""}, "v1"),
        ({"D103.zip": b"", "D104.zip": b""}, "other archives (D103.zip, D104.zip)"),
        ({"a/dataset.json": b"", "b/plans.json": b""}, "no nnU-Net model"),
    ],
)
def test_an_archive_without_a_model_says_so(tmp_path, files, words):
    _is_refused(write_zip(tmp_path / "model.zip", files), words)


@pytest.mark.parametrize("place", [0.3, 0.6, 0.95])
def test_damage_is_told(tmp_path, place, make_model):
    archive = shutil.make_archive(str(tmp_path / "model"), "zip", make_model())
    content = bytearray(Path(archive).read_bytes())
    at = int(len(content) * place)
    content[at : at + 20] = bytes(reversed(content[at : at + 20]))
    Path(archive).write_bytes(content)
    with pytest.raises(ModelError, match=r"model\.zip"):
        drain(unpacking(Path(archive), tmp_path / "out", ""))


def test_any_damage_is_one_sentence_and_nothing_lies_elsewhere(tmp_path):
    whole = write_zip(tmp_path / "model.zip", in_folder("D/T__P__C")).read_bytes()
    chance, told = random.Random(7), []
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(chance.randint(1, 6)):
            content[chance.randrange(len(content))] = chance.randrange(256)
        (tmp_path / "model.zip").write_bytes(content[: chance.choice((None, 500))])
        try:
            for found in models_in(tmp_path / "model.zip"):
                drain(unpacking(tmp_path / "model.zip", tmp_path / "out", found.inside))
        except ModelError as error:
            told.append(str(error))
        shutil.rmtree(tmp_path / "out", ignore_errors=True)
        assert [path.name for path in tmp_path.iterdir()] == ["model.zip"]
    assert len(told) > 300
    assert "\n" not in "".join(told)


def test_a_missing_archive_and_a_full_disk_are_told(tmp_path, small_disk):
    with pytest.raises(ModelError, match="can't be read"):
        models_in(tmp_path / "none.zip")
    large = {"fold_0/checkpoint_final.pth": b"".join(struct.pack("<I", n) for n in range(100_000))}
    archive = write_zip(tmp_path / "model.zip", MODEL | large)
    with pytest.raises(SaveError, match="the disk is full"):
        drain(unpacking(archive, small_disk / "out", ""))


def test_progress_counts_bytes_and_cancelling_closes_the_archive(tmp_path):
    archive = write_zip(tmp_path / "model.zip", MODEL)
    work = unpacking(archive, tmp_path / "out", "")
    first, second = next(work), next(work)
    assert (first.done, first.total) == (0, 104)
    assert 0 < second.done <= 104
    work.close()
