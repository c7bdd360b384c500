"""What a file of a model folder may hold, and a sentence where it holds something else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from napari_abdoseg.errors import ModelError
from napari_abdoseg.image.files.json_file import read_json

LONGEST_NAME, SHOWN = 200, 60
WORDS_OF_PYDANTIC = re.compile(r" or instance of \w+| after validation")
SEPARATORS = frozenset('/\\:*?"<>|')
"""What no name of a folder holds, here or on Windows."""


class Part(BaseModel):
    """A part of a file: plain values of the very types that are asked for, none of them NaN."""

    model_config = ConfigDict(
        strict=True, frozen=True, allow_inf_nan=False, arbitrary_types_allowed=False
    )


def _require_folder_name(name: str) -> str:
    if name.startswith(".") or not name.isprintable() or SEPARATORS.intersection(name):
        raise ValueError("is no name of a folder")
    return name


def _require_identifier(name: str) -> str:
    if not name.isidentifier():
        raise ValueError("is no name of a class or function")
    return name


def _require_dotted_name(name: str) -> str:
    if not all(part.isidentifier() for part in name.split(".")):
        raise ValueError("is no name of a class")
    return name


Text = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
FolderName = Annotated[Text, AfterValidator(_require_folder_name)]
Identifier = Annotated[Text, AfterValidator(_require_identifier)]
DottedName = Annotated[Text, AfterValidator(_require_dotted_name)]

Checked = TypeVar("Checked", bound=Part)


AGAIN = "copy the model folder again, or choose one that nnU-Net v2 trained"


def check(kind: type[Checked], content: Any, path: Path, advice: str = AGAIN) -> Checked:
    """The content of a file as what it must be.

    Parameters
    ----------
    kind : type of Part
    content : object
        As read from JSON.
    path : Path
        Of the file, for the sentence.
    advice : str, optional
        What to do, in the sentence.

    Raises
    ------
    ModelError
        It is something else; the first thing wrong is named.
    """
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        fault = max(error.errors(include_url=False), key=lambda each: _depth(each, content))
        raise ModelError(f"{path} {_fault(fault, content)}; {advice}.") from error


def read_checked(kind: type[Checked], path: Path, advice: str = AGAIN) -> Checked:
    """What a JSON file holds, as what it must be.

    Raises
    ------
    ModelError
        It can't be read, or holds something else; the first thing wrong is named.
    """
    try:
        content = read_json(path)
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} can't be read as JSON ({error}): {advice}.") from error
    return check(kind, content, path, advice)


def _fault(error: Any, content: Any) -> str:
    """The middle of a sentence that begins with the file."""
    place, said = _place(error["loc"], content), error["msg"]
    if error["type"] == "missing":
        return f"has no {'.'.join([*place, error['loc'][-1]])}"
    where = ".".join(place)
    if error["type"] == "extra_forbidden":
        return f"can't be used: {where} is unknown to nnU-Net"
    if error["type"] == "value_error":
        says = said.removeprefix("Value error, ")
        if isinstance(error["input"], str):
            return f"can't be used: {where}, {_shown(error['input'])}, {says}"
        return f"can't be used: {f'in {where}, ' if where else ''}{says}"
    says = re.sub(r"^\w+ ", f"{where or 'it'} ", WORDS_OF_PYDANTIC.sub("", said))
    return f"can't be used: {says}, and is {_shown(error['input'])}"


def _depth(error: Any, content: Any) -> int:
    """How exactly a fault is placed: that of a list's item goes before "is no number"."""
    return len(_place(error["loc"], content))


def _place(location: tuple[Any, ...], content: Any) -> list[str]:
    """Keys that lead to a value; those that tell kinds of values apart are left out."""
    keys = []
    for key in location:
        if (isinstance(content, dict) and key in content) or (
            isinstance(content, list) and isinstance(key, int) and key < len(content)
        ):
            content = content[key]
            keys.append(str(key)[:SHOWN])
    return keys


def _shown(value: Any) -> str:
    if isinstance(value, int) and abs(value) > 10**SHOWN:
        return "a number of very many digits"
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
