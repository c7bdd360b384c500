"""Files of JSON that anybody may have written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

LARGEST = 1 << 28
"""Bytes; a data set that lists a million files has fewer."""


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    OSError
        It can't be read.
    ValueError
        It is no file, such as a pipe, or holds no JSON object.
    """
    content = read_any_json(path)
    if not isinstance(content, dict):
        raise ValueError("it is no JSON object")
    return content


def read_any_json(path: Path) -> Any:
    """Read what a file holds, whether an object or not.

    Raises
    ------
    OSError
        It can't be read.
    ValueError
        It is no file, such as a pipe, or no JSON.
    """
    if not path.is_file():
        path.stat()
        raise ValueError("it is no file")
    if path.stat().st_size > LARGEST:
        raise ValueError("it is too large for what it should hold")
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
