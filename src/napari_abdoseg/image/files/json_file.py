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
    if not path.is_file():
        path.stat()
        raise ValueError("it is no file")
    if path.stat().st_size > LARGEST:
        raise ValueError("it is too large for what it should hold")
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(content, dict):
        raise ValueError("it is no JSON object")
    return content
