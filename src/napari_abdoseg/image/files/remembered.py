"""Choices that are kept over the end of the program, in a file of the user's settings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_abdoseg.image.files.json_file import read_json
from napari_abdoseg.image.files.saving import make_folder, write_text


@dataclass(frozen=True)
class RememberedChoices:
    """Choices by what they were made for, the last ones alone.

    Parameters
    ----------
    file_name : str
        In the folder of the user's settings.
    most : int
        How many are kept.
    """

    file_name: str
    most: int

    @property
    def path(self) -> Path:
        """The file."""
        import platformdirs

        return platformdirs.user_config_path("napari-abdoseg", appauthor=False) / self.file_name

    def keep(self, key: str, choice: Any) -> None:
        """Keep a choice, which JSON can hold, in place of an earlier one.

        Raises
        ------
        SaveError
            It could not be written.
        """
        others = {other: each for other, each in self._read().items() if other != key}
        kept = dict([*others.items(), (key, choice)][-self.most :])
        make_folder(self.path.parent)
        write_text(self.path, json.dumps(kept, indent=1) + "\n")

    def of(self, key: str) -> Any:
        """What was chosen; None if nothing was, or the file can't be read."""
        return self._read().get(key)

    def _read(self) -> dict[str, Any]:
        try:
            return read_json(self.path)
        except (OSError, ValueError):
            return {}
