"""One fold of a configuration, as nnU-Net leaves it in a folder."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

FINAL = "checkpoint_final.pth"
EPOCH = re.compile(r"Epoch (\d+) ?$", re.MULTILINE)


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
        logs = [log.read_text(errors="replace") for log in self.folder.glob("training_log_*.txt")]
        begun = [int(number) for log in logs for number in EPOCH.findall(log)]
        return min(max(begun, default=0), epochs)
