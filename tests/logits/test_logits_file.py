"""Logits beside a case: what comes back, how large they are, and what is refused."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import zlib
from dataclasses import replace

import numpy as np
import pytest
from some_logits import kept_of, scan_of

from napari_abdoseg.anatomy.box import Box
from napari_abdoseg.errors import SaveError
from napari_abdoseg.image.grid import Grid
from napari_abdoseg.logits import file as module
from napari_abdoseg.logits.file import (
    LogitsFileError,
    LogitsTooLargeError,
    PackedLogits,
    logits_path,
    read_logits,
    remove_logits,
    write_logits,
)
from napari_abdoseg.logits.kept import Contested

MODEL, OTHER_MODEL = "a" * 64, "b" * 64


@pytest.fixture
def kept():
    return kept_of()


@pytest.fixture
def scan(kept):
    return scan_of(kept)


def behind(logits) -> np.ndarray:
    exact = logits.astype(np.float32)
    return exact.max(axis=0) - exact


@pytest.mark.parametrize("steps", [(0.05,), (0.4,)])
def test_what_comes_back_is_no_farther_off_than_is_told(tmp_path, kept, scan, steps, monkeypatch):
    monkeypatch.setattr(module, "STEPS", steps)
    path = logits_path(tmp_path / "case.nii.gz")
    assert path.name == "case.logits"
    error = write_logits(path, kept, scan, MODEL)
    again = read_logits(path, scan, MODEL)
    assert error == steps[0]
    exact, read = behind(kept.logits), behind(again.logits)
    told = exact < module.FARTHEST
    assert told.mean() < 0.9
    assert np.abs(exact - read)[told].max() <= error * 1.01 + 1e-2  # and half precision
    assert np.abs(read[~told] - module.FARTHEST).max() <= error + 1e-2
    np.testing.assert_array_equal(again.logits.argmax(0), kept.logits.argmax(0))
    assert (again.values, again.spacing, again.box) == (kept.values, kept.spacing, kept.box)
    for ours, theirs in zip(kept.axes, again.axes, strict=True):
        for name in ("lower", "upper", "weight"):
            np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))
    np.testing.assert_array_equal(again.contested.places, kept.contested.places)
    np.testing.assert_array_equal(again.contested.answers, kept.contested.answers)


def test_steps_are_as_fine_as_the_size_allows_and_nothing_larger_is_left(
    tmp_path, kept, scan, monkeypatch
):
    path = tmp_path / "case.logits"
    write_logits(path, kept, scan, MODEL)
    fine = path.stat().st_size
    monkeypatch.setattr(module, "LARGEST", fine - 1)
    assert write_logits(path, kept, scan, MODEL) > 0.05
    assert path.stat().st_size < fine
    before = path.read_bytes()
    monkeypatch.setattr(module, "LARGEST", 1000)
    with pytest.raises(SaveError, match="take more than"):
        write_logits(path, kept, scan, MODEL)
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [before]


def test_those_of_another_ct_or_model_are_refused(tmp_path, kept, scan):
    path = tmp_path / "case.logits"
    write_logits(path, kept, scan, MODEL)
    with pytest.raises(LogitsFileError, match="another model"):
        read_logits(path, scan, OTHER_MODEL)
    data = scan.data.copy()
    data[0, 0, 0] += 1
    moved = Grid.from_spacing(scan.data.shape, (1.5, 1.0, 1.01))
    for other in (replace(scan, data=data), replace(scan, grid=moved)):
        with pytest.raises(LogitsFileError, match="another CT"):
            read_logits(path, other, MODEL)


def test_a_file_that_was_changed_anywhere_is_refused(tmp_path, kept, scan):
    path = tmp_path / "case.logits"
    write_logits(path, kept, scan, MODEL)
    whole = path.read_bytes()
    draw = np.random.default_rng(2)
    for at in (*range(40), *draw.integers(40, len(whole), 200).tolist()):
        changed = bytearray(whole)
        changed[at] ^= 1 << int(draw.integers(8))
        path.write_bytes(changed)
        with pytest.raises(LogitsFileError, match=r"case\.logits"):
            read_logits(path, scan, MODEL)
    for size in (0, 10, 40, 500, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(LogitsFileError, match=r"case\.logits"):
            read_logits(path, scan, MODEL)
    path.unlink()
    with pytest.raises(LogitsFileError, match="can't be read"):
        read_logits(path, scan, MODEL)


def forged(content: bytes, numbers=None, **changes) -> bytes:
    """A file whose hash fits, with something else in it."""
    first, _, told, packed = content.split(b"\n", 3)
    description = json.dumps(json.loads(told) | changes).encode()
    rest = b"\n".join([description, packed if numbers is None else numbers])
    return b"\n".join([first, hashlib.sha256(rest).hexdigest().encode(), rest])


@pytest.mark.parametrize(
    "changes",
    [
        {"shape": [12, 14, 17]},
        {"shape": [60000, 60000, 60000]},
        {"shape": [12, 14]},
        {"values": [0, 1, 2]},
        {"values": [0, 1, 2, -1]},
        {"step": 0.0},
        {"step": float("nan")},
        {"folds": 0},
        {"folds": 2},
        {"contested": 2**40},
        {"spacing": [3.0, 2.0, -2.0]},
        {"start": [-1, 2, 1]},
        {"more": 1},
        {"numbers": zlib.compress(bytes(10))},
        {"numbers": zlib.compress(bytes(1 << 24))},
        {"numbers": b"no packed numbers"},
    ],
)
def test_a_file_that_contradicts_itself_is_refused(tmp_path, kept, scan, changes):
    path = tmp_path / "case.logits"
    write_logits(path, kept, scan, MODEL)
    whole = path.read_bytes()
    path.write_bytes(forged(whole))
    read_logits(path, scan, MODEL)
    path.write_bytes(forged(whole, **changes))
    with pytest.raises(LogitsFileError, match="is damaged"):
        read_logits(path, scan, MODEL)


@pytest.mark.parametrize("what", ["outside", "falling", "weight", "places", "answers", "beyond"])
def test_numbers_that_point_nowhere_are_refused(tmp_path, kept, scan, what):
    z, y, x = kept.axes
    contested = kept.contested
    if what == "outside":
        kept = replace(kept, axes=(replace(z, upper=z.upper + 1), y, x))
    if what == "falling":
        kept = replace(kept, axes=(z, replace(y, lower=y.lower[::-1], upper=y.upper[::-1]), x))
    if what == "weight":
        kept = replace(kept, axes=(z, y, replace(x, weight=x.weight * np.float32(np.nan))))
    if what == "places":
        kept = replace(kept, contested=replace(contested, places=contested.places[::-1]))
    if what == "answers":
        kept = replace(kept, contested=replace(contested, answers=contested.answers + 4))
    if what == "beyond":
        kept = replace(kept, box=Box((90, 2, 1), (90 + z.lower.size, *kept.box.stop[1:])))
    path = tmp_path / "case.logits"
    write_logits(path, kept, scan, MODEL)
    with pytest.raises(LogitsFileError, match="another CT" if what == "beyond" else "damaged"):
        read_logits(path, scan, MODEL)


def test_another_programs_file_is_kept(tmp_path, kept, scan):
    path = tmp_path / "case.logits"
    path.write_text("mine")
    remove_logits(path)
    assert path.read_text() == "mine"
    for _ in range(2):
        write_logits(path, kept, scan, MODEL)
        assert path.with_name("case.logits.bak").read_text() == "mine"
    remove_logits(path)
    remove_logits(path)
    assert [each.name for each in tmp_path.iterdir()] == ["case.logits.bak"]


def test_another_programs_file_that_can_not_be_kept_stays(tmp_path, kept, scan, monkeypatch):
    path = tmp_path / "case.logits"
    path.write_text("mine")

    def keep_as(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "keep_as", keep_as)
    with pytest.raises(SaveError, match="the disk is full"):
        write_logits(path, kept, scan, MODEL)
    assert path.read_text() == "mine"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_what_is_no_file_is_told_and_not_waited_for(tmp_path, scan):
    for number, make in enumerate((os.mkfifo, os.mkdir)):
        path = tmp_path / f"{number}.logits"
        make(path)
        with pytest.raises(LogitsFileError, match="is no file"):
            read_logits(path, scan, MODEL)


def test_logits_that_no_ensemble_has_made_are_not_kept(tmp_path, kept, scan):
    with pytest.raises(ValueError, match="made again"):
        write_logits(tmp_path / "case.logits", replace(kept, contested=None), scan, MODEL)


def test_a_model_of_a_thousand_classes_and_a_huge_region_are_bounded(scan, monkeypatch):
    many = kept_of((12, 14, 16), classes=4)
    wide = replace(
        many,
        logits=np.repeat(many.logits, 250, axis=0),
        values=tuple(range(1000)),
        contested=Contested(many.contested.places, many.contested.answers.astype(np.uint16) + 900),
    )
    packed = PackedLogits.of(wide, scan, MODEL)
    assert len(packed.content) <= module.LARGEST
    again = packed.unpack()
    assert (again.values, again.logits.shape) == (wide.values, wide.logits.shape)
    np.testing.assert_array_equal(again.contested.answers, wide.contested.answers)
    noise = np.random.default_rng(3).normal(size=wide.logits.shape).astype(np.float16)
    monkeypatch.setattr(module, "LARGEST", 1 << 20)
    with pytest.raises(LogitsTooLargeError, match=r"more than 1 MB, also with steps of 0\.4"):
        PackedLogits.of(replace(wide, logits=noise), scan, MODEL)
    for limit, value in (("MOST_BYTES", 1 << 10), ("LONGEST_LINE", 100)):
        with monkeypatch.context() as patch:
            patch.setattr(module, limit, value)
            with pytest.raises(LogitsTooLargeError):
                PackedLogits.of(many, scan, MODEL)
