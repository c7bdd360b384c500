"""JSON with one thing wrong, all through a file."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from typing import Any

Path = tuple[Any, ...]

WRONG: dict[str, Any] = {
    "null": None,
    "list": [],
    "dict": {},
    "list of lists": [[1], [2]],
    "dict of a dict": {"0": {"1": 2}},
    "text": "some text",
    "path": "../../etc",
    "code": "torch.nn.functional.torch.os.getcwd",
    "negative": -1,
    "zero": 0,
    "fraction": 1.5,
    "hundred thousand": 10**5,
    "huge": 10**30,
    "huge exponent": 1e300,
    "NaN": math.nan,
    "infinity": math.inf,
    "true": True,
}


def malformed(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each value of a JSON file replaced by each of `WRONG`, taken out, or its list cut.

    Of long lists and dicts the first three values are.

    Yields
    ------
    name : str
        What is wrong.
    text : str
        The file.
    """
    for place in _places(content):
        where = "/".join(map(str, place))
        for name, wrong in WRONG.items():
            yield f"{where} is {name}", json.dumps(_changed(content, place, wrong))
        yield f"{where} is missing", json.dumps(_without(content, place))


def broken(text: str) -> Iterator[tuple[str, bytes]]:
    """A JSON file that can't be read as one, or is something else."""
    depth = 100_000
    yield "empty", b""
    yield "cut", text[: len(text) // 2].encode()
    yield "list", b"[1, 2]"
    yield "text", b'"plans"'
    yield "number", b"3"
    yield "null", b"null"
    yield "not UTF-8", b"\xff\xfe\xff" + text.encode("utf-16-le")
    yield "deep", b'{"a":' * depth + b"1" + b"}" * depth
    yield "deep list", b'{"labels":' + b"[" * depth + b"]" * depth + b"}"
    yield "5000 digits", b'{"labels": {"background": 0, "liver": ' + b"9" * 5000 + b"}}"
    yield "beyond 1e308", b'{"labels": {"background": 0, "liver": 1e999}}'


def _places(content: Any, place: Path = ()) -> Iterator[Path]:
    if place:
        yield place
    if isinstance(content, dict):
        for key in list(content)[:40]:
            yield from _places(content[key], (*place, key))
    if isinstance(content, list):
        for number in range(min(len(content), 2)):
            yield from _places(content[number], (*place, number))


def _changed(content: dict[str, Any], place: Path, wrong: Any) -> dict[str, Any]:
    changed = copy.deepcopy(content)
    _holder(changed, place)[place[-1]] = wrong
    return changed


def _without(content: dict[str, Any], place: Path) -> dict[str, Any]:
    changed = copy.deepcopy(content)
    del _holder(changed, place)[place[-1]]
    return changed


def _holder(content: Any, place: Path) -> Any:
    for key in place[:-1]:
        content = content[key]
    return content
