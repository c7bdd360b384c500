"""Records of cases as files: readable JSON, whole or not there, believed only as far as it fits."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import WorkListError
from napari_abdoseg.image.files.json_file import read_any_json
from napari_abdoseg.image.files.saving import make_folder, write_text
from napari_abdoseg.worklist.records.case_record import CaseRecord

FORMAT = 1


ENDING = ".json"


def read_record(path: Path) -> CaseRecord | None:
    """The record in a file, which has the name of its case; None where there is none.

    Raises
    ------
    WorkListError
        It can't be read, holds no record, or that of another case; it stays as it is.
    """
    try:
        record = record_of(read_any_json(path))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WorkListError(
            f"{path} can't be read ({error.strerror or error}): check its permissions."
        ) from error
    except ValueError as error:
        raise WorkListError(
            f"{path} is damaged, so nothing is known of its case: put back a copy of it, or move "
            "it elsewhere to begin the case anew."
        ) from error
    if record.case != path.name.removesuffix(ENDING):
        raise WorkListError(f"{path} is of the case {record.case!r}: rename or remove it.")
    return record


def write_record(path: Path, record: CaseRecord) -> None:
    """Write a record in place of the one before.

    Raises
    ------
    SaveError
        It can't be written; the one before is as it was.
    """
    make_folder(path.parent)
    write_text(path, json.dumps(as_json(record), indent=1, ensure_ascii=False) + "\n")


def as_json(record: CaseRecord) -> dict[str, Any]:
    """A record as JSON holds it."""
    return {"format": FORMAT, **asdict(record)}


def record_of(content: Any) -> CaseRecord:
    """The record that JSON holds.

    Raises
    ------
    ValueError
        It holds none.
    """
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError("it is no record of a case that this version can read")
    said = {key: value for key, value in content.items() if key != "format"}
    record: CaseRecord = schema(CaseRecord).validate_python(said)
    places = (verdict.place.position_mm for verdict in record.verdicts if verdict.place)
    pairs = chain(record.dsc.values(), record.nsd.values(), [(record.nsd_tolerance_mm,)])
    known = (number for number in chain.from_iterable(pairs) if number is not None)
    if not all(map(math.isfinite, (record.minutes, *chain.from_iterable(places), *known))):
        raise ValueError("it has numbers that are none")
    return record


@cache
def schema(kind: type) -> Any:
    """What JSON must hold to be one of a kind of frozen values."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
