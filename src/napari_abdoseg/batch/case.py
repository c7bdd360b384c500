"""A CT file and the files of its results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """A CT file and where its results go.

    Parameters
    ----------
    name : str
        As nnU-Net names it: ``case`` for ``case_0000.nii.gz``.
    image : Path
    output : Path
        Folder of the results.
    """

    name: str
    image: Path
    output: Path

    @property
    def labels(self) -> Path:
        """The label map."""
        return self.output / f"{self.name}.nii.gz"

    @property
    def disagreement(self) -> Path:
        """Where folds disagree."""
        return self.output / f"{self.name}_disagreement.nii.gz"

    @property
    def report(self) -> Path:
        """What is known of the result."""
        return self.output / f"{self.name}.json"
