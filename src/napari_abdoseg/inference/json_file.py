"""JSON files from elsewhere, read so that none of them stops or fills this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from napari_abdoseg.errors import ModelError

MOST_BYTES = 16 * 2**20
"""More than nnU-Net writes for thousands of labels."""


def read_json(path: Path) -> Any:
    """Read a JSON file of a model folder.

    Raises
    ------
    ModelError
        It is not there, is no file, is too large, or is no JSON.
    """
    if not path.is_file():
        below = sorted(found.parent for found in path.parent.glob(f"*/{path.name}"))
        hint = f", such as {below[0]}" if below else ""
        raise ModelError(
            f"{path.parent} is no nnU-Net model folder: it has no {path.name}. Choose the folder "
            f"that holds dataset.json, plans.json and fold_0{hint}."
        )
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it is larger than {MOST_BYTES // 2**20} MB")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except RecursionError as error:
        raise _unreadable(path, "it is nested too deeply") from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, str(error)) from error


def _unreadable(path: Path, reason: str) -> ModelError:
    return ModelError(f"{path} can't be read as JSON ({reason}): copy the model folder again.")
