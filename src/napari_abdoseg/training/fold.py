"""One fold of a configuration, as nnU-Net leaves it in a folder."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from napari_abdoseg.training.watching.fold_folder import read_fold

FINAL = "checkpoint_final.pth"


@dataclass(frozen=True)
class Fold:
    """A fold of a configuration.

    Parameters
    ----------
    configuration : str
    number : int
    folder : Path
        Where nnU-Net writes it.
    """

    configuration: str
    number: int
    folder: Path

    @property
    def finished(self) -> bool:
        """Whether it is trained and its validation cases are predicted and scored."""
        try:
            json.loads((self.folder / "validation" / "summary.json").read_text())
        except (OSError, ValueError):
            return False
        return (self.folder / FINAL).exists()

    def epochs_done(self, epochs: int) -> int:
        """Epochs that are trained, of so many."""
        if (self.folder / FINAL).exists():
            return epochs
        with suppress(OSError):
            return min(len(read_fold(self.folder).epochs), epochs)
        return 0
