"""Steps that are done, and need not be done again."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_abdoseg.image.files.saving import write_text


@dataclass(frozen=True)
class FinishedSteps:
    """Record of the steps that were finished in a folder, and with what.

    Parameters
    ----------
    path : Path
        JSON file of the record.
    """

    path: Path

    def hold(self, step: str, inputs: Any) -> bool:
        """Whether a step was finished with the same inputs."""
        return bool(self._read().get(step) == json.loads(json.dumps(inputs)))

    def add(self, step: str, inputs: Any) -> None:
        """Note that a step is finished."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_text(self.path, json.dumps(self._read() | {step: inputs}, indent=1) + "\n")

    def get(self, step: str) -> Any:
        """Inputs that a step was finished with, None if it was not."""
        return self._read().get(step)

    def _read(self) -> dict[str, Any]:
        try:
            return dict(json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError):
            return {}
