"""Files of JSON as anybody may have written them."""

from __future__ import annotations

import os

import pytest

from napari_abdoseg.errors import ImageError
from napari_abdoseg.image.files import json_file
from napari_abdoseg.image.files.compression import is_gzip
from napari_abdoseg.image.files.json_file import read_json


def test_an_object_is_read_also_behind_a_byte_order_mark(tmp_path):
    (tmp_path / "a.json").write_text('{"é": [1]}', encoding="utf-8-sig")
    assert read_json(tmp_path / "a.json") == {"é": [1]}


@pytest.mark.parametrize("text", [b"[" * 200_000, b"[1]", b"null", b"{", b"", b"\xff", b"9" * 5000])
def test_what_holds_no_object_is_a_value_error(text, tmp_path):
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(ValueError, match=r"."):
        read_json(tmp_path / "a.json")


def test_what_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(json_file, "LARGEST", 10)
    (tmp_path / "a.json").write_text('{"a": "123456"}')
    with pytest.raises(ValueError, match="too large"):
        read_json(tmp_path / "a.json")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "a")
    with pytest.raises(ValueError, match="no file"):
        read_json(tmp_path / "a")
    with pytest.raises(ImageError, match="pipe"):
        is_gzip(tmp_path / "a")
    with pytest.raises(FileNotFoundError):
        read_json(tmp_path / "b")
